"""A message: one event for one room, as the transaction that causes it gives it."""

from dataclasses import dataclass
from typing import Any

from .rooms import user_in


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be told once the transaction is committed."""

    name: str
    payload: Any
    """The event's argument, whole: with its envelope, where its contract has one."""
    room: str
    """Whom it is for."""
    order_key: str | None = None
    """What it is about: events of one key keep the order in which they were committed, and so do all of one user's."""
    kept: bool = True
    """Whether it is sent once more to a user who comes back and may have missed it, where its system replays."""
    ends_before: int | None = None
    """Where it ends sessions: those of its user that were issued before this epoch. They hear it, then they close."""
    also: tuple[str, ...] = ()
    """Further rooms that it is for; who is in several hears it once. Such a message is never kept."""

    @property
    def user_id(self) -> str | None:
        """The user whom alone it is for; None where it is for others."""
        return None if self.also else user_in(self.room)
