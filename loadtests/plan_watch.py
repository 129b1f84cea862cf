"""Everybody watches the plans while admins edit them: how soon the first, the half and the last of them know.

A share of the watchers reads nothing, a share loses its stream and comes back, with `Last-Event-ID` or without, and a
share has no stream and polls.

locust -f loadtests/plan_watch.py --target eventproof.toml
eventproof swarm plan_watch --users 1000 --spawn-rate 200 --run-time 1m --option update-rate=4
"""

from collections import deque
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any

from eventproof import layout
from eventproof.errors import UsageError
from eventproof.load import plugin
from eventproof.load.acknowledging import chosen
from eventproof.load.generator import Generator
from eventproof.load.users import Act, ActingUser, ConnectedUser
from eventproof.target import Identity

if TYPE_CHECKING:
    from loadtests.plan_sync.edited_plan import EditedPlan
    from loadtests.plan_sync.editing import Editing
    from loadtests.plan_sync.watcher import Habit, Watcher
else:
    EditedPlan = layout.loadtests("plan_sync.edited_plan").EditedPlan
    Editing = layout.loadtests("plan_sync.editing").Editing
    Habit = layout.loadtests("plan_sync.watcher").Habit
    Watcher = layout.loadtests("plan_sync.watcher").Watcher

plugin.system("plan-sync", patience=10.0)
plugin.latency("to_first", "from the intended time of a change to the first who was told of it")
plugin.latency("to_median", "from the intended time of a change until half of all were told")
plugin.latency("to_last", "from the intended time of a change to the last who was told of it")
plugin.latency("poll", "from a poll to its answer")
plugin.count("conflicts", "edits of a version that was not the last any more, and was refused", of="actions")
plugin.count("polls", "polls of those without a stream", of="polls")
plugin.count("stale", "polls that showed what had been changed before", of="polls")
plugin.objectives(
    "to_last: p(99) < 2s",
    "lost == 0",
    "leaked == 0",
    "out_of_order == 0",
    "unexplained == 0",
    "invalid == 0",
    "stale == 0, optional",
    "dropped == 0",
    "failed == 0",
)

plugin.option("--update-rate", above=0, type=float, default=4.0, help="Edits a second, of all admins together.")
plugin.option("--create-rate", least=0, type=float, default=0.2, help="New plans a second, which are deleted soon.")
plugin.option("--plans", least=1, most=1000, type=int, default=5, help="How many plans each admin edits.")
plugin.option("--conflict-share", least=0, most=1, type=float, default=0.1, help="The share of edits that collide.")
plugin.option("--slow-share", least=0, most=1, type=float, default=0.02, help="The share of watchers who read nothing.")
plugin.option("--resume-share", least=0, most=1, type=float, default=0.1, help="The share who resume a lost stream.")
plugin.option("--return-share", least=0, most=1, type=float, default=0.1, help="The share who begin it anew.")
plugin.option("--poll-share", least=0, most=1, type=float, default=0.05, help="The share who poll.")
plugin.option("--poll-every", above=0, type=float, default=5.0, help="Seconds between two polls of one of them.")
plugin.option("--lost-every", above=0, type=float, default=15.0, help="Seconds until a stream is lost, on average.")


def _habits(options: Any) -> Sequence[tuple[Habit, float]]:
    """Each with its share. Raises UsageError where they are more than all."""
    shares = (
        (Habit.SLOW, options.slow_share),
        (Habit.RESUME, options.resume_share),
        (Habit.RETURN, options.return_share),
        (Habit.POLL, options.poll_share),
    )
    if sum(share for _, share in shares) > 1:
        raise UsageError("slow-share, resume-share, return-share and poll-share are more than 1 together")
    return shares


plugin.check(_habits)


class Subscriber(ConnectedUser):
    """Somebody who looks at the plans."""

    def actor(self, generator: Generator, identity: Identity) -> Watcher:
        """A watcher; of any many in a row, each habit has its share."""
        options = self.environment.parsed_options
        habit = chosen(generator.entered, _habits(options), Habit.STREAM)
        return Watcher(generator, identity, habit, options)


class Editor(ActingUser):
    """An admin, with some plans of their own."""

    def enter(self) -> None:
        """Create the plans that are edited; they are deleted at the end."""
        self.editing, self._plans = Editing(self.generator), deque[EditedPlan]()
        for _ in range(self.environment.parsed_options.plans):
            self._plans.append(self.editing.made(monotonic()))

    def rates(self) -> Mapping[Act, float]:
        """Edits and new plans a second."""
        options = self.environment.parsed_options
        rates: dict[Act, float] = {self.edit: options.update_rate / self.fixed_count}
        if options.create_rate:
            rates[self.come_and_go] = options.create_rate / self.fixed_count
        return rates

    def aim(self) -> EditedPlan:
        """The next plan in turn."""
        self._plans.rotate()
        return self._plans[0]

    def edit(self, plan: EditedPlan, intended: float) -> None:
        """Give a plan another ROI; now and then two admins do so with the same version."""
        share, claims = self.environment.parsed_options.conflict_share, self.generator.target.capabilities
        if self.generator.random.random() < share and "conditional-writes" in claims:
            self.editing.collide(plan, intended)
        else:
            self.editing.edit(plan, intended)

    def come_and_go(self, _: EditedPlan, intended: float) -> None:
        """A new plan, which is deleted soon."""
        self.editing.come_and_go(intended)
