# ruff: noqa: ARG002 - a fault looks at what the right answer need not
"""Conduct: the points at which the server asks how to behave, and the right answers.

This is the seam for misbehaviour (`faults.py`): a fault is a subclass that answers one of these questions otherwise.
Nothing else in the server knows that faults exist.
"""

from collections.abc import Callable, Iterable
from typing import Any

from .accounts.account import Account, Change, Session, Tier
from .delivery.connections import Connection, Connections
from .refusals import Refusal
from .systems.user_state import rules

Event = tuple[str, dict[str, Any]]


class Conduct:
    """The questions, by what they are about."""

    verifies_signatures = True

    # Who comes in.

    def standing(self, door: str, code: str | None, session: Session, account: Account | None) -> str | None:
        """The code that refuses a session at this door (`rest`, or a channel), given the one that the rules found."""
        return code

    def login(self, code: str | None, account: Account) -> str | None:
        """The code that refuses a login whose password was right."""
        return code

    def admin(self, code: str | None) -> str | None:
        """The code that refuses an admin's call."""
        return code

    async def opening(self, connection: Connection) -> None:
        """The session has been found good, and its connection is not open yet."""

    # What is kept of a connection.

    def doom(self, connections: Connections, connection: Connection, code: str) -> None:
        """A ban finds a connection that is being opened."""
        connections.doom(connection, code)

    def forget(self, connections: Connections, connection: Connection) -> None:
        """A connection has gone."""
        connections.forget(connection)

    # What is told, and to whom.

    def messages(self, name: str, payload: dict[str, Any]) -> Iterable[Event]:
        """What is sent for an event."""
        return ((name, payload),)

    def audience(self, name: str, mine: list[Connection], everyone: Connections) -> list[Connection]:
        """The connections that an event goes to."""
        return mine

    def told(self, name: str, close: Callable[[], None]) -> None:
        """An event was sent; `close` would end the connections of its user."""

    # What an admin's action does.

    def missing(self, user_id: str) -> Account:
        """The user that an admin acts on does not exist."""
        raise Refusal("user_not_found")

    def ban(self, account: Account, online: bool) -> Account:
        """What a ban makes of an account, whose user is connected or not."""
        return rules.ban(account)

    def news(self, change: Change) -> bool:
        """Whether an action is worth telling."""
        return change.changed

    def closes(self, leaving: list[Connection]) -> list[Connection]:
        """Those of a banned user's connections that are closed."""
        return leaving

    def evict(self, tell: Callable[[], None], close: Callable[[], None]) -> None:
        """The user hears why, then the connections close."""
        tell()
        close()

    def tier_changed(self, change: Change) -> None:
        """A user has another tier."""

    def tier(self, account: Account) -> Tier:
        """The tier that decides what the account may use."""
        return account.tier

    # How a call is refused.

    def refusal(self, refusal: Refusal) -> Refusal:
        """What the caller is told."""
        return refusal
