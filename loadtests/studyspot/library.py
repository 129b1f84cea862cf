"""A library of a swarm: its seats, each booked by one life at a time, for one quarter of an hour after the other."""

from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = ["RushedLibrary"]

_SLOT: Final = timedelta(minutes=15)
_AHEAD: Final = timedelta(days=2)
"""The first booking is so far ahead that no run lasts until it is over."""


class RushedLibrary:
    """One library. A seat that is in use is not given out: so the order of what happens to it is known."""

    def __init__(self, library_id: str, seats: Iterable[str], now: datetime) -> None:
        self.id = library_id
        self._free = deque(seats)
        day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self._next = dict.fromkeys(self._free, day + _AHEAD)
        """By seat: the first time that nobody was given yet."""

    def __str__(self) -> str:
        return f"library {self.id}"

    @property
    def has_seat(self) -> bool:
        """Whether there is a seat that is not in use."""
        return bool(self._free)

    def take(self) -> dict[str, str]:
        """A seat and a time that nobody was given yet, as bookings name them. Raises IndexError where there is none."""
        seat = self._free.popleft()
        begins = self._next[seat]
        self._next[seat] = begins + _SLOT
        return {"libraryId": self.id, "seatId": seat, "startsAt": _shown(begins), "endsAt": _shown(begins + _SLOT)}

    def another(self) -> dict[str, str]:
        """A seat and a time that nobody was given yet, where the seat itself may be given out again."""
        taken = self.take()
        self.give_back(taken["seatId"])
        return taken

    def give_back(self, seat: str) -> None:
        """A seat is not in use any more."""
        self._free.append(seat)


def _shown(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
