"""A history, read once: its calls with what follows from each, and who was in which room, on which connection, when."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from eventproof.catalog import Cause, Effect, Event, effects
from eventproof.history import Kind, Record

from .answering import Called, calls
from .closing import is_by_peer, is_end
from .contract import Known

__all__ = ["Caused", "Rooms", "Story"]

Rooms = Mapping[str, frozenset[str]]
"""The rooms of each actor, such as `user:42`; a user is in one room of that kind, their own."""


@dataclass(frozen=True, slots=True)
class Caused:
    """One effect of one call."""

    call: Called
    effect: Effect


@dataclass(frozen=True, slots=True)
class Presence:
    """One connection, while it was there: places among the records."""

    actor: str
    connection: str
    channel: str
    opened: int
    ended: int | None
    """None: it was open at the end."""
    ended_by_peer: bool
    rooms: frozenset[str]

    def lasts(self, since: int) -> bool:
        """Whether it was there when the record at this place was made."""
        return self.opened < since and (self.ended is None or since < self.ended)


class Story:
    """The records of a history, and what they tell of calls and connections.

    `known` are the events that the server may send, `rooms` those of each actor all the time. What came before the
    place `settled` had arrived by then, and is not judged.
    """

    def __init__(self, records: Iterable[Record], known: Known, rooms: Rooms, settled: int = 0) -> None:
        self.records = tuple(records)
        self.known = known
        self.settled = settled
        self._rooms = rooms
        self.calls = calls(self.records)
        self._events: dict[str, list[Event]] = {}
        for event in dict.fromkeys(known.values()):
            for trigger in event.triggers:
                self._events.setdefault(trigger, []).append(event)

    def caused(self, name: str | None = None) -> Iterator[Caused]:
        """What follows from each call that was not refused, in their order; of one event, where it is named."""
        return (caused for caused in self._caused if name in (None, caused.effect.event.name))

    @cached_property
    def _caused(self) -> tuple[Caused, ...]:
        return tuple(self._follows())

    def _follows(self) -> Iterator[Caused]:
        for call in self.calls:
            if call.is_refused:
                continue
            given = call.record.payload if isinstance(call.record.payload, Mapping) else {}
            cause = Cause(call.record.name, given, self._id(call.record.actor), call.says)
            for effect in effects(self._events.get(call.record.name, ()), cause):
                yield Caused(call, effect)

    @cached_property
    def received(self) -> tuple[tuple[int, Record, Event], ...]:
        """Each receipt of an event that is known, with its place."""
        return tuple(
            (place, record, event)
            for place, record in enumerate(self.records)
            if record.kind is Kind.RECEIVED and (event := self.known.get((record.channel, record.name))) is not None
        )

    def rooms_of(self, receipt: Record, joined: Mapping[str, set[str]]) -> frozenset[str]:
        """The rooms of who received something, and of the connection on which it came."""
        return self._rooms.get(receipt.actor, frozenset()) | joined.get(receipt.connection, set())

    @cached_property
    def lines(self) -> tuple[Presence, ...]:
        """Every connection that was opened in these records; one that was opened again is another one."""
        found: list[Presence] = []
        open_now: dict[str, tuple[int, Record]] = {}
        joined: dict[str, set[str]] = {}

        def end(connection: str, place: int | None, *, by_peer: bool) -> None:
            opened, record = open_now.pop(connection)
            rooms = self.rooms_of(record, joined) | {"everyone"}
            found.append(Presence(record.actor, connection, record.channel, opened, place, by_peer, rooms))

        for place, record in enumerate(self.records):
            match record.kind:
                case Kind.JOINED:
                    joined.setdefault(record.connection, set()).add(record.name)
                case Kind.OPENED:
                    open_now[record.connection] = (place, record)
                case Kind.CLOSED | Kind.NOTE if record.connection in open_now and is_end(record):
                    end(record.connection, place, by_peer=is_by_peer(record))
        for connection in tuple(open_now):
            end(connection, None, by_peer=False)
        return tuple(found)

    def _id(self, actor: str) -> str | None:
        own = (room for room in self._rooms.get(actor, ()) if room.startswith("user:"))
        return next((room.removeprefix("user:") for room in own), None)
