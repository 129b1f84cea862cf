"""The sentences that the specification of user-state gives word for word, and the names of its events."""

from typing import Final

from eventproof.target import Tier

BANNED: Final = "user.banned"
UNBANNED: Final = "user.unbanned"
TIER_UPDATED: Final = "user.tier.updated"

YOU_ARE_BANNED: Final = "Your account has been banned by an administrator."


def your_plan_is(tier: Tier) -> str:
    """What a user is told of a new tier."""
    return f"Your plan has been updated to {tier.shown}."
