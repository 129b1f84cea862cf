"""Who is connected: every open connection of every user, whatever its transport.

A connection is enrolled before the store is asked whether its session is still good. So a ban either sees it here or is
seen by that question; there is no moment between.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from enum import Enum, auto
from typing import Final, Protocol

from ..accounts.account import Session
from ..refusals import Refusal
from .emission import Emission
from .reader import Reader


class Link(Protocol):
    """What a transport offers to delivery. Neither call waits, and their order is the order on the wire."""

    @property
    def transport(self) -> str:
        """`websocket`, `polling` or `sse`."""

    def send(self, emission: Emission) -> None:
        """Send one event; a reader who is too slow to take it is cut off."""

    def close(self, reason: str) -> None:
        """Close from our side, behind all that was sent."""


class Stage(Enum):
    """How far a connection has come."""

    ENROLLED = auto()
    OPEN = auto()
    DOOMED = auto()
    GONE = auto()


_MOVES: Final[dict[Stage, frozenset[Stage]]] = {
    Stage.ENROLLED: frozenset({Stage.OPEN, Stage.DOOMED, Stage.GONE}),
    Stage.OPEN: frozenset({Stage.GONE}),
    Stage.DOOMED: frozenset({Stage.GONE}),
    Stage.GONE: frozenset(),
}


class Connection:
    """One connection of one session."""

    __slots__ = ("channel", "doom", "expiry", "link", "session", "stage")

    def __init__(self, session: Session, channel: str, link: Link) -> None:
        self.session = session
        self.channel = channel
        self.link = link
        self.stage = Stage.ENROLLED
        self.doom = ""
        """The code that will refuse it, once DOOMED."""
        self.expiry: asyncio.TimerHandle | None = None
        """Ends it when its session expires, once OPEN."""

    def move(self, stage: Stage) -> None:
        """Go on to a stage that the table allows."""
        if stage not in _MOVES[self.stage]:
            raise RuntimeError(f"a connection cannot go from {self.stage.name} to {stage.name}")
        self.stage = stage


class Connections:
    """All connections by user. Finding those of one user costs no more than their number.

    `on_left` is told, when one that was open has gone, how many remain.
    """

    def __init__(self, on_left: Callable[[int], None] = lambda _: None) -> None:
        self._on_left = on_left
        self._by_user: dict[str, dict[Connection, None]] = {}
        self._count = 0
        self._admins: dict[Connection, None] = {}
        self._readers: dict[Connection, Reader] = {}

    def enrol(self, session: Session, channel: str, link: Link) -> Connection:
        """Take a connection in before its session is checked."""
        connection = Connection(session, channel, link)
        self._by_user.setdefault(session.user_id, {})[connection] = None
        self._count += 1
        return connection

    def open(self, connection: Connection, *, admin: bool = False, reads: bool = False) -> None:
        """Let events reach it. Raises Refusal where its session ended since it was enrolled.

        It hears what every administrator is told, where it is an `admin`'s; what it is told waits, where it `reads`,
        until it has been welcomed.
        """
        if connection.stage is Stage.DOOMED:
            raise Refusal(connection.doom)
        connection.move(Stage.OPEN)
        if admin:
            self._admins[connection] = None
        if reads:
            self._readers[connection] = Reader()

    def doom(self, connection: Connection, code: str) -> None:
        """Its session has ended while it was being opened: it will be refused."""
        if connection.stage is Stage.ENROLLED:
            connection.move(Stage.DOOMED)
            connection.doom = code

    def forget(self, connection: Connection) -> None:
        """It is gone. Does nothing the second time."""
        if connection.stage is Stage.GONE:
            return
        was_open = connection.stage is Stage.OPEN
        connection.move(Stage.GONE)
        if connection.expiry is not None:
            connection.expiry.cancel()
        user_id = connection.session.user_id
        mine = self._by_user[user_id]
        del mine[connection]
        self._count -= 1
        self._admins.pop(connection, None)
        self._readers.pop(connection, None)
        if not mine:
            del self._by_user[user_id]
        if was_open:
            self._on_left(self._count)

    def of_user(self, user_id: str) -> list[Connection]:
        """Every connection of this user, in the order they came, those being opened included."""
        return list(self._by_user.get(user_id, ()))

    @property
    def admins(self) -> list[Connection]:
        """Every open connection of an administrator."""
        return list(self._admins)

    def is_admin(self, connection: Connection) -> bool:
        """Whether it is an administrator's."""
        return connection in self._admins

    def reader(self, connection: Connection) -> Reader | None:
        """How far it has come in the journal, where it reads it."""
        return self._readers.get(connection)

    @property
    def readers(self) -> int:
        """How many read the journal."""
        return len(self._readers)

    def __iter__(self) -> Iterator[Connection]:
        for mine in list(self._by_user.values()):
            yield from list(mine)

    def __len__(self) -> int:
        return self._count

    @property
    def users(self) -> int:
        """How many users have a connection: the size of the index."""
        return len(self._by_user)

    def places(self) -> Counter[tuple[str, str]]:
        """How many there are, by transport and channel."""
        return Counter((connection.link.transport, connection.channel) for connection in self)


def opened(connections: Iterable[Connection]) -> list[Connection]:
    """Those that events reach."""
    return [connection for connection in connections if connection.stage is Stage.OPEN]
