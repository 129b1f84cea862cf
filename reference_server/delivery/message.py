"""A message: one event for one user, or for every administrator, as the transaction that causes it gives it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be told once the transaction is committed."""

    name: str
    payload: Any
    """The event's argument, whole: with its envelope, where its contract has one."""
    user_id: str | None
    """Whose event it is; None: every administrator's."""
    order_key: str | None = None
    """What it is about: events of one key keep the order in which they were committed, and so do all of one user's."""
    kept: bool = True
    """Whether it is sent once more to a user who comes back and may have missed it."""
