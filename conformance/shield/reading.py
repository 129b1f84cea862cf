"""What events and answers say: which claim an event is about, and what stands in one of its fields.

A field that a case needs and an event lacks is a ContractViolation; where an answer has something is the profile's
business, so there it is NotTestable.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from eventproof.actions import at
from eventproof.conform.cases import Answer, ContractViolation, Line, NotTestable, Received

__all__ = ["about", "answered", "answered_count", "answered_day", "data", "day", "fresh", "moment", "money", "said"]


class _WithId(Protocol):
    """A claim, as far as an event names it."""

    @property
    def id(self) -> str:
        """As the target writes it."""


_OF_THE_CONNECTION = frozenset({"connected", "ping"})
_FINEST = Decimal("0.000001")
"""A sum of dollars that is made in binary floating point is off by less."""
_DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt].+)?", re.ASCII)
_LEAP_SECOND = re.compile(r"(?<=:\d\d:)60")


def data(received: Received) -> dict[str, Any]:
    """The `data` of an event's envelope; empty where it has none."""
    found = at(received.payload, "/data")
    return found if isinstance(found, dict) else {}


def about(claim: _WithId) -> Callable[[Received], bool]:
    """Whether an event names this claim."""
    return lambda received: str(data(received).get("claimId")) == claim.id


def said(received: Received, pointer: str) -> Any:
    """What stands at this place (a JSON pointer) in the data of an event."""
    found = at(data(received), pointer)
    if found is None:
        raise ContractViolation(
            f"`{received.name}` says nothing at {pointer} of its data",
            expected="a value",
            observed=str(received.payload)[:300],
        )
    return found


def fresh(line: Line, since: float) -> list[Received]:
    """What came since then (on the history's clock) for the first time.

    That is without what an earlier case left unacknowledged, and without heartbeats.
    """
    before = [(event.name, data(event)) for event in line.received if event.at < since]
    later: list[Received] = []
    for event in line.received:
        what = (event.name, data(event))
        if event.at >= since and event.name not in _OF_THE_CONNECTION and what not in before:
            before.append(what)
            later.append(event)
    return later


def answered(answer: Answer, name: str) -> Any:
    """What an answer says by this name of `answers` in the profile."""
    try:
        found = answer.says(name)
    except ContractViolation as missing:
        raise NotTestable(str(missing)) from missing
    if found is None:
        raise NotTestable(f"the profile does not say where {answer.operation} gives the {name}: answers.{name}")
    return found


def answered_count(answer: Answer, name: str) -> int:
    """As `answered`, where that is a count."""
    found = answered(answer, name)
    if not str(found).isdigit():
        raise NotTestable(f"{answer.operation} gives {found!r}, which is no count: see answers.{name}")
    return int(found)


def answered_day(answer: Answer, name: str) -> date:
    """As `answered`, where that is a date, or a time on it."""
    found = answered(answer, name)
    try:
        return day(found)
    except ContractViolation:
        raise NotTestable(
            f"{answer.operation} gives {found!r}, which is no ISO 8601 date: see answers.{name}"
        ) from None


def money(value: Any) -> Decimal:
    """An amount in dollars, to be compared with others."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ContractViolation(f"{value!r} is no amount", expected="a JSON number, in dollars", observed=repr(value))
    return Decimal(str(value)).quantize(_FINEST)


def moment(value: Any) -> datetime:
    """A time with its zone, as events write it: RFC 3339 has leap seconds, and `t` and `z` in lower case too."""
    try:
        text, leaps = _LEAP_SECOND.subn("59", value.upper())
        found = datetime.fromisoformat(text) + timedelta(seconds=leaps)
    except (AttributeError, TypeError, ValueError, OverflowError):
        found = datetime.min  # what cannot be read has no zone either
    if found.tzinfo is None:
        raise ContractViolation(f"{value!r} is no time", expected="ISO 8601 with a zone", observed=repr(value))
    return found


def day(value: Any) -> date:
    """The date of a date or of a time, as it is written."""
    try:
        written = _DAY.fullmatch(value)
        return date.fromisoformat(written[1] if written else "")
    except (TypeError, ValueError):
        raise ContractViolation(f"{value!r} is no date", expected="ISO 8601", observed=repr(value)) from None
