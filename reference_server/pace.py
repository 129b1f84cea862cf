"""Pace: how fast one client may go on. Pure: a time is an argument, in seconds that never go back.

Two measures. A `Window` keeps what a contract says literally, "10 events a second": no second has more, wherever it
begins. `spent` costs one number a client and keeps anything in check that only has to be bounded: whoever does a
thing of which there may be 50 a second owes 1/50 s, and time pays it back (the virtual scheduling of ITU-T I.371).
"""

from collections import deque
from typing import Final

_SECOND: Final = 1.0
_MARKS: Final = 128


class Window:
    """At most so many in any second; exact up to 128, and within a hundredth above, in bounded memory."""

    __slots__ = ("_begun", "_each", "_marks")

    def __init__(self, most: int) -> None:
        self._each = most // _MARKS + 1
        """How many one mark stands for."""
        self._begun = 0
        """How many of the newest mark's have come."""
        self._marks: deque[float] = deque(maxlen=most // self._each)

    def has_room(self, now: float) -> bool:
        """Whether one more may come."""
        if self._begun or len(self._marks) < (self._marks.maxlen or 0):
            return True
        return bool(self._marks) and now - self._marks[0] >= _SECOND

    def take(self, now: float) -> None:
        """One more has come."""
        if not self._begun:
            self._marks.append(now)
        self._begun = (self._begun + 1) % self._each


def spent(due: float, cost: float, now: float) -> float:
    """The time at which all is paid for, given that of before and what one more thing costs, in seconds."""
    return max(due, now) + cost


def wait(due: float, ahead: float, now: float) -> float:
    """The seconds until one more thing may be done by a client that may be ahead of its time by so many."""
    return max(0.0, due - ahead - now)
