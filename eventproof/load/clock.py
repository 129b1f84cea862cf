"""How far the clock of another process is from ours, by round trips of messages. Pure.

The one round trip that took least tells most, since what it does not tell is at most half of it (the rule of NTP's
clock filter, RFC 5905, section 10). The smallest offset of a sample tells nothing: it is the one with the worst luck.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

__all__ = ["Clock", "Offset", "RoundTrip"]

_KEPT: Final = 64
_DRIFT: Final = 30e-6
"""Seconds a second by which two clocks may part, each by the 15 millionths that RFC 5905 takes for one (PHI)."""


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """A message there and its answer back: `sent` and `returned` on our clock, the others on theirs."""

    sent: float
    received: float
    answered: float
    returned: float

    @property
    def seconds(self) -> float:
        """How long it was on its way, both ways together."""
        return (self.returned - self.sent) - (self.answered - self.received)

    @property
    def offset(self) -> float:
        """By how much their clock is ahead of ours, if both ways took the same."""
        return ((self.received - self.sent) + (self.answered - self.returned)) / 2


@dataclass(frozen=True, slots=True)
class Offset:
    """Their clock is ahead of ours by `seconds`, and by no more or less than `uncertainty` beside that."""

    seconds: float
    uncertainty: float


class Clock:
    """That of another process: what the latest round trips tell of it."""

    def __init__(self) -> None:
        self._trips: deque[RoundTrip] = deque(maxlen=_KEPT)

    def __len__(self) -> int:
        """How many round trips it is known by."""
        return len(self._trips)

    def enter(self, trip: RoundTrip) -> None:
        """Take in one more; one that took less than nothing is none, and is left out."""
        if trip.seconds >= 0:
            self._trips.append(trip)

    def offset(self, now: float) -> Offset | None:
        """What is known now, by our clock; None before the first round trip."""
        if not self._trips:
            return None
        best = min(self._trips, key=lambda trip: _uncertainty(trip, now))
        return Offset(best.offset, _uncertainty(best, now))


def _uncertainty(trip: RoundTrip, now: float) -> float:
    return trip.seconds / 2 + _DRIFT * max(now - trip.returned, 0.0)
