"""A history, read once: its calls with what follows from each, and who was in which room, on which connection, when."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from eventproof.catalog import Cause, Effect, Event, Operation, effects
from eventproof.history import Kind, Record

from .answering import Called, calls
from .closing import is_by_peer, is_end
from .contract import Known
from .membership import Membership
from .things import Things

__all__ = ["Caused", "Rooms", "Story"]

_ROLE = "role:"
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
    """Those that it is in all the time: its user's, its role's, everyone's."""

    def lasts(self, since: int) -> bool:
        """Whether it was there when the record at this place was made."""
        return self.opened < since and (self.ended is None or since < self.ended)


class Story:
    """The records of a history, and what they tell of calls and connections.

    `known` are the events that the server may send, `rooms` those of each actor all the time; `operations` tell which
    calls have users join further ones, and leave them. What came before the place `settled` had arrived by then, and is
    not judged.
    """

    def __init__(
        self,
        records: Iterable[Record],
        known: Known,
        rooms: Rooms,
        settled: int = 0,
        operations: Mapping[str, Operation] | None = None,
    ) -> None:
        self.records = tuple(records)
        self.known = known
        self.settled = settled
        self._rooms = rooms
        self._operations = operations or {}
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
        things = Things(self._operations)
        for call in self.calls:
            if call.is_refused:
                continue
            given = call.record.payload if isinstance(call.record.payload, Mapping) else {}
            cause = Cause(call.record.name, given, self._id(call.record.actor), call.says, things.known(call))
            things.enter(call)
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

    @cached_property
    def _membership(self) -> Membership:
        ids = {actor: own for actor in self._rooms if (own := self._id(actor)) is not None}
        return Membership.told(self.records, self.calls, self._operations, ids)

    def may_hear(self, receipt: Record, rooms: frozenset[str], since: int, until: int) -> bool:
        """Whether who received something may have been in one of these rooms at any time from `since` to `until`."""
        if rooms & self._rooms.get(receipt.actor, frozenset()):
            return True
        return self._membership.may(self._id(receipt.actor), receipt.connection, rooms, since, until)

    def is_meant(self, line: Presence, caused: Caused) -> bool:
        """Whether a connection had to hear what a call caused: it was in one of its rooms from the call to the answer.

        Where the clients of the channel join the rooms of roles, it has to have joined that of its own.
        """
        rooms, call, channels = caused.effect.rooms or frozenset(), caused.call, caused.effect.event.channels
        carrying = next((channel for channel in channels if channel.address == line.channel), None)
        if carrying is None or not line.lasts(call.place):
            return False
        own = line.rooms if carrying.opening is None else frozenset(r for r in line.rooms if not r.startswith(_ROLE))
        until = call.place if call.answered is None else call.answered
        return bool(own & rooms) or self._membership.must(
            self._id(line.actor), line.connection, rooms, call.place, until
        )

    def rooms_now(self, actor: str, connection: str) -> frozenset[str]:
        """The rooms that somebody's connection is in when the records end."""
        return self._rooms.get(actor, frozenset()) | self._membership.now(self._id(actor), connection)

    @cached_property
    def lines(self) -> tuple[Presence, ...]:
        """Every connection that was opened in these records; one that was opened again is another one."""
        found: list[Presence] = []
        open_now: dict[str, tuple[int, Record]] = {}

        def end(connection: str, place: int | None, *, by_peer: bool) -> None:
            opened, record = open_now.pop(connection)
            rooms = self._rooms.get(record.actor, frozenset()) | {"everyone"}
            found.append(Presence(record.actor, connection, record.channel, opened, place, by_peer, rooms))

        for place, record in enumerate(self.records):
            match record.kind:
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
