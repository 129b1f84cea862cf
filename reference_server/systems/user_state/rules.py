"""User-state's decisions, without I/O: what a ban does, what a tier grants, what users are told."""

from dataclasses import replace
from typing import Any, Final

from ...accounts.account import Account, Tier

FEATURES: Final = {"reports": Tier.BASIC, "insights": Tier.PREMIUM}
"""The lowest tier that includes a feature."""

BANNED: Final = "Your account has been banned by an administrator."
UNBANNED: Final = "Your account has been restored. You can log in again."


def ban(account: Account) -> Account:
    """The account, banned: a new epoch ends every session of the old one. A second ban changes nothing."""
    return account if account.banned else replace(account, banned=True, epoch=account.epoch + 1)


def unban(account: Account) -> Account:
    """The account, no longer banned; the epoch stays, so what the ban ended stays ended."""
    return replace(account, banned=False)


def with_tier(account: Account, tier: Tier) -> Account:
    """The account with another tier."""
    return replace(account, tier=tier)


def grants(tier: Tier, feature: str) -> str | None:
    """The code that refuses the feature, or None where the tier includes it."""
    if feature not in FEATURES:
        return "feature_not_found"
    return None if tier.covers(FEATURES[feature]) else "tier_too_low"


def banned(account: Account) -> dict[str, Any]:
    """The argument of `user.banned`."""
    return {"message": BANNED, "userId": account.id}


def unbanned(account: Account) -> dict[str, Any]:
    """The argument of `user.unbanned`."""
    return {"message": UNBANNED, "userId": account.id}


def tier_updated(account: Account) -> dict[str, Any]:
    """The argument of `user.tier.updated`."""
    return {
        "message": f"Your plan has been updated to {account.tier.shown}.",
        "userId": account.id,
        "tier": account.tier.value,
    }
