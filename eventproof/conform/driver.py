"""What only a system's own cases know of it, and those of every system need: see `conformance/drivers.py`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from eventproof.catalog import System
from eventproof.errors import EventproofError
from eventproof.history import History
from eventproof.target import Target

from .calls import Answer
from .people import People
from .person import Person

__all__ = ["Driver", "DriverOf", "Fire"]


class Fire(Protocol):
    """Performs one operation of a rehearsal, by whoever calls it on this target, and writes down how that went."""

    async def __call__(
        self, operation: str, /, *, may_refuse: bool = False, hint: str = "", **parameters: Any
    ) -> Answer | None:
        """The answer; None where it was no success, or where the target has no such operation.

        With `may_refuse` a refusal is well; `hint` goes into the sentence of a failure.
        """

    def left_out(self, operation: str, why: EventproofError) -> None:
        """Write down that an operation could not be performed at all."""


class Driver(Protocol):
    """What the cases that every system shares need of one system. It is made once for a run."""

    @property
    def actors(self) -> int:
        """How many users its traffic needs."""

    async def canary(self, *people: Person) -> None:
        """Cause an event for each of these people, and await it on each of their connections to the system's channels.

        What was sent to one of them before has arrived by then, so what has not arrived was not sent. Raises
        Inconclusive where it does not arrive.
        """

    async def traffic(self, actors: Sequence[Person]) -> None:
        """Cause events for these users, and for all others who hear of it. Raises Inconclusive."""

    async def parameters(self, user: Person) -> Mapping[str, Any]:
        """A value for every parameter of the system's operations: ids of what this user has, and well-formed input."""

    async def rehearse(self, user: Person, fire: Fire) -> None:
        """Fire every operation but what begins a session, in an order in which all can be accepted."""

    def missing(self) -> Iterable[str]:
        """What the profile lacks for its cases, beside calls, in words; with the ids of their requirements."""


DriverOf = Callable[[System, People, Target, History], Driver]
"""Makes a driver for a run: of a system, with who takes part, the target, and the history that all is entered in."""
