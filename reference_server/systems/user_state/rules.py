"""User-state's decisions, without I/O: what a ban does, and what a tier grants."""

from dataclasses import replace
from typing import Final

from ...accounts.account import Account, Tier

FEATURES: Final = {"reports": Tier.BASIC, "insights": Tier.PREMIUM}
"""The lowest tier that includes a feature."""


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
