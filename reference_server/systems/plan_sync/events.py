"""The events of plan-sync. The name of each is the `type` in its argument."""

from typing import Any

from ...delivery.message import Message
from .channel import room_of
from .plans import Plan, shown


def created(plan: Plan, admin: str, at: int) -> Message:
    """There is a new plan; `at` is in milliseconds since 1970."""
    return _told("CREATE", plan, admin, at, planData=shown(plan))


def updated(plan: Plan, admin: str, at: int) -> Message:
    """A plan has changed."""
    return _told("UPDATE", plan, admin, at, planData=shown(plan))


def deleted(plan: Plan, admin: str, at: int) -> Message:
    """A plan is gone."""
    return _told("DELETE", plan, admin, at)


def _told(name: str, plan: Plan, admin: str, at: int, **data: Any) -> Message:
    payload = {"type": name, "planId": plan.id, **data, "timestamp": at, "adminEmail": admin}
    return Message(name, payload, room_of(plan.id), order_key=plan.id)
