"""Delivery accounts beside each other: what was lost, leaked or came twice more often than before.

What no contract allows is worse from the first time on. Of the rest it takes more than chance has it: what happens now
and then is as likely on both sides until an exact test says that it is not.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from eventproof.chance import exceeds
from eventproof.report.digest import ACCOUNT
from eventproof.report.records import Delivery

from .comparison import Change, Count, CountLine, Finding, Side

__all__ = ["counts"]

_FORBIDDEN: Final = frozenset({"leaked", "invalid"})
"""What no contract allows."""
_UNWANTED: Final = frozenset({"lost", "late", "out_of_order", "duplicate", *_FORBIDDEN})
"""What there should be little of."""
_LOSSES: Final = frozenset({"lost", "late"})
"""What a busy generator, or a larger load, may have made."""
_ALWAYS: Final = frozenset({"expected", "delivered", "lost", "leaked"})
_CHANCE: Final = 0.01
"""That a count seems to have grown, and has not."""


def counts(sides: Sequence[Side], doubts: Sequence[str]) -> tuple[CountLine, ...]:
    """Every count of every event that is not zero everywhere, in the order of the accounts; losses and leaks always.

    A duplicate that a retry or a new connection explains is none here. `doubts` say of each side that is compared why
    what it lost may be the load's or the generator's doing; empty where it is not.
    """
    events = list(dict.fromkeys(one.event for side in sides for run in side.runs for one in run.delivery))
    lines = (_line(event, column, sides, doubts) for event in events for column in ACCOUNT if column != "explained")
    return tuple(line for line in lines if line.column in _ALWAYS or any(count.number for count in line.of_sides))


def _line(event: str, column: str, sides: Sequence[Side], doubts: Sequence[str]) -> CountLine:
    counted = tuple(_count(event, column, side) for side in sides)
    found = (_became(column, counted[0], other) for other in counted[1:])
    changes = tuple(_doubted(column, finding, why) for finding, why in zip(found, doubts, strict=True))
    return CountLine(event, column, counted, changes)


def _doubted(column: str, finding: Finding, why: str) -> Finding:
    is_doubtful = why and column in _LOSSES and finding.change is not Change.SAME
    return Finding(Change.UNKNOWN, why) if is_doubtful else finding


def _count(event: str, column: str, side: Side) -> Count:
    accounts = [_unexplained(one) for run in side.runs for one in run.delivery if one.event == event]
    return Count(sum(getattr(one, column) for one in accounts), sum(one.expected for one in accounts))


def _unexplained(account: Delivery) -> Delivery:
    return replace(account, duplicate=max(account.duplicate - account.explained, 0))


def _became(column: str, before: Count, after: Count) -> Finding:
    if column not in _UNWANTED:
        return Finding(Change.SAME)
    if column in _FORBIDDEN and after.number and not before.number:
        return Finding(Change.WORSE, "no run may have any")
    if exceeds(before.number, before.of, after.number, after.of, _CHANCE):
        return Finding(Change.WORSE)
    if exceeds(after.number, after.of, before.number, before.of, _CHANCE):
        return Finding(Change.BETTER)
    return Finding(Change.SAME)
