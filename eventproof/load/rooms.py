"""Which devices are in which rooms, by the names of a contract's audiences: `user:42`, `role:admin`, `everyone`. Pure.

A room changes over time: a device is in it from the beginning, joins it by a request of its own, or since its owner
made a call; and leaves it. Between a request and its answer nobody knows whether it is in: it may be told, and need
not. Times are arguments, in seconds on one clock.
"""

from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Final, Generic, NamedTuple, TypeVar

from eventproof.catalog import of_user

__all__ = ["Presence", "Rooms", "Stay"]

_Device = TypeVar("_Device", bound=Hashable)
_REMEMBERED: Final = 60.0
"""Seconds that a stay which is over is known: a call that was made before may be answered so late."""


@dataclass(slots=True, eq=False)
class Stay:
    """One stay in a room: the moments from which on something holds; `inf` where it does not yet."""

    asked: float = -inf
    """It may be in the room."""
    joined: float = -inf
    """It is."""
    leaving: float = inf
    """It may be out of it."""
    left: float = inf
    """It is: what it is told of the room now is not for it."""

    def is_certain(self, since: float) -> bool:
        """Whether it has been in the room all the time since then."""
        return self.joined <= since and self.leaving == inf


ALWAYS: Final = Stay()
"""The stay of whoever is in a room from the beginning, for as long as they take part."""


class Presence(NamedTuple):
    """That a device is in one of several rooms."""

    is_certain: bool
    """Whether it was there all the time; else it may have been."""
    stay: Stay | None
    """The one that may end by a request; None where none does."""


_SURE: Final = Presence(True, None)


class Rooms(Generic[_Device]):
    """Those of one process."""

    def __init__(self) -> None:
        self._devices: dict[str, dict[_Device, Stay]] = {}
        self._rooms: dict[_Device, set[str]] = {}
        self._of_users: dict[str, dict[str, Stay]] = {}
        """By room: the rooms of the users who are in it, whatever their devices do."""
        self._past: dict[str, deque[tuple[float, _Device, Stay]]] = {}
        """By room: the stays that are over, and when they ended."""

    def join(self, device: _Device, rooms: Iterable[str], at: float = -inf) -> None:
        """It is told what these rooms are told, from then on; nothing changes where it is."""
        for room in rooms:
            stay = self._devices.setdefault(room, {}).setdefault(device, Stay(at, at) if at > -inf else ALWAYS)
            if stay.joined == inf:
                stay.joined = at
            self._rooms.setdefault(device, set()).add(room)

    def ask(self, device: _Device, room: str, at: float) -> None:
        """It asks to be in a room: it may be there from then on. Nothing changes where it is, or has asked."""
        self._devices.setdefault(room, {}).setdefault(device, Stay(at, inf))
        self._rooms.setdefault(device, set()).add(room)

    def ask_to_leave(self, device: _Device, room: str, at: float) -> Stay | None:
        """It asks to be out of a room: it may be out from then on. The stay that may end; None where it is not in."""
        stay = self._devices.get(room, {}).get(device)
        if stay is None or stay is ALWAYS:
            return None
        stay.leaving = min(stay.leaving, at)
        return stay

    def leave(self, device: _Device, rooms: Iterable[str] | None = None, at: float | None = None) -> None:
        """It is in these rooms no more, in none where none are named; with `at`, as it asked for: from then on."""
        joined = self._rooms.get(device, set())
        for room in joined & set(joined if rooms is None else rooms):
            stay = self._out(device, room)
            if at is not None:
                stay.left = at
                self._remember(room, device, stay, at)

    def lose(self, device: _Device, rooms: Iterable[str], at: float) -> None:
        """Its connection is gone, and with it these rooms; what was on its way before may have been for it."""
        joined = self._rooms.get(device, set())
        for room in joined & set(rooms):
            self._remember(room, device, self._out(device, room), at)

    def join_user(self, user_id: str | int, room: str, *, asked: float, at: float) -> None:
        """A user is in a room, on every device there is and will be, by a call made and answered then."""
        users = self._of_users.setdefault(room, {})
        stay = users.get(of_user(user_id))
        if stay is None or stay.leaving < inf:
            users[of_user(user_id)] = Stay(asked, at)

    def leave_user(self, user_id: str | int, room: str, *, asked: float, at: float) -> None:
        """A user is in that room no more, by a call made then; `at` is when nothing can be on its way any more."""
        stay = self._of_users.get(room, {}).get(of_user(user_id))
        if stay is not None:
            stay.leaving, stay.left = min(stay.leaving, asked), min(stay.left, at)

    def of(self, rooms: Iterable[str]) -> tuple[_Device, ...]:
        """Who is in any of them, or may be, each once, in the order of their coming."""
        return tuple(dict.fromkeys(device for room in sorted(rooms) for device, _ in self._in(room)))

    def told(self, rooms: Iterable[str], since: float) -> Mapping[_Device, Presence]:
        """Who is to be told what these rooms are told since then, or may be, in the order of their coming."""
        found: dict[_Device, Presence] = {}
        for room in sorted(rooms):
            for device, stay in self._in(room):
                _enter(found, device, stay, since)
            for over, device, stay in self._past.get(room, ()):
                if over >= since:
                    _enter(found, device, stay, since)
        return found

    def _in(self, room: str) -> Iterator[tuple[_Device, Stay]]:
        yield from self._devices.get(room, {}).items()
        for user_room, stay in self._of_users.get(room, {}).items():
            for device in self._devices.get(user_room, ()):
                yield device, stay

    def _out(self, device: _Device, room: str) -> Stay:
        joined = self._rooms[device]
        joined.discard(room)
        if not joined:
            del self._rooms[device]
        stay = self._devices[room].pop(device)
        if not self._devices[room]:
            del self._devices[room]
        return stay

    def _remember(self, room: str, device: _Device, stay: Stay, at: float) -> None:
        past = self._past.setdefault(room, deque())
        past.append((at, device, stay))
        while past[0][0] < at - _REMEMBERED:
            past.popleft()


def _enter(found: dict[_Device, Presence], device: _Device, stay: Stay, since: float) -> None:
    """Of several rooms, the one counts where it is most surely, and for longest."""
    if stay is ALWAYS:
        found[device] = _SURE
        return
    if stay.left < since:
        return
    presence = Presence(stay.is_certain(since), stay)
    known = found.get(device)
    if known is None or (presence.is_certain, presence.stay is None) > (known.is_certain, known.stay is None):
        found[device] = presence
