"""Which devices are in which rooms, by the names of a contract's audiences: `user:42`, `role:admin`, `everyone`. Pure.

A room changes over time: a device joins it on its owner's behalf, or by a request of its own, and leaves it.
"""

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

__all__ = ["EVERYONE", "Rooms", "of_role", "of_user"]

EVERYONE = "everyone"
_Device = TypeVar("_Device", bound=Hashable)


def of_user(user_id: str | int) -> str:
    """The room of one user."""
    return f"user:{user_id}"


def of_role(role: str) -> str:
    """The room of all who have a role."""
    return f"role:{role}"


class Rooms(Generic[_Device]):
    """Those of one process."""

    def __init__(self) -> None:
        self._devices: dict[str, dict[_Device, None]] = {}
        self._rooms: dict[_Device, set[str]] = {}

    def join(self, device: _Device, rooms: Iterable[str]) -> None:
        """It is told what these rooms are told; nothing changes where it is."""
        for room in rooms:
            self._devices.setdefault(room, {})[device] = None
            self._rooms.setdefault(device, set()).add(room)

    def leave(self, device: _Device, rooms: Iterable[str] | None = None) -> None:
        """It is in these rooms no more; in none where none are named."""
        joined = self._rooms.get(device, set())
        for room in joined & set(joined if rooms is None else rooms):
            joined.discard(room)
            del self._devices[room][device]
            if not self._devices[room]:
                del self._devices[room]
        if not joined:
            self._rooms.pop(device, None)

    def of(self, rooms: Iterable[str]) -> tuple[_Device, ...]:
        """Who is in any of them, each once, in the order of their coming."""
        return tuple(dict.fromkeys(device for room in sorted(rooms) for device in self._devices.get(room, ())))
