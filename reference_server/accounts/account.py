"""Accounts and their sessions, without I/O: who somebody is on every system, and whether a session still stands."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

USER: Final = "user"
"""The role of an account that acts for itself; every other one but an admin's may do what the contracts say."""
ADMIN: Final = "admin"


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


@dataclass(frozen=True, slots=True)
class Account:
    """A user as the store has it.

    `epoch` counts the bans: a session belongs to the epoch it was issued in and dies with it.
    """

    id: str
    email: str
    role: str
    """`user`, `admin`, or another one that the contracts name (`x-role`)."""
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
