"""The events of user-state: what a user is told of their own account."""

from typing import Any, Final

from ...accounts.account import Account
from ...delivery.message import Message
from ...delivery.rooms import of_user

BANNED: Final = "Your account has been banned by an administrator."
UNBANNED: Final = "Your account has been restored. You can log in again."


def banned(account: Account) -> Message:
    """You are logged out everywhere, and this is why; it ends every session of before the ban."""
    return _told(account, "user.banned", BANNED, ends_before=account.epoch)


def unbanned(account: Account) -> Message:
    """You may log in again."""
    return _told(account, "user.unbanned", UNBANNED)


def tier_updated(account: Account) -> Message:
    """You have another plan."""
    sentence = f"Your plan has been updated to {account.tier.shown}."
    return _told(account, "user.tier.updated", sentence, {"tier": account.tier.value})


def _told(
    account: Account, name: str, sentence: str, more: dict[str, Any] | None = None, ends_before: int | None = None
) -> Message:
    payload = {"message": sentence, "userId": account.id, **(more or {})}
    return Message(name, payload, of_user(account.id), ends_before=ends_before)
