"""Plans, and what users have of them: values, and the rules that need no database."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from ...refusals import contracts

LIFE: Final = contracts().system("plan-sync").states["userPlan"]
_ETAG: Final = re.compile(r'(?:W/)?"[^"]*"')


@dataclass(frozen=True, slots=True)
class Plan:
    """An investment plan: its ROI in percent, its duration in days, the amounts in dollars."""

    id: str
    name: str
    roi: float
    duration: int
    min_amount: float
    max_amount: float
    version: int = 1
    """How often it was written."""

    @property
    def etag(self) -> str:
        """The version, as HTTP names it."""
        return f'"{self.version}"'


class Standing(StrEnum):
    """Whether a user plan follows its plan."""

    ACTIVE = "ACTIVE"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class UserPlan:
    """What a user has of a plan."""

    id: str
    user_id: str
    plan_id: str | None
    """None where the plan has been deleted."""
    amount: float
    roi: float
    duration: int
    status: Standing


def made(plan_id: str, fields: Mapping[str, Any]) -> Plan:
    """The plan that these fields of a call describe."""
    return Plan(plan_id, **{_FIELDS[name]: value for name, value in fields.items()})


def changed(plan: Plan, fields: Mapping[str, Any]) -> Plan:
    """The plan with these fields of a call, in its next version."""
    return replace(plan, version=plan.version + 1, **{_FIELDS[name]: value for name, value in fields.items()})


def is_crossed(plan: Plan) -> bool:
    """Whether nobody could invest in it: the least amount is above the most."""
    return plan.min_amount > plan.max_amount


def takes(plan: Plan, amount: float) -> bool:
    """Whether so much can be invested in it."""
    return plan.min_amount <= amount <= plan.max_amount


def matches(plan: Plan, if_match: str | None) -> bool:
    """Whether `If-Match` lets the plan be written (RFC 9110, 13.1.1: `*`, or a list in which a strong tag is equal)."""
    return if_match in (None, "*") or plan.etag in _ETAG.findall(if_match or "")


_FIELDS: Final = {
    "name": "name",
    "roi": "roi",
    "duration": "duration",
    "minAmount": "min_amount",
    "maxAmount": "max_amount",
}
"""The fields of a plan, by the names that calls and answers have for them."""
OF_A_CALL: Final = frozenset(_FIELDS)


def shown(plan: Plan) -> dict[str, Any]:
    """A plan, as calls and events show it."""
    return {"id": plan.id, **{name: getattr(plan, field) for name, field in _FIELDS.items()}}


def owned(user_plan: UserPlan) -> dict[str, Any]:
    """A user plan, as its user sees it."""
    return {
        "id": user_plan.id,
        "planId": user_plan.plan_id,
        "amount": user_plan.amount,
        "roi": user_plan.roi,
        "duration": user_plan.duration,
        "status": user_plan.status.value,
    }
