"""Plans of a swarm as its admins make, edit and delete them, and what of that is expected at whoever watches."""

from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Final

from eventproof import actions
from eventproof.errors import ContractViolation, TargetUnavailable
from eventproof.load.call_effects import CallEffects
from eventproof.load.calls import CallAnswer
from eventproof.load.generator import Generator
from eventproof.load.greenlets import sleep, together

from .board import board_of
from .edited_plan import EditedPlan

__all__ = ["Editing"]

_FIELDS: Final = {"duration": 90, "minAmount": 100, "maxAmount": 10_000}
_PLAN_LEFT: Final = ("plan of ours is still there", "plans of ours are still there")
_SOON: Final = 1.0
"""Seconds from a new plan to its deletion."""


class Editing:
    """What the admins of one process do."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self.board = board_of(generator)

    def edit(self, plan: EditedPlan, intended: float) -> None:
        """Give a plan another ROI, after whoever edits it now; waits until it is told."""
        self._alone(plan, partial(self._edit, plan, intended))

    def collide(self, plan: EditedPlan, intended: float) -> None:
        """Two edits of one version: one is made and told, the other is refused."""
        self._alone(plan, partial(self._collide, plan, intended))

    def come_and_go(self, intended: float) -> None:
        """A new plan, which is deleted soon."""
        self._has_sent(intended)
        plan = self.made(intended)
        self.generator.books.count("actions")
        self.generator.stopping.wait(_SOON)
        effects = self.board.change("deletePlan", plan.id, monotonic())
        if self._is_done("deletePlan", plan, self._delete(plan)):
            self.board.spread(effects)
        else:
            self.board.withdraw(effects)

    def made(self, intended: float) -> EditedPlan:
        """A new plan; it is deleted at the end. Raises TargetUnavailable or ContractViolation where there is none."""
        called = monotonic()
        self.board.begins_creating()
        try:
            plan = self._created(self._create())
            self.board.plans[str(plan.id)] = plan
            self.board.made("createPlan", plan.id, intended, called)
            return plan
        finally:
            self.board.ends_creating()

    def _alone(self, plan: EditedPlan, edit: Callable[[], CallEffects | None]) -> None:
        """The order of the answers is that of the edits: the next one waits."""
        while plan.is_busy:
            sleep(0.001)
        plan.is_busy = True
        try:
            made = edit()
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
