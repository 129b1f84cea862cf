"""What the cases of one run share, as far as one of them needs it."""

from collections.abc import Coroutine, Mapping
from typing import Any, Protocol, TypeVar

from eventproof.catalog import Operation, System
from eventproof.checks import Known, Story
from eventproof.history import History
from eventproof.target import Target

from .disturbances import Disturbances
from .driver import Driver
from .people import People
from .person import Person
from .undoing import Undo

__all__ = ["SharedByCases"]

_Given = TypeVar("_Given")


class SharedByCases(Protocol):
    """The `CheckRun`."""

    target: Target
    systems: tuple[System, ...]
    history: History
    known: Known
    people: People
    operations: Mapping[str, Operation]
    undo: Undo
    disturbances: Disturbances
    drivers: dict[str, Driver]
    unrestored: dict[Person, list[tuple[str, dict[str, Any]]]]
    occurrences: dict[str, dict[str, object]]
    seed: int
    hostile: bool
    payloads: int

    @property
    def story(self) -> Story:
        """The whole run so far."""

    @property
    def rooms(self) -> dict[str, frozenset[str]]:
        """The rooms of everybody whose id is known."""

    def perform(self, acting: Coroutine[Any, Any, _Given], waits: float = 0.0, *, whole: bool = False) -> _Given:
        """Run to the end on the loop of the run."""
