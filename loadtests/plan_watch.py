"""Everybody watches the plans while admins edit them: how soon the first, the half and the last of them know.

A share of the watchers reads nothing, a share loses its stream and comes back, with `Last-Event-ID` or without, and a
share has no stream and polls.

locust -f loadtests/plan_watch.py --target eventproof.toml
eventproof swarm plan_watch --users 1000 --spawn-rate 200 --run-time 1m --option update-rate=4
"""

from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from eventproof import actions, layout
from eventproof.errors import ContractViolation, TargetUnavailable, UsageError
from eventproof.load import plugin
from eventproof.load.acknowledging import chosen
from eventproof.load.call_effects import CallEffects
from eventproof.load.calls import CallAnswer
from eventproof.load.generator import Generator
from eventproof.load.greenlets import sleep, together
from eventproof.load.users import Act, ActingUser, ConnectedUser
from eventproof.target import Identity

if TYPE_CHECKING:
    from loadtests.plan_sync.board import board_of
    from loadtests.plan_sync.edited_plan import EditedPlan
    from loadtests.plan_sync.watcher import Habit, Watcher
else:
    board_of = layout.loadtests("plan_sync.board").board_of
    EditedPlan = layout.loadtests("plan_sync.edited_plan").EditedPlan
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

_FIELDS: Final = {"duration": 90, "minAmount": 100, "maxAmount": 10_000}
_PLAN_LEFT: Final = ("plan of ours is still there", "plans of ours are still there")
_SOON: Final = 1.0
"""Seconds from a new plan to its deletion."""


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
        self.board, self._plans = board_of(self.generator), deque[EditedPlan]()
        for _ in range(self.environment.parsed_options.plans):
            self._plans.append(self._made(monotonic()))

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
        while plan.is_busy:
            sleep(0.001)
        plan.is_busy = True
        try:
            share, claims = self.environment.parsed_options.conflict_share, self.generator.target.capabilities
            if self.generator.random.random() < share and "conditional-writes" in claims:
                made = self._collide(plan, intended)
            else:
                made = self._edit(plan, intended)
        finally:
            plan.is_busy = False
        if made is not None:
            self.board.spread(made)

    def _edit(self, plan: EditedPlan, intended: float) -> CallEffects | None:
        roi = self._another(plan)
        effects = self.board.change("updatePlan", plan.id, intended)
        self._has_sent(intended)
        answer = self.generator.calls.perform("updatePlan", {"planId": plan.id, "roi": roi}, self._token())
        if not self._is_done("updatePlan", plan, answer):
            self.board.withdraw(effects)
            return None
        plan.rois.append((roi, monotonic()))
        return effects

    def _collide(self, plan: EditedPlan, intended: float) -> CallEffects | None:
        """Two edits of one version: one is made and told, the other is refused."""
        calls, operation = self.generator.calls, self.generator.target.operations["getPlan"]
        read = calls.perform("getPlan", {"planId": plan.id}, self._token())
        if not self._is_done("getPlan", plan, read):
            return None
        version = actions.read(operation, "version", read.body, read.headers)
        rois = (self._another(plan), self._another(plan) + 1)
        effects = self.board.change("updatePlan", plan.id, intended)
        self._has_sent(intended)
        edits = ({"planId": plan.id, "roi": roi, "ifMatch": version} for roi in rois)
        answers = together([partial(calls.perform, "updatePlan", edit, self._token()) for edit in edits])
        made = [roi for roi, answer in zip(rois, answers, strict=True) if answer.done]
        refused = [answer for answer in answers if answer.status in (409, 412)]
        if (len(made), len(refused)) != (1, 1):
            self.board.withdraw(effects)
            told = " and ".join(map(str, answers))
            raise ContractViolation(f"two edits of one version of {plan} were answered with {told}")
        self.generator.books.count("actions")
        self.generator.books.count("conflicts")
        plan.rois.append((made[0], monotonic()))
        return effects

    def come_and_go(self, _: EditedPlan, intended: float) -> None:
        """A new plan, which is deleted soon."""
        self._has_sent(intended)
        plan = self._made(intended)
        self.generator.books.count("actions")
        self.generator.stopping.wait(_SOON)
        effects = self.board.change("deletePlan", plan.id, monotonic())
        if self._is_done("deletePlan", plan, self._delete(plan)):
            self.board.spread(effects)
        else:
            self.board.withdraw(effects)

    def _made(self, intended: float) -> EditedPlan:
        """A new plan."""
        called = monotonic()
        self.board.begins_creating()
        try:
            plan = self._created(self._create())
            self.board.plans[str(plan.id)] = plan
            self.board.made("createPlan", plan.id, intended, called)
            return plan
        finally:
            self.board.ends_creating()

    def _create(self) -> CallAnswer:
        fields = {"name": f"Plan {self.generator.random.getrandbits(48):x} of a swarm", "roi": 1, **_FIELDS}
        answer = self.generator.calls.perform("createPlan", fields, self._token())
        if answer.status == 0:
            raise TargetUnavailable(str(answer))
        if not answer.done:
            raise ContractViolation(f"createPlan was answered with {answer}")
        return answer

    def _created(self, answer: CallAnswer) -> EditedPlan:
        found = actions.read(self.generator.target.operations["createPlan"], "planId", answer.body, answer.headers)
        if not isinstance(found, str | int):
            raise ContractViolation(f"createPlan names a plan by {found!r}", expected="a text or a number as its id")
        plan = EditedPlan(found, 1)
        self.generator.books.changes.enter(_PLAN_LEFT, plan.id, partial(self._delete, plan))
        return plan

    def _delete(self, plan: EditedPlan) -> CallAnswer:
        answer = self.generator.calls.perform("deletePlan", {"planId": plan.id}, self._token())
        if answer.done:
            plan.gone = monotonic()
            self.generator.books.changes.clear(_PLAN_LEFT, plan.id)
        return answer

    def _another(self, plan: EditedPlan) -> float:
        return plan.rois[-1][0] % 500 + 1

    def _token(self) -> str | None:
        return self.generator.admin_token()

    def _has_sent(self, intended: float) -> None:
        self.generator.books.record("send_lag", monotonic() - intended)

    def _is_done(self, operation: str, plan: EditedPlan, answer: CallAnswer) -> bool:
        self.generator.books.count("actions")
        if not answer.done:
            self.generator.books.count("failed")
            self.generator.books.incident(str(plan), f"{operation} was answered with {answer}")
        return answer.done
