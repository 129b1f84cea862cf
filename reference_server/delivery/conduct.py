# ruff: noqa: ARG002 - a fault looks at what the right answer need not
"""Conduct: the points at which the server asks how to behave, and the right answers.

This is the seam for misbehaviour (`faults/`): a fault is a subclass that answers one of these questions otherwise.
Nothing else in the server knows that faults exist.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from eventproof.catalog import Event as ContractEvent

from ..accounts.account import Account, Change, Session, Tier
from ..limits import Limits
from ..reasons import Reason
from ..refusals import Refusal
from .connections import Connection, Connections
from .entry import Entry
from .message import Message
from .owed import Debt

Event = tuple[str, dict[str, Any]]
Thing = TypeVar("Thing")
Handshake = Mapping[str, Any]
"""What a client of Socket.IO says while it connects: `auth`, `query` as written, the `headers` that begin with `x-`."""


class Conduct:
    """The questions, by what they are about."""

    unverified: frozenset[str] = frozenset()
    """What of a token is not looked at: its `signature`, its `nbf`, its `exp`."""

    def limits(self, limits: Limits) -> Limits:
        """How much of anything one client may use, and how long it may take."""
        return limits

    # Who comes in.

    def standing(self, channel: str, code: str | None, session: Session, account: Account | None) -> str | None:
        """The code that refuses a session on this channel (or `rest`), given the one that the rules found."""
        return code

    def guards(self, operation: str) -> bool:
        """Whether a call asks for the standing of its caller's session."""
        return True

    def login(self, code: str | None, account: Account) -> str | None:
        """The code that refuses a login whose password was right."""
        return code

    def role(self, operation: str, code: str | None) -> str | None:
        """The code that refuses a call to one whose role may not make it."""
        return code

    async def opening(self, connection: Connection) -> None:
        """The session has been found good, and its connection is not open yet."""

    def connected(self, connection: Connection, handshake: Handshake) -> None:
        """A connection to a namespace was accepted, whose client said this on the way."""

    def origin(self, origin: str, allowed: bool) -> bool:
        """Whether pages of this origin may use the server."""
        return allowed

    def shared(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """The headers by which a browser lets a page of another origin read an answer."""
        return headers

    # What is kept of a connection.

    def condemn(self, connections: Connections, connection: Connection, reason: Reason) -> None:
        """A ban finds a connection that may still be being opened."""
        connections.condemn(connection, reason)

    def forget(self, connections: Connections, connection: Connection) -> None:
        """A connection has gone."""
        connections.forget(connection)

    # What is told of a transaction, and to whom.

    def outgoing(self, message: Message) -> Iterable[Message]:
        """What is committed and sent for a message."""
        return (message,)

    def owed(self, message: Message, owed: bool) -> bool:
        """Whether its user must acknowledge it."""
        return owed

    def pushed(self, entry: Entry, offline: bool) -> bool:
        """Whether it goes to the push outbox at once: it may, and its user is not connected."""
        return offline

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        """The connections that it goes to."""
        return right

    def greeting(self, connection: Connection, greeting: Sequence[Event]) -> Sequence[Event]:
        """What a new connection hears first."""
        return greeting

    def replays(self, connection: Connection, missed: Sequence[Entry]) -> Sequence[Entry]:
        """What is sent to one who comes back, in this order."""
        return missed

    def retries(self, again: Sequence[Debt], ended: Sequence[Debt]) -> tuple[Sequence[Debt], Sequence[Debt]]:
        """What is sent again now, and what is given up: it goes to the push outbox."""
        return again, ended

    def retried(self, entry: Entry) -> Entry:
        """What is sent when it is sent again."""
        return entry

    def recalled(self, owed: Sequence[Entry]) -> Sequence[Entry]:
        """What is still owed of what the server left when it ended."""
        return owed

    # What clients say.

    passes_reserved_bits: bool = False
    """Whether the reserved bits of a frame are passed over."""

    def read(self, message: str | bytes) -> str | bytes:
        """A message of Socket.IO as it is read."""
        return message

    def broken(self, connections: Connections) -> None:
        """A client has broken the protocol of Socket.IO."""

    async def heard(self, connection: Connection, name: str) -> None:
        """An event came that fits its contract."""

    def obeys(self, connection: Connection, name: str, payload: Any) -> bool:
        """Whether what an event asks for is done."""
        return True

    def fits(self, event: ContractEvent, payload: Any) -> bool:
        """Whether what a client says fits the event's contract."""
        return event.is_valid(payload)

    def joins(self, connection: Connection, room: str, code: str | None) -> str | None:
        """The code that refuses a client a room that it asks for, given the one that the rules found."""
        return code

    def acknowledged(
        self, code: str | None, connection: Connection, event: ContractEvent, payload: Mapping[str, Any]
    ) -> str | None:
        """The code that refuses an acknowledgement of this event; None where it is taken."""
        return code

    def counts(self, connection: Connection, event: ContractEvent) -> bool:
        """Whether an acknowledgement that is taken ends the retries."""
        return True

    def in_time(self, connection: Connection, in_time: bool) -> bool:
        """Whether a client may send another event already."""
        return in_time

    def complaint(
        self, connection: Connection, code: str, sentence: str, original: str | None
    ) -> tuple[str, str, str | None] | None:
        """What a client is told of an event that was not taken: a code, a sentence, the event's name; None: nothing."""
        return code, sentence, original

    def refuses_message(self, connection: Connection, binary: bool) -> bool:
        """Whether a message of a client that nothing listens to ends its connection: the binary ones do."""
        return binary

    # How a stream is written.

    def stream_headers(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """The headers of a stream."""
        return headers

    def beginning(self, block: bytes) -> bytes:
        """What a stream begins with."""
        return block

    def block(self, name: str, block: bytes) -> bytes:
        """One event of a stream."""
        return block

    # Heartbeats, and the end of a session.

    def heartbeat(self, connections: Connections, connection: Connection) -> bool:
        """Whether the channel's heartbeat goes with one of the transport."""
        return True

    def channel_refusal(self, channel: str, refusal: Refusal) -> Refusal:
        """How a connection is refused."""
        return refusal

    def expired(self, tell: Callable[[], None], close: Callable[[], None]) -> None:
        """A session ends while it is connected: the client hears why, then the connection closes."""
        tell()
        close()

    # What an admin's action does.

    def missing(self, user_id: str) -> Account:
        """The user that an admin acts on does not exist."""
        raise Refusal("user_not_found")

    def ban(self, account: Account, banned: Account, online: bool) -> Account:
        """What a ban makes of an account, whose user is connected or not."""
        return banned

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

    def owns(self, operation: str, owns: bool) -> bool:
        """Whether what a call acts on belongs to its caller."""
        return owns

    def signed(self, code: str | None) -> str | None:
        """The code that refuses what another server sends, by its signature."""
        return code

    def conflict(self, late: bool) -> bool:
        """Whether a change is refused, since what it changes is no more as it was when it was edited."""
        return late

    def acted_upon(self, operation: str, thing: Thing) -> Thing:
        """What a call finds of what it is to change."""
        return thing

    # Whose things are whose, and what is whose for how long.

    def concerns(self, operation: str, concerned: bool) -> bool:
        """Whether a call about somebody's things is that of somebody whom they concern."""
        return concerned

    def holds(self, seat: str) -> bool:
        """Whether a booking holds its seat."""
        return True

    def frees(self, seat: str) -> bool:
        """Whether a booking that is no more leaves its seat."""
        return True

    # How a call is answered.

    def fits_call(self, operation: str, fits: bool, body: Any) -> bool:
        """Whether the body of a call is taken, given whether it fits its schema."""
        return fits

    def answer(
        self, operation: str, account: Account | None, body: Mapping[str, Any] | None
    ) -> Mapping[str, Any] | None:
        """What a call that was accepted gives to this caller."""
        return body

    def refusal(self, refusal: Refusal) -> Refusal:
        """What the caller is told."""
        return refusal
