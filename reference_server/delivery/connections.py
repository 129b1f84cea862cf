"""Who is connected: every open connection, whatever its transport, and the rooms that it is in.

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
from .rooms import ADMINS, around, of_user


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

    __slots__ = ("channel", "doom", "expiry", "link", "rooms", "session", "stage")

    def __init__(self, session: Session, channel: str, link: Link) -> None:
        self.session = session
        self.channel = channel
        self.link = link
        self.stage = Stage.ENROLLED
        self.rooms: tuple[str, ...] = (of_user(session.user_id),)
        """Those it hears; only its user's, until it is open."""
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
    """All connections by room. Finding those in one room costs no more than their number.

    `on_left` is told, when one that was open has gone, how many remain.
    """

    def __init__(self, on_left: Callable[[int], None] = lambda _: None) -> None:
        self._on_left = on_left
        self._by_room: dict[str, dict[Connection, None]] = {}
        self._all: dict[Connection, None] = {}
        self._readers: dict[Connection, Reader] = {}

    def enrol(self, session: Session, channel: str, link: Link) -> Connection:
        """Take a connection in before its session is checked."""
        connection = Connection(session, channel, link)
        self._all[connection] = None
        self._join(connection)
        return connection

    def open(self, connection: Connection, rooms: Iterable[str] = (), *, reads: bool = False) -> None:
        """Let events reach it. Raises Refusal where its session ended since it was enrolled.

        It hears what goes to these rooms, beside its user's; what it is told waits, where it `reads`, until it has been
        welcomed.
        """
        if connection.stage is Stage.DOOMED:
            raise Refusal(connection.doom)
        connection.move(Stage.OPEN)
        connection.rooms += tuple(rooms)
        self._join(connection)
        if reads:
            self._readers[connection] = Reader()

    def _join(self, connection: Connection) -> None:
        for room in connection.rooms:
            self._by_room.setdefault(room, {})[connection] = None

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
        for room in connection.rooms:
            del self._by_room[room][connection]
            if not self._by_room[room]:
                del self._by_room[room]
        del self._all[connection]
        self._readers.pop(connection, None)
        if was_open:
            self._on_left(len(self._all))

    def of_user(self, user_id: str) -> list[Connection]:
        """Every connection of this user, in the order they came, those being opened included."""
        return list(self._by_room.get(of_user(user_id), ()))

    def hearing(self, room: str) -> list[Connection]:
        """Every connection in this room or in one that it lies in, in the order they came into each."""
        return [connection for outer in around(room) for connection in self._by_room.get(outer, ())]

    def is_admin(self, connection: Connection) -> bool:
        """Whether it is an administrator's."""
        return ADMINS in connection.rooms

    def reader(self, connection: Connection) -> Reader | None:
        """How far it has come in the journal, where it reads it."""
        return self._readers.get(connection)

    @property
    def readers(self) -> int:
        """How many read the journal."""
        return len(self._readers)

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._all))

    def __len__(self) -> int:
        return len(self._all)

    @property
    def rooms(self) -> int:
        """How many rooms somebody is in: the size of the index."""
        return len(self._by_room)

    def places(self) -> Counter[tuple[str, str]]:
        """How many there are, by transport and channel."""
        return Counter((connection.link.transport, connection.channel) for connection in self)


def opened(connections: Iterable[Connection]) -> list[Connection]:
    """Those that events reach."""
    return [connection for connection in connections if connection.stage is Stage.OPEN]
