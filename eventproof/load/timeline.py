"""What happened when, in bounded memory: the figures of a swarm by stretches of a second, longer ones in a long run.

Whatever is entered adds up: over processes, over the scenarios of one, and over neighbouring stretches, which become
one where there are too many. So connections are kept as seconds of connections, and latencies as counts of classes
that are a sixteenth of a doubling wide. Pure: times are arguments, in seconds since the test began.
"""

import math
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from math import log2
from typing import Any

from eventproof.report.records import Course, Flow, Series

__all__ = ["FLOWS", "Timeline"]

FLOWS = ("sessions", "actions", "failed", "delivered", "acknowledged", "lost", "duplicate", "out_of_order", "leaked")
"""What is counted by stretches, by the names of `metrics.COUNTS`."""
_MOST = 600
"""Ten minutes by the second; an hour by eight seconds."""
_CLASSES = 16
"""Of a latency in each doubling: whatever lies in one is told within 2.2 % of the truth."""


class _Stretch:
    """What is known of one stretch."""

    __slots__ = ("_courses", "counts", "held", "latencies")

    def __init__(self) -> None:
        self.held = 0.0
        """Seconds of connections: two that were open for three seconds are six."""
        self.counts: Counter[str] = Counter()
        self.latencies: dict[str, Counter[int]] = {}
        self._courses: dict[str, tuple[int, float, float]] = {}

    def course(self, metric: str) -> tuple[int, float, float]:
        """How many samples of a latency there are, p50 and p99 in milliseconds; found once for so many."""
        classes = self.latencies.get(metric)
        if classes is None:
            return 0, 0.0, 0.0
        count = classes.total()
        known = self._courses.get(metric)
        if known is None or known[0] != count:
            known = self._courses[metric] = (count, _percentile(classes, 50), _percentile(classes, 99))
        return known

    def add(self, other: "_Stretch") -> None:
        self.held += other.held
        self.counts.update(other.counts)
        for metric, classes in other.latencies.items():
            self.latencies.setdefault(metric, Counter()).update(classes)


