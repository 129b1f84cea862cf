"""What undoes what a case did to a user: a table, and what of it applies."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from eventproof.catalog import System
from eventproof.checks.closing import DISCONNECT
from eventproof.history import Kind, Record
from eventproof.target import Target

from .person import Person

__all__ = ["UNDOING", "done_to", "ends_session", "left_behind", "may_doubt", "may_last", "undoing"]


@dataclass(frozen=True, slots=True)
class Undoing:
    """The admin's call that undoes another; `parameters` beside the user's id, None where they are not known."""

    operation: str
    parameters: Callable[[Person, Target], Mapping[str, Any] | None]


def _nothing(_person: Person, _target: Target) -> Mapping[str, Any]:
    return {}


def _their_tier(person: Person, target: Target) -> Mapping[str, Any] | None:
    tier = person.tier or (target.tiers[0].name if target.tiers else None)
    return None if tier is None else {"tier": tier}


def _active(_person: Person, _target: Target) -> Mapping[str, Any]:
    return {"status": "active"}


UNDOING: Mapping[str, Undoing] = {
    "banUser": Undoing("unbanUser", _nothing),
    "updateUserTier": Undoing("updateUserTier", _their_tier),
    "setSubscriptionStatus": Undoing("setSubscriptionStatus", _active),
    "cancelSubscription": Undoing("setSubscriptionStatus", _active),
}
"""What was called, and what undoes it. What is not here leaves nothing behind that the next case would stumble over."""

_ENDS_SESSION = frozenset({"banUser"})
_LOGOUT = "logout"
_LASTS = frozenset({"failNextEvent"})
"""What waits for its user until it is used up, and cannot be taken back."""


def done_to(person: Person, records: Iterable[Record]) -> frozenset[str]:
    """The operations that the records tell were tried on this person, by whomever; also by themselves on themselves."""
    return frozenset(record.name for record in records if record.kind is Kind.CALLED and _object(record, person))


def _object(record: Record, person: Person) -> bool:
    parameters = record.payload if isinstance(record.payload, dict) else {}
    return bool(parameters["userId"] == person.id if "userId" in parameters else record.actor == person.name)


def undoing(person: Person, target: Target, done: frozenset[str] | None = None) -> list[tuple[str, dict[str, Any]]]:
    """The calls, with their parameters, that undo what was done to this person.

    Where `done` is None, anything may have been: whatever can be done on this target is undone.
    """
    calls: dict[str, dict[str, Any]] = {}
    for operation, back in UNDOING.items():
        was_done = operation in target.operations if done is None else operation in done
        parameters = back.parameters(person, target)
        if was_done and parameters is not None:
            calls[back.operation] = {"userId": person.id, **parameters}
    return list(calls.items())


def may_last(target: Target) -> bool:
    """Whether something of a user to whom anything may have been done may stay with them for ever."""
    return not _LASTS.isdisjoint(target.operations)


def ends_session(records: Iterable[Record], person: Person) -> bool:
    """Whether the records tell of something that ended the person's session."""
    known = tuple(records)
    left = any(
        record.kind is Kind.CALLED and record.name == _LOGOUT and record.actor == person.name for record in known
    )
    return left or not _ENDS_SESSION.isdisjoint(done_to(person, known))


def may_doubt(records: Iterable[Record], person: Person) -> bool:
    """Whether the person's session may have ended although nothing that was done should have ended it."""
    return any(record.actor == person.name and _speaks_against(record) for record in records)


def _speaks_against(record: Record) -> bool:
    payload = record.payload if isinstance(record.payload, dict) else {}
    match record.kind:
        case Kind.ANSWERED:
            return payload.get("status") in (401, 403)
        case Kind.CLOSED:
            return payload.get("by") == "peer"
        case Kind.NOTE:
            return record.name == DISCONNECT
        case _:
            return record.kind is Kind.REFUSED


def left_behind(records: Iterable[Record], systems: Iterable[System]) -> Counter[str]:
    """How many calls of each operation changed something for good: accepted, and nothing here undoes them."""
    undone = {*UNDOING, *(back.operation for back in UNDOING.values()), _LOGOUT}
    lasting = {
        operation.id
        for system in systems
        for operation in system.operations
        if operation.method.upper() != "GET" and operation.role != "anyone" and operation.id not in undone
    }
    return Counter(record.name for record in records if record.name in lasting and _was_accepted(record))


def _was_accepted(record: Record) -> bool:
    payload = record.payload if isinstance(record.payload, dict) else {}
    return record.kind is Kind.ANSWERED and 200 <= payload.get("status", 0) < 300
