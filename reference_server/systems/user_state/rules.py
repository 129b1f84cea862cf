"""User-state's decisions, without I/O: who may come in, what a tier grants, what users are told."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final


class Role(StrEnum):
    """What an account may do: act for itself, or on others."""

    USER = "user"
    ADMIN = "admin"


class Tier(StrEnum):
    """A plan; the order of the members is the order of the plans."""

    FREE = "free"
    BASIC = "basic"
    PREMIUM = "premium"

    @property
    def shown(self) -> str:
        """The name that users see."""
        return self.value.capitalize()

    def covers(self, other: "Tier") -> bool:
        """Whether this plan includes all that the other one does."""
        order = list(Tier)
        return order.index(self) >= order.index(other)


FEATURES: Final = {"reports": Tier.BASIC, "insights": Tier.PREMIUM}
"""The lowest tier that includes a feature."""

BANNED: Final = "Your account has been banned by an administrator."
UNBANNED: Final = "Your account has been restored. You can log in again."


@dataclass(frozen=True, slots=True)
class Account:
    """A user as the store has it.

    `epoch` counts the bans: a session belongs to the epoch it was issued in and dies with it.
    """

    id: str
    email: str
    role: Role
    tier: Tier
    banned: bool
    epoch: int


@dataclass(frozen=True, slots=True)
class Change:
    """What an action made of an account."""

    before: Account
    after: Account

    @property
    def changed(self) -> bool:
        """Whether it made anything else of it."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Session:
    """What a session token says: whose it is, and which of their sessions."""

    user_id: str
    token_id: str
    epoch: int
    expires_at: float


def standing(session: Session, account: Account | None, ended: bool) -> str | None:
    """The code that refuses the session, or None where it is good; `ended` tells that it was logged out."""
    if account is None:
        return "token_invalid"
    if account.banned:
        return "account_banned"
    if ended or session.epoch != account.epoch:
        return "token_revoked"
    return None


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
