"""How late and how busy a process of a swarm is, from when its measuring begins until its end."""

from dataclasses import replace
from time import monotonic, process_time
from typing import Final

from eventproof.open_files import share_in_use

from .books import Books
from .saturation import Headroom, Readings
from .schedule import late

__all__ = ["TICK", "Health"]

TICK: Final = 0.05
"""Seconds between two beats."""
_SAMPLING: Final = 1.0


class Health:
    """That of one process; what it finds goes into its books."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._headroom = Headroom()
        self._processor = 0.0
        self._sampled = 0.0
        self._share: float | None = None

    def begin(self) -> None:
        """Measuring begins now."""
        self._processor = process_time()

    def end(self) -> None:
        """What comes now is no load any more."""
        self._share = self._busy()

    def beat(self, due: float) -> int:
        """A beat that was due then: enter how late it is, and every beat that was swallowed meanwhile; how many."""
        now = monotonic()
        lags = tuple(late(due, now, TICK))
        if self._books.seconds and self._share is None:
            for lag in lags:
                self._books.record("loop_lag", lag)
            if now >= self._sampled + _SAMPLING:
                self._sampled = now
                self._headroom.sample(now, process_time(), share_in_use())
        return len(lags)

    def readings(self, clock: float | None) -> Readings:
        """What is known now; `clock` is by how much the clock may have been misjudged."""
        busy = self._busy() if self._share is None else self._share
        return replace(
            self._books.lags(), busy=busy, busiest=self._headroom.busiest, files=self._headroom.files, clock=clock
        )

    def _busy(self) -> float:
        seconds = self._books.seconds
        return (process_time() - self._processor) / seconds if seconds else 0.0
