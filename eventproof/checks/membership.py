"""Who is in which room, and when, as a history tells: by calls that were accepted, and by what connections asked for.

Whether somebody may be in a room and whether they must be differ for a moment: between a request and its answer the
server may have done it, or not yet.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from eventproof.catalog import CALLER, Audience, Cause, Operation, Untold, told
from eventproof.history import Kind, Record

from .answering import Called
from .unsaid import unknown_caller, unsaid

__all__ = ["Membership", "Move", "Stay", "moves"]


@dataclass(frozen=True, slots=True)
class Move:
    """Somebody joins or leaves a room by a call, as far as the call tells."""

    operation: str
    term: str
    """The room, as the contract has it."""
    room: str | Untold
    who: str
    """Who does: `caller`, or the name of a parameter."""
    user: str | None
    """The id of that one; None where nothing tells it."""

    @property
    def why_untold(self) -> str:
        """Why nobody can tell it, of an accepted call, in words."""
        if self.user is None and self.who == CALLER:
            return unknown_caller(self.operation)
        of_room = self.room.names if isinstance(self.room, Untold) else ()
        return unsaid(self.operation, of_room if self.user is not None else (*of_room, self.who))


@dataclass(slots=True)
class Stay:
    """One stay in a room: places among the records, in the order in which they come."""

    room: str
    asked: float
    """From here on they may be in it."""
    joined: float = inf
    """From here on they are."""
    leaving: float = inf
    """From here on they may be out of it."""
    left: float = inf
    """From here on they are."""


class Membership:
    """The stays of users, whatever their connections do, and of single connections."""

    def __init__(self) -> None:
        self._of_users: dict[str, list[Stay]] = {}
        self._of_connections: dict[str, list[Stay]] = {}
        self._untold: list[tuple[Called, Move]] = []
        """Those who joined a room by a call that does not tell which, or who."""

    @classmethod
    def told(
        cls,
        records: Sequence[Record],
        made: Iterable[Called],
        operations: Mapping[str, Operation],
        ids: Mapping[str, str],
    ) -> "Membership":
        """What the records tell, with the calls among them; `ids` are those of the actors."""
        found = cls()
        for call in made:
            if call.record.name in operations and not call.is_refused:
                found._enter_call(call, operations[call.record.name], ids.get(call.record.actor))
        for place, record in enumerate(records):
            found._enter(place, record)
        return found

    def _enter_call(self, call: Called, operation: Operation, caller: str | None) -> None:
        given = call.record.payload if isinstance(call.record.payload, Mapping) else {}
        cause = Cause(operation.id, given, caller, call.says)
        done = inf if call.answered is None or not call.is_accepted else float(call.answered)
        for move in moves(operation.joins, cause):
            if isinstance(move.room, str) and move.user is not None:
                self._of_users.setdefault(move.user, []).append(Stay(move.room, call.place, done))
            else:
                self._untold.append((call, move))
        for move in moves(operation.leaves, cause):
            if isinstance(move.room, str) and move.user is not None:
                _leave(self._of_users.get(move.user, ()), move.room, call.place, done)
            else:
                self._may_leave(move, call.place)

    def _may_leave(self, move: Move, place: int) -> None:
        """Somebody leaves a room, and nothing tells which, or who: all that it may be may be over."""
        users = self._of_users.values() if move.user is None else [self._of_users.get(move.user, [])]
        for stay in (stay for stays in users for stay in stays):
            if stay.room == move.room or (isinstance(move.room, Untold) and move.room.may_be(stay.room)):
                stay.leaving = min(stay.leaving, place)

    def _enter(self, place: int, record: Record) -> None:
        stays = self._of_connections.setdefault(record.connection, []) if record.connection else []
        match record.kind:
            case Kind.JOINS:
                stays.append(Stay(record.name, place))
            case Kind.JOINED:
                asked = next((stay for stay in reversed(stays) if stay.room == record.name), None)
                if asked is None or asked.joined < inf:
                    stays.append(Stay(record.name, place, place))
                else:
                    asked.joined = place
            case Kind.LEAVES:
                _leave(stays, record.name, place, inf)
            case Kind.LEFT:
                _leave(stays, record.name, place, place)

    def may(self, user: str | None, connection: str, since: int, until: int) -> Iterator[str]:
        """The rooms in which a connection of this user may have been at any time from `since` to `until`."""
        return (stay.room for stay in self._stays(user, connection) if stay.asked <= until and since <= stay.left)

    def untold(self, user: str | None, audience: Audience, until: int) -> Iterator[tuple[Called, Move]]:
        """The calls by which this user may have come into one of these rooms until then; they do not tell it."""
        for call, move in self._untold:
            if call.place <= until and move.user in (None, user) and _may_be_of(move.room, audience):
                yield call, move

    def must(self, user: str | None, connection: str, rooms: frozenset[str], since: int, until: int) -> bool:
        """Whether it was in one of them all the time from `since` to `until`."""
        return any(
            stay.room in rooms and stay.joined < since and until < stay.leaving
            for stay in self._stays(user, connection)
        )

    def now(self, user: str | None, connection: str) -> frozenset[str]:
        """The rooms that it is in at the end."""
        stays = self._stays(user, connection)
        return frozenset(stay.room for stay in stays if stay.joined < inf and stay.leaving == inf)

    def _stays(self, user: str | None, connection: str) -> Iterator[Stay]:
        yield from self._of_users.get(user or "", ())
        yield from self._of_connections.get(connection, ())


def moves(rooms: Mapping[str, str], cause: Cause) -> Iterator[Move]:
    """Who joins these rooms by a call, or leaves them; `rooms` are those of an operation, each with who does."""
    values = {**cause.says, **cause.parameters}
    for term, who in rooms.items():
        user = cause.caller if who == CALLER else cause.names(who)
        yield Move(cause.operation, term, told(term, values), who, None if user is None else str(user))


def _may_be_of(room: str | Untold, audience: Audience) -> bool:
    if any(untold.may_be(room) for untold in audience.untold):
        return True
    return room in audience.rooms if isinstance(room, str) else any(room.may_be(known) for known in audience.rooms)


def _leave(stays: Iterable[Stay], room: str, leaving: float, left: float) -> None:
    for stay in stays:
        if stay.room == room and stay.left == inf:
            stay.leaving, stay.left = min(stay.leaving, leaving), left