class Timeline:
    """The stretches of a run so far; `most` is how many there may be."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._step = 1
        self._stretches: dict[int, _Stretch] = {}
        self._totals: Mapping[str, int] = {}
        self._current = self._at(0)
        self.seconds = 0.0
        """Up to when something is known."""

    def record(self, metric: str, seconds: float) -> None:
        """Enter one sample of a latency, now: in the stretch that the last `pass_to` led to."""
        latencies = self._current.latencies
        classes = latencies.get(metric)
        if classes is None:
            classes = latencies[metric] = Counter()
        number = int(log2(seconds * 1e6) * _CLASSES) if seconds > 1e-6 else 0
        classes[number] = classes.get(number, 0) + 1

    def turns(self, at: float) -> bool:
        """Whether another stretch has begun by then."""
        return int(at // self._step) != int(self.seconds // self._step)

    def pass_to(self, at: float, connections: int) -> None:
        """Time goes on to `at`; so many connections have been open meanwhile."""
        while self.seconds < at:
            index = int(self.seconds // self._step)
            until = min(at, float((index + 1) * self._step))
            self._at(index).held += connections * (until - self.seconds)
            self.seconds = until
        self._current = self._at(int(self.seconds // self._step))

    def enter(self, totals: Mapping[str, int]) -> None:
        """What was counted from the start until now: what is new of it belongs to the present stretch."""
        for name, total in totals.items():
            if more := total - self._totals.get(name, 0):
                self._current.counts[name] += more
        self._totals = totals

    def add(self, other: "Timeline") -> None:
        """Take in what another one has of the same time."""
        while self._step < other._step:
            self._coarsen()
        for index, stretch in other._stretches.items():
            begins = index * other._step
            self._at(begins // self._step).add(stretch)
        self.seconds = max(self.seconds, other.seconds)
        self._current = self._at(int(self.seconds // self._step))

    def drain(self) -> "Timeline":
        """What was entered since the last time; here it is forgotten."""
        drained = Timeline(self._most)
        drained._step, drained._stretches, drained.seconds = self._step, self._stretches, self.seconds
        self._stretches = {}
        self._current = self._at(int(self.seconds // self._step))
        return drained

    def recent(self, seconds: float, *, behind: float, of: Container[str]) -> Series:
        """Of the last so many seconds of which everybody has told, one stretch, and of these latencies."""
        last = self._told(behind)
        first = max(last - max(round(seconds / self._step), 1), 0)
        together = Timeline()
        together.seconds = float((last - first) * self._step)
        together._step = max(int(together.seconds), 1)
        for index in range(first, last):
            together._at(0).add(self._stretches.get(index, _NOTHING))
        return together.series(of=of)

    def series(self, *, behind: float | None = None, most: int = _MOST, of: Container[str] | None = None) -> Series:
        """As the record of a report; while it goes on, without the last seconds, of which not all have told yet.

        `most` is of how many stretches it tells, the last ones, and `of` are the latencies, all where none are named.
        """
        seconds = self.seconds if behind is None else float(self._told(behind) * self._step)
        count = math.ceil(seconds / self._step)
        indices = range(max(count - most, 0), count)
        stretches = [self._stretches.get(index, _NOTHING) for index in indices]
        lengths = [min(self._step, seconds - index * self._step) for index in indices]
        known = sorted({metric for stretch in stretches for metric in stretch.latencies})
        metrics = [metric for metric in known if of is None or metric in of]
        begins = indices.start * self._step
        return Series(
            begins=float(begins),
            step=float(self._step),
            seconds=round(seconds - begins, 3),
            connections=tuple(
                round(stretch.held / length, 1) for stretch, length in zip(stretches, lengths, strict=True)
            ),
            flows=tuple(Flow(name, tuple(stretch.counts[name] for stretch in stretches)) for name in FLOWS),
            courses=tuple(_course(metric, stretches) for metric in metrics),
        )

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "step": self._step,
            "seconds": self.seconds,
            "stretches": [
                [
                    index,
                    stretch.held,
                    dict(stretch.counts),
                    [[m, list(c.items())] for m, c in stretch.latencies.items()],
                ]
                for index, stretch in self._stretches.items()
            ],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Timeline":
        """The timeline that `to_json` wrote."""
        timeline = cls()
        timeline._step, timeline.seconds = values["step"], values["seconds"]
        for index, held, counts, latencies in values["stretches"]:
            stretch = timeline._at(index)
            stretch.held = held
            stretch.counts.update(counts)
            stretch.latencies = {metric: Counter(dict(map(tuple, classes))) for metric, classes in latencies}
        return timeline

    def _at(self, index: int) -> _Stretch:
        """The stretch of that index; where there would be too many, two become one, again and again."""
        while index >= self._most:
            self._coarsen()
            index //= 2
        stretch = self._stretches.get(index)
        if stretch is None:
            stretch = self._stretches[index] = _Stretch()
        return stretch

    def _coarsen(self) -> None:
        self._step *= 2
        halves, self._stretches = self._stretches, {}
        for index, stretch in halves.items():
            self._at(index // 2).add(stretch)

    def _told(self, behind: float) -> int:
        """How many stretches are whole, and lie so many seconds back."""
        return max(int((self.seconds - behind) // self._step), 0)


_NOTHING = _Stretch()


def _course(metric: str, stretches: Sequence[_Stretch]) -> Course:
    counts, p50, p99 = zip(*(stretch.course(metric) for stretch in stretches), strict=True)
    return Course(metric, counts, p50, p99)


def _percentile(classes: Mapping[int, int], percent: int) -> float:
    """In milliseconds, the middle of the class that holds it; its rank is rounded up, as that of a `Histogram` is."""
    rank = max(math.ceil(percent * sum(classes.values()) / 100), 1)
    seen = 0
    for number in sorted(classes):
        seen += classes[number]
        if seen >= rank:
            return round(2 ** ((number + 0.5) / _CLASSES) / 1e3, 3)
    return 0.0
