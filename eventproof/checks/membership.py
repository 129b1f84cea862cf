"""Who is in which room, and when, as a history tells: by calls that were accepted, and by what connections asked for.

Whether somebody may be in a room and whether they must be differ for a moment: between a request and its answer the
server may have done it, or not yet.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from eventproof.catalog import CALLER, Cause, Operation, filled
from eventproof.history import Kind, Record

from .answering import Called

__all__ = ["Membership", "Stay", "named"]


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
        for room, user in named(operation.joins, cause):
            self._of_users.setdefault(user, []).append(Stay(room, call.place, done))
        for room, user in named(operation.leaves, cause):
            _leave(self._of_users.get(user, ()), room, call.place, done)

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

    def may(self, user: str | None, connection: str, rooms: frozenset[str], since: int, until: int) -> bool:
        """Whether a connection of this user may have been in one of the rooms at any time from `since` to `until`."""
        return any(
            stay.room in rooms and stay.asked <= until and since <= stay.left for stay in self._stays(user, connection)
        )

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


def named(rooms: Mapping[str, str], cause: Cause) -> Iterator[tuple[str, str]]:
    """The rooms, filled, and the ids of those who join or leave them, as far as the call tells both."""
    values = {**cause.says, **cause.parameters}
    for template, who in rooms.items():
        user = cause.caller if who == CALLER else cause.names(who)
        try:
            room = filled(template, values)
        except KeyError:
            continue
        if user is not None:
            yield room, str(user)


def _leave(stays: Iterable[Stay], room: str, leaving: float, left: float) -> None:
    for stay in stays:
        if stay.room == room and stay.left == inf:
            stay.leaving, stay.left = min(stay.leaving, leaving), left
