"""What one device asks the server for by events of its own: to be told what its role is told, to be in rooms.

It asks anew on every connection, and each request waits for its acknowledgement by the wire. Between the two nobody
knows whether it is in the room; once it has left one, and that was answered, what the room is told is not for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from eventproof.acknowledgement import is_refusal
from eventproof.catalog import Event
from eventproof.catalog.arguments import payload_of
from eventproof.client.hub_connection import HubConnection
from eventproof.wire.connection import AckReceived

from .calls import CallAnswer
from .greenlets import spawn_later
from .saying import ACCEPTED, REFUSED, is_answered

if TYPE_CHECKING:
    from .generator import Generator

__all__ = ["Asking"]


class Asker(Protocol):
    """The device that asks."""

    def __hash__(self) -> int:
        """It stands in rooms and in the ledger."""

    @property
    def is_open(self) -> bool:
        """Whether events can arrive here."""

    def asked(self, event: Event, argument: Any, at: float, answer: CallAnswer) -> None:
        """What it asked for then, by an event of its own, was answered."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that is not answered yet."""

    name: str
    at: float
    joins: str | None = None
    leaves: str | None = None
    then: Callable[[float], None] | None = None
    argument: Any = None


class Asking:
    """That of one device, over all its connections."""

    __slots__ = ("_asked", "_connection", "_device", "_generator", "_role", "_wanted", "numbers")

    def __init__(self, device: Asker, generator: "Generator", role: str) -> None:
        self._device = device
        self._generator = generator
        self._role = role
        self._connection: HubConnection | None = None
        """The one on which it may ask: an opened one."""
        self.numbers = count(1)
        """The ids of what is to be acknowledged there."""
        self._asked: dict[int, Asked] = {}
        self._wanted: dict[str, tuple[str, Any]] = {}
        """The rooms that it means to be in, each with how it is asked for."""

    @property
    def is_waiting(self) -> bool:
        """Whether a request is not answered yet."""
        return bool(self._asked)

    def open(self, connection: HubConnection, at: float, then: Callable[[float], None]) -> None:
        """A connection is there: send what opens it, and `then` what is told when that is answered."""
        self._connection = connection
        requests = self._generator.requests
        if requests.opening is None:
            then(at)
            return
        rooms = requests.opened(self._role)
        for room in rooms:
            self._generator.rooms.ask(self._device, room, at)
        asked = Asked(requests.opening.event, at, joins=next(iter(rooms), None), then=then)
        self._send(asked, requests.argument(self._role))

    def repeat(self) -> None:
        """Ask for every room that it means to be in."""
        for name, argument in self._wanted.values():
            self._join(name, argument)

    def join(self, name: str, argument: Any) -> None:
        """Be in a room, on this connection and those that follow, by the event of this name."""
        event = self._generator.requests.event(name)
        room = event.room_of(event.joins or "", argument)
        if room not in self._wanted:
            self._wanted[room] = name, argument
            if self._device.is_open:
                self._join(name, argument)

    def leave(self, name: str, argument: Any) -> None:
        """Be in a room no more, by the event of this name; nothing happens where it does not mean to be there."""
        event = self._generator.requests.event(name)
        room = event.room_of(event.leaves or "", argument)
        if self._wanted.pop(room, None) is None or not self._device.is_open:
            return
        now = monotonic()
        stay = self._generator.rooms.ask_to_leave(self._device, room, now)
        if stay is not None:
            self._generator.books.ledger.release(self._device, stay)
        self._send(Asked(name, now, leaves=room, argument=argument), argument)

    def acknowledged(self, ack: AckReceived, at: float) -> None:
        """The server answered a request."""
        asked = self._asked.pop(ack.id, None)
        if asked is None:
            return
        if is_refusal(ack.args):
            self._is_refused(asked, f"{asked.name} was refused: {_told(ack.args[0])}")
            self._tell(asked, CallAnswer(REFUSED, payload_of(ack.args)))
            return
        books, rooms = self._generator.books, self._generator.rooms
        books.record("join", at - asked.at)
        if asked.joins is not None:
            rooms.join(self._device, (asked.joins,), at)
        if asked.leaves is not None:
            rooms.leave(self._device, (asked.leaves,), at)
            again = [known.at for known in self._asked.values() if known.joins == asked.leaves]
            for since in again:
                rooms.ask(self._device, asked.leaves, since)
        if asked.then is not None:
            asked.then(at)
        self._tell(asked, CallAnswer(ACCEPTED, payload_of(ack.args)))

    def lost(self, at: float) -> None:
        """The connection is gone."""
        self._connection = None
        unanswered, self._asked = tuple(self._asked.values()), {}
        for asked in unanswered:
            self._tell(asked, CallAnswer(0, None))
        self._generator.rooms.lose(self._device, (*self._wanted, *self._generator.requests.opened(self._role)), at)

    def _join(self, name: str, argument: Any) -> None:
        event, now = self._generator.requests.event(name), monotonic()
        room = event.room_of(event.joins or "", argument)
        self._generator.rooms.ask(self._device, room, now)
        self._send(Asked(name, now, joins=room, argument=argument), argument)

    def _send(self, asked: Asked, argument: Any) -> None:
        if self._connection is None:
            return
        if asked.then is None and not is_answered(self._generator.requests.event(asked.name)):
            self._connection.emit(asked.name, argument)
            self._generator.books.note(f"the wire does not acknowledge {asked.name}: what its rooms miss is not told")
            self._tell(asked, CallAnswer(ACCEPTED, None))
            return
        number = next(self.numbers)
        self._asked[number] = asked
        self._connection.emit(asked.name, argument, ack_id=number)
        timer = spawn_later(self._generator.hub.patience, self._is_over, number, asked)
        timer.link_exception(lambda dead: self._generator.books.fault(dead.exception))

    def _is_over(self, number: int, asked: Asked) -> None:
        """The time for an answer is over."""
        if self._asked.get(number) is asked and not self._generator.stopping.is_set():
            del self._asked[number]
            self._is_refused(asked, f"{asked.name} was not answered")
            self._tell(asked, CallAnswer(0, None))

    def _tell(self, asked: Asked, answer: CallAnswer) -> None:
        if asked.then is None:
            self._device.asked(self._generator.requests.event(asked.name), asked.argument, asked.at, answer)

    def _is_refused(self, asked: Asked, why: str) -> None:
        books = self._generator.books
        books.count("unjoined")
        books.incident(str(self._device), why)
        if asked.joins is not None:
            self._wanted.pop(asked.joins, None)
        if asked.then is not None and self._connection is not None:
            self._connection.drop()


def _told(said: Any) -> str:
    error = said.get("error", said) if isinstance(said, Mapping) else said
    known = [error.get(name) for name in ("code", "message")] if isinstance(error, Mapping) else [error]
    return ": ".join(text for text in known if isinstance(text, str)) or "nothing that can be read"
