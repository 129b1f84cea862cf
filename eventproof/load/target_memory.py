"""The memory of the target over a run, by the gauge that its profile names: where it began, where it ended, the most.

One process of the swarm reads it, twice a second; over hours the samples are thinned out, so that they stay few.
"""

from collections.abc import Iterator
from dataclasses import replace
from statistics import linear_regression, median
from time import monotonic
from typing import TYPE_CHECKING

from eventproof.errors import EventproofError

from .gauge_reader import read_gauges
from .greenlets import Event

if TYPE_CHECKING:
    from .generator import Generator

__all__ = ["TargetMemory", "Trend"]

_EVERY = 0.5
_MOST = 600
_FEWEST = 6
"""So many samples it takes to speak of a trend."""
_KB = 1024
_HOUR = 3600.0


class Trend:
    """Samples of something that should not grow. Pure: times are arguments, in seconds."""

    def __init__(self, most: int = _MOST) -> None:
        self._samples: list[tuple[float, float]] = []
        self._most = most
        self._every = self._turn = 1
        self.highest = 0.0

    def add(self, at: float, value: float) -> None:
        """Enter a sample; where there would be too many, only every second, fourth, … is kept."""
        self.highest = max(self.highest, value)
        self._turn = self._turn % self._every + 1
        if self._turn != self._every:
            return
        self._samples.append((at, value))
        if len(self._samples) >= self._most:
            del self._samples[::2]
            self._every *= 2

    def __len__(self) -> int:
        return len(self._samples)

    @property
    def first(self) -> float:
        """The median of the first quarter."""
        return median(value for _, value in self._samples[: self._quarter])

    @property
    def last(self) -> float:
        """The median of the last quarter."""
        return median(value for _, value in self._samples[-self._quarter :])

    @property
    def slope(self) -> float:
        """How much an hour it grew in the second half; what a start costs is over by then."""
        half = self._samples[len(self._samples) // 2 :]
        return linear_regression([at for at, _ in half], [value for _, value in half]).slope * _HOUR

    @property
    def _quarter(self) -> int:
        return max(len(self._samples) // 4, 1)


class TargetMemory:
    """That of one run, in its first process; in all others, and where the profile names no gauge, nothing is read."""

    def __init__(self, generator: "Generator") -> None:
        self._generator = generator
        self._trend = Trend()
        self._now = 0
        self._read_once = Event()
        metrics = generator.target.metrics
        if generator.share.index:
            return
        if metrics is None or metrics.memory is None:
            generator.books.note(
                "nobody knows the memory of the target: the profile names no gauge of it under [metrics]"
            )
            return
        self._gauge = metrics.memory
        self._metrics = replace(metrics, gauges=(metrics.memory,))
        generator.spawn(self._run)
        generator.last.append(self._conclude)

    def enter_step(self) -> None:
        """Enter what it is now, in kB, as that of the present step."""
        if self._now:
            self._generator.books.reading("memory", self._now // _KB, is_of_step=True)

    def _run(self) -> None:
        generator, token = self._generator, self._generator.admin_token()
        while True:
            try:
                self._now = round(read_gauges(generator.target, self._metrics, token)[self._gauge])
            except EventproofError as error:
                generator.books.note(f"the memory of the target could not be read: {error}")
            else:
                if not self._read_once.is_set():
                    generator.books.reading("memory_before", self._now // _KB)
                    self._read_once.set()
                if generator.books.seconds:
                    self._trend.add(monotonic(), self._now)
            if generator.stopping.wait(_EVERY):
                return

    def _conclude(self) -> None:
        trend, books = self._trend, self._generator.books
        if len(trend) < _FEWEST:
            return
        books.reading("memory", round(trend.first / _KB))
        books.reading("memory_most", round(trend.highest / _KB))
        books.reading("memory_grown", max(round((trend.last - trend.first) / _KB), 0))
        for sentence in _said(trend):
            books.note(sentence)


def _said(trend: Trend) -> Iterator[str]:
    mega = 1 << 20
    yield (
        f"memory of the target: {trend.first / mega:.1f} MB in the first quarter of the run, "
        f"{trend.last / mega:.1f} MB in the last, {trend.highest / mega:.1f} MB at most; "
        f"{trend.slope / mega:+.1f} MB an hour over the second half"
    )
