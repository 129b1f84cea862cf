"""What members of a system are told while a scenario of any system runs: each system has one kind of traffic.

It lies in the folder of the system, in `traffic.py`, as `TRAFFIC`. Whoever adds one adds a file; a system without one
has that of any contract.
"""

from abc import ABC, abstractmethod
from itertools import count
from time import monotonic
from typing import Any, ClassVar

from eventproof import catalog, layout
from eventproof.catalog import ADMIN
from eventproof.load.actor import Actor
from eventproof.load.call_effects import CallEffects
from eventproof.load.calls import CallAnswer
from eventproof.load.contracts import contracts
from eventproof.load.generator import Generator
from eventproof.load.judgement import Match
from eventproof.load.scenario import Scenario
from eventproof.target import Identity

__all__ = ["Traffic", "kind_of", "traffic_of"]


class Traffic(ABC):
    """That of one process. A latency `told` is recorded of every event that an action causes, at each session."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self.numbers = count(1)
        generator.books.listeners.append(self._hears)

    acting: ClassVar[str] = ADMIN
    """The role of whoever makes what is told, beside the members."""
    is_of_one = True
    """Whether an action is aimed at one member; otherwise all are told of it."""

    @classmethod
    def choose(cls, scenario: Scenario, options: Any) -> None:
        """Say of a scenario what it is about. Raises UsageError where nothing can be told."""
        contracts().system(options.system)
        scenario.system, scenario.acting = options.system, cls.acting

    @property
    def has_somebody(self) -> bool:
        """Whether there is anybody whom an action can be about."""
        return not self.is_of_one or bool(self.generator.ready)

    @abstractmethod
    def member(self, identity: Identity, devices: int) -> Actor:
        """Somebody who is told; is appended to `generator.ready` as soon as there is something to tell them."""

    def begin(self) -> None:  # noqa: B027 - most need nothing
        """Make what is needed before anybody can be told; waits for it. Raises EventproofError."""

    def aim(self) -> Any:
        """What the next action is aimed at: a member in turn, there or away; None where it is left out."""
        return self.generator.pick()

    @abstractmethod
    def tell(self, aim: Any, intended: float) -> None:
        """Cause something that is told, and enter what is due; waits for the answer."""

    def begins(self, intended: float) -> None:
        """An action is begun now that was intended for then."""
        self.generator.books.count("actions")
        self.generator.books.record("send_lag", monotonic() - intended)

    def caused(self, effects: CallEffects, answer: CallAnswer, *, at: float, called: float) -> bool:
        """Enter what a call causes whose answer has come; whether it was done."""
        if self.done(effects.name, answer):
            # A timer may fire a little early, and no cause comes after its call.
            effects.expect(at=min(at, called), called=called)
        elif not 400 <= answer.status < 500:
            effects.permit()
        return answer.done

    def done(self, what: str, answer: CallAnswer) -> bool:
        """Whether a call was done; of one that was not, it is counted and told."""
        if not answer.done:
            self.generator.books.count("failed")
            self.generator.books.incident(what, f"the call was answered with {answer}")
        return answer.done

    def _hears(self, _event: str, match: Match) -> None:
        if match.latency is not None:
            self.generator.books.record("told", match.latency)


def kind_of(system: str) -> type[Traffic]:
    """The traffic of a system, by its name."""
    folder = system.replace("-", "_")
    has_its_own = system in catalog.load().systems and (layout.LOADTESTS / folder / "traffic.py").exists()
    kind: type[Traffic] = layout.loadtests(f"{folder if has_its_own else 'any_contract'}.traffic").TRAFFIC
    return kind


def traffic_of(generator: Generator) -> Traffic:
    """The one of this process and run."""
    return generator.one(kind_of(generator.system.name))
