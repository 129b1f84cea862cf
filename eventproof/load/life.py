"""The life of something in a swarm, as a table: from each state the steps that may be taken, and where each leads.

A step has its time in advance, counted from the intended beginning, whatever happens meanwhile.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from eventproof.catalog import States

if TYPE_CHECKING:
    from .generator import Generator

__all__ = ["Life", "LifeStep", "Table", "table_of"]


@dataclass(frozen=True, slots=True)
class LifeStep:
    """One step: the call that makes it, the state that it leads to, and its place in the order of the steps."""

    operation: str
    state: str
    number: int
    given: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What the call is made with, where that decides where it leads."""


Table = Mapping[str, Sequence[LifeStep]]
"""What may be done next in each state; what is not listed is an end."""


def table_of(states: States) -> Table:
    """The life that a contract gives a thing: all steps that lead from one state to another one.

    The place of a step is behind all that may come before it, each state once.
    """
    changes = [(call, before, after) for call, before, after in states.steps if before != after]
    places = dict.fromkeys(states.made.values(), 0)
    for _ in states.states:  # no way is longer
        for _, before, after in changes:
            if before in places and after not in states.made.values():
                places[after] = max(places.get(after, 0), places[before] + 1)
    made = [
        LifeStep(states.operation(call), state, 0, states.given.get(call, {})) for call, state in states.made.items()
    ]
    table = {"": made}
    for call, before, after in changes:
        step = LifeStep(states.operation(call), after, places[before] + 1, states.given.get(call, {}))
        table.setdefault(before, []).append(step)
    return table


class Life(ABC):
    """One life, from the state that is the empty text; its steps are `pace` seconds apart, counted from `intended`."""

    table: ClassVar[Table]

    def __init__(self, generator: "Generator", intended: float, pace: float) -> None:
        self.generator = generator
        self.state = ""
        self._intended = intended
        self._pace = pace

    @classmethod
    def number_of(cls, state: str) -> int:
        """The place of the step that leads to this state; -1 where none does."""
        steps = (step for there in cls.table.values() for step in there)
        return next((step.number for step in steps if step.state == state), -1)

    def live(self) -> bool:
        """Live until an end; whether it was come to before the run ended, and no step failed."""
        books = self.generator.books
        books.count("actions")
        books.record("send_lag", monotonic() - self._intended)
        while steps := self.table.get(self.state):
            step = steps[0] if len(steps) == 1 else self.choose(steps)
            intended = self._intended + step.number * self._pace
            if step.number and self.generator.stopping.wait(max(intended - monotonic(), 0)):
                books.count("unfinished")
                return False
            if not self.take(step, intended):
                return False
        return True

    @abstractmethod
    def choose(self, steps: Sequence[LifeStep]) -> LifeStep:
        """Which of several steps is taken."""

    @abstractmethod
    def take(self, step: LifeStep, intended: float) -> bool:
        """Take a step, and set the state that it led to; whether the life goes on from where it then stands."""
