"""What watchers of plan-sync are told in a scenario of any system: that a plan changed. All are told of all changes.

Where the target claims `resume`, whoever lost the stream is told what they missed when they are back, once they have
heard of anything: then they have an event to come back to.
"""

from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Final

from eventproof import layout
from eventproof.load.actor import Actor
from eventproof.load.generator import Generator
from eventproof.target import Identity

from .edited_plan import EditedPlan
from .editing import Editing
from .watcher import Habit, Watcher

if TYPE_CHECKING:
    from loadtests.any_system.traffic import Traffic
else:
    Traffic = layout.loadtests("any_system.traffic").Traffic

__all__ = ["TRAFFIC", "Follower", "PlanTraffic"]

_PLANS: Final = 5
"""So many plans are edited, in turn: edits of one plan wait for each other."""


class Follower(Watcher):
    """Who comes back to a lost stream with `Last-Event-ID`."""

    def __init__(self, generator: Generator, identity: Identity) -> None:
        super().__init__(generator, identity, Habit.RESUME, None)

    def open(self) -> None:
        """Open the stream; when it is lost is for the scenario to say."""
        Actor.open(self)


class PlanTraffic(Traffic):
    """An admin edits plans."""

    is_of_one = False

    def __init__(self, generator: Generator) -> None:
        super().__init__(generator)
        self._editing = Editing(generator)
        self._plans: deque[EditedPlan] = deque()

    def member(self, identity: Identity, devices: int) -> Follower:  # noqa: ARG002 - everybody has one stream
        """With one stream."""
        return Follower(self.generator, identity)

    def begin(self) -> None:
        """Make the plans; they are deleted at the end."""
        for _ in range(_PLANS):
            self._plans.append(self._editing.made(monotonic()))

    def aim(self) -> EditedPlan:
        """The next plan in turn."""
        self._plans.rotate()
        return self._plans[0]

    def tell(self, aim: EditedPlan, intended: float) -> None:
        """Edit it."""
        self._editing.edit(aim, intended)


TRAFFIC: Final = PlanTraffic
