"""The restriction: after a payout a subscription cannot be cancelled for 90 days."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from .member import Member

DAYS: Final = 90


def restrict(member: Member, now: datetime) -> Member:
    """The member, who receives a payout: the 90 days begin anew."""
    return replace(member, last_payout_at=now, restricted_until=now + timedelta(days=DAYS))


def lift(member: Member) -> Member:
    """The member, whose 90 days have passed."""
    return replace(member, restricted_until=None)
