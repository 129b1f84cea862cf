"""Who is connected: every open connection, whatever its transport, and the rooms that it is in.

A connection is enrolled before the store is asked whether its session is still good. So a ban either sees it here or is
seen by that question; there is no moment between.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from enum import Enum, auto
from typing import Final, Protocol

from ..accounts.account import Session
from ..alarms import Alarm
from ..pace import Window
from ..reasons import Reason
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

    def close(self, reason: Reason) -> None:
        """Close from our side, behind all that was sent."""


class ConnectionState(Enum):
    """How far a connection has come."""

    CONNECTING = auto()
    OPEN = auto()
    CONDEMNED = auto()
    """Its session has ended while it was being opened."""
    CLOSED = auto()


MOVES: Final[dict[ConnectionState, frozenset[ConnectionState]]] = {
    ConnectionState.CONNECTING: frozenset({ConnectionState.OPEN, ConnectionState.CONDEMNED, ConnectionState.CLOSED}),
    ConnectionState.OPEN: frozenset({ConnectionState.CLOSED}),
    ConnectionState.CONDEMNED: frozenset({ConnectionState.CLOSED}),
    ConnectionState.CLOSED: frozenset(),
}


class Connection:
    """One connection of one session."""

    __slots__ = ("channel", "condemned", "expiry", "link", "paces", "reader", "rooms", "session", "state")

    def __init__(self, session: Session, channel: str, link: Link) -> None:
        self.session = session
        self.channel = channel
        """The address of its channel."""
        self.link = link
        self.state = ConnectionState.CONNECTING
        self.rooms: dict[str, None] = {of_user(session.user_id): None}
        """Those it hears; only its user's, until it is open."""
        self.condemned: Reason | None = None
        """The code that will refuse it, once CONDEMNED."""
        self.expiry: Alarm | None = None
        """Ends it when its session expires, once OPEN."""
        self.reader: Reader | None = None
        """How far it has come in the journal, where a system of its channel replays or resumes."""
        self.paces: dict[str, Window] = {}
        """How fast its events come, by the system that they are for."""

    @property
    def is_admin(self) -> bool:
        """Whether it is an administrator's."""
        return ADMINS in self.rooms

    def move(self, state: ConnectionState) -> None:
        """Go on to a state that the table allows."""
        if state not in MOVES[self.state]:
            raise RuntimeError(f"a connection cannot go from {self.state.name} to {state.name}")
        self.state = state


class Connections:
    """All connections by room. Finding those in one room costs no more than their number."""

    def __init__(self, most_rooms: int) -> None:
        self._most_rooms = most_rooms
        self._by_room: dict[str, dict[Connection, None]] = {}
        self._all: dict[Connection, None] = {}

    def enrol(self, session: Session, channel: str, link: Link) -> Connection:
        """Take a connection in before its session is checked."""
        connection = Connection(session, channel, link)
        self._all[connection] = None
        self._index(connection, connection.rooms)
        return connection

    def open(self, connection: Connection, rooms: Iterable[str] = (), *, reads: bool = False) -> None:
        """Let events reach it. Raises Refusal where its session ended since it was enrolled.

        It hears what goes to these rooms, beside its user's; what it is told waits, where it `reads` the journal, until
        it has been welcomed.
        """
        if connection.condemned is not None:
            raise Refusal(connection.condemned)
        connection.move(ConnectionState.OPEN)
        connection.rooms |= dict.fromkeys(rooms)
        self._index(connection, connection.rooms)
        connection.reader = Reader() if reads else None

    def join(self, connection: Connection, room: str) -> None:
        """Let an open connection hear what goes to this room, too; joined again, it stays joined.

        Raises Refusal where it is in as many rooms as it may be.
        """
        if connection.state is not ConnectionState.OPEN or room in connection.rooms:
            return
        if len(connection.rooms) >= self._most_rooms:
            raise Refusal("invalid_input", f"A connection may be in {self._most_rooms} rooms: leave one first.")
        connection.rooms[room] = None
        self._index(connection, [room])

    def leave(self, connection: Connection, room: str) -> None:
        """Let it hear no more of what goes to this room; not joined, it stays out."""
        if connection.state is ConnectionState.OPEN and room in connection.rooms:
            del connection.rooms[room]
            self._unindex(connection, [room])

    def _index(self, connection: Connection, rooms: Iterable[str]) -> None:
        for room in rooms:
            self._by_room.setdefault(room, {})[connection] = None

    def _unindex(self, connection: Connection, rooms: Iterable[str]) -> None:
        for room in rooms:
            del self._by_room[room][connection]
            if not self._by_room[room]:
                del self._by_room[room]

    def condemn(self, connection: Connection, reason: Reason) -> None:
        """Its session has ended: where it is still being opened, it will be refused."""
        if connection.state is ConnectionState.CONNECTING:
            connection.move(ConnectionState.CONDEMNED)
            connection.condemned = reason

    def forget(self, connection: Connection) -> None:
        """It is gone, or was refused. Forgotten twice is forgotten."""
        if connection.state is ConnectionState.CLOSED:
            return
        connection.move(ConnectionState.CLOSED)
        if connection.expiry is not None:
            connection.expiry.cancel()
        self._unindex(connection, connection.rooms)
        del self._all[connection]

    def of_user(self, user_id: str) -> list[Connection]:
        """Every connection of this user, in the order they came, those being opened included."""
        return list(self._by_room.get(of_user(user_id), ()))

    def hearing(self, *rooms: str) -> list[Connection]:
        """Every connection in one of these rooms or in one that they lie in, once, in the order they came into each."""
        outer = [each for room in rooms for each in around(room)]
        found = [connection for each in outer for connection in self._by_room.get(each, ())]
        return found if len(outer) == 1 else list(dict.fromkeys(found))

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._all))

    def __len__(self) -> int:
        return len(self._all)

    def sizes(self) -> dict[str, int]:
        """How many there are, how many of them read the journal, and how many rooms somebody is in."""
        readers = sum(connection.reader is not None for connection in self._all)
        return {"connections": len(self._all), "readers": readers, "rooms": len(self._by_room)}

    def places(self) -> Counter[tuple[str, str]]:
        """How many there are, by transport and channel."""
        return Counter((connection.link.transport, connection.channel) for connection in self)


def opened(connections: Iterable[Connection]) -> list[Connection]:
    """Those that events reach."""
    return [connection for connection in connections if connection.state is ConnectionState.OPEN]
