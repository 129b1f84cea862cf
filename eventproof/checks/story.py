"""A history, read once: its calls with what follows from each, and who was in which room, on which connection, when."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from eventproof.catalog import EVERYONE, Audience, Cause, Channel, Effect, Event, Operation, effects, is_of_role
from eventproof.catalog.event import OWNER
from eventproof.history import Kind, Record

from .answering import Called, calls
from .closing import is_by_peer, is_end
from .contract import Known
from .membership import Membership
from .things import Things
from .unsaid import unanswered, unknown_caller, unsaid

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

    def lasts(self, since: int) -> bool:
        """Whether it was there when the record at this place was made."""
        return self.opened < since and (self.ended is None or since < self.ended)


_ONE = "connection"
"""The audience that is the one connection which caused it."""


def _by_connection(event: Event, cause: str, line: Presence) -> bool | None:
    """Whether it is for a connection by the one that caused it; None where that does not decide."""
    if line.connection == cause:
        return False if event.spares else True if _ONE in event.audience else None
    return False if event.audience == (_ONE,) else None


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
        return not rooms.isdisjoint(self._possible_rooms(receipt, since, until))

    def doubt(self, receipt: Record, caused: Caused | None, audience: Audience, until: int) -> str:
        """Why nobody can tell whether who received something was meant by this; empty where they were certainly not.

        The call may not tell a room that is perhaps one of theirs, or another one which room they joined.
        """
        possible = tuple(self._possible_rooms(receipt, until if caused is None else caused.call.place, until))
        for untold in audience.untold:
            if receipt.actor not in self._rooms or any(untold.may_be(room) for room in possible):
                return "its payload does not say" if caused is None else self.unsaid(caused, untold.names)
        moves = self._membership.untold(self._id(receipt.actor), audience, until)
        told = (move.why_untold if call.is_accepted else unanswered(move.operation) for call, move in moves)
        return next(told, "")

    def unsaid(self, caused: Caused, names: Sequence[str]) -> str:
        """Why nobody can tell these ids of whom something is for, in words."""
        call = caused.call.record
        if not caused.call.is_accepted:
            return unanswered(call.name)
        if OWNER in names and call.name in caused.effect.event.caused_by_owner and self._id(call.actor) is None:
            return unknown_caller(call.name)
        return unsaid(call.name, names)

    def _possible_rooms(self, receipt: Record, since: int, until: int) -> Iterator[str]:
        yield from self._rooms.get(receipt.actor, ())
        yield from self._membership.may(self._id(receipt.actor), receipt.connection, since, until)

    def is_meant(self, line: Presence, caused: Caused) -> bool:
        """Whether a connection had to hear what a call caused: it was in one of its rooms from then to the answer."""
        call, effect = caused.call, caused.effect
        channel = effect.event.channel_at(line.channel) if line.lasts(call.place) else None
        if channel is None:
            return False
        until = call.place if call.answered is None else call.answered
        rooms = effect.audience.rooms
        if (
            call.record.connection
            and (decided := _by_connection(effect.event, call.record.connection, line)) is not None
        ):
            return decided
        return bool(rooms & self._always(line.actor, channel)) or self._membership.must(
            self._id(line.actor), line.connection, rooms, call.place, until
        )

    def is_meant_now(self, actor: str, connection: str, address: str, effect: Effect) -> bool:
        """Whether a connection to the channel at this address has to hear this when the records end."""
        channel = effect.event.channel_at(address)
        if channel is None:
            return False
        cause = self._last_cause(effect)
        if cause and effect.event.spares and cause == connection:
            return False
        if cause == connection and _ONE in effect.event.audience:
            return True
        now = self._membership.now(self._id(actor), connection)
        return bool(effect.audience.rooms & (self._always(actor, channel) | now))

    def _last_cause(self, effect: Effect) -> str:
        """The connection on which the last cause of this was sent; empty where it is a call."""
        made = (call.record.connection for call in reversed(self.calls) if call.record.name == effect.trigger)
        return next(made, "")

    def _always(self, actor: str, channel: Channel) -> frozenset[str]:
        """The rooms that a connection is in as long as it is open.

        Where the clients of the channel ask for the rooms of roles, these are none of them.
        """
        rooms = self._rooms.get(actor, frozenset()) | {EVERYONE}
        return rooms if channel.opening is None else frozenset(room for room in rooms if not is_of_role(room))

    @cached_property
    def lines(self) -> tuple[Presence, ...]:
        """Every connection that was opened in these records; one that was opened again is another one."""
        found: list[Presence] = []
        open_now: dict[str, tuple[int, Record]] = {}

        def end(connection: str, place: int | None, *, by_peer: bool) -> None:
            opened, record = open_now.pop(connection)
            found.append(Presence(record.actor, connection, record.channel, opened, place, by_peer))

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
