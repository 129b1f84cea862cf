"""What falls due as a member's time passes: billing dates, anniversaries, the end of a restriction."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from . import restriction
from .member import Member, turn_period


class Kind(Enum):
    """What can fall due; at one time, in this order."""

    RENEWAL = auto()
    """A billing period was paid for."""
    RESET = auto()
    """The anniversary: the year's coverage began anew."""
    RELEASE = auto()
    """The restriction after a payout ended."""


@dataclass(frozen=True, slots=True)
class Due:
    """One thing that fell due: when, and the member after it."""

    kind: Kind
    at: datetime
    member: Member


def due(member: Member, until: datetime) -> tuple[Member, list[Due]]:
    """The member at this time, and what fell due on the way, in its order.

    A subscription that is not active is not renewed: its billing dates pass, its coverage still begins anew each year.
    """
    fallen: list[Due] = []
    while (at := _next(member)) <= until:
        if at == member.renews_at:
            fallen += renewal(member, at)
            member = turn_period(member)
        else:
            member = restriction.lift(member)
            fallen.append(Due(Kind.RELEASE, at, member))
    return member, fallen


def is_due(member: Member, now: datetime) -> bool:
    """Whether anything has fallen due by now."""
    return _next(member) <= now


def _next(member: Member) -> datetime:
    return min(member.renews_at, member.restricted_until or member.renews_at)


def renewal(member: Member, at: datetime) -> list[Due]:
    """What it brings when the next billing date of the member is met."""
    after = turn_period(member)
    kinds = [Kind.RENEWAL] if member.is_active else []
    if after.covered_until != member.covered_until:
        kinds.append(Kind.RESET)
    return [Due(kind, at, after) for kind in kinds]
