"""Latencies beside each other: which quantiles moved by more than the noise.

What runs of one side differ by is noise as well, and a single run does not tell that: then a quantile has to move by
more before it counts. A quantile is judged where enough samples lie beyond it. Where a bare echo took another time in
the same runs, it is the machine that differs, and what moved with it is not judged.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hdrh.histogram import HdrHistogram

from eventproof.errors import UsageError
from eventproof.report.digest import QUANTILES
from eventproof.report.records import Latency, Run

from . import bootstrap
from .bootstrap import Interval, Samples
from .comparison import Change, LatencyLine, Quantile, Shift, Side

__all__ = ["GENERATOR", "GONE", "Tolerance", "latencies"]

GENERATOR: Final = frozenset({"loop_lag", "send_lag"})
"""The latencies of the load generator itself: no target makes them better or worse."""
GONE: Final = "no samples"
"""Why a latency is not judged that the baseline has."""
_BEYOND: Final = 10
"""So many samples lie beyond a quantile, or it says little."""
_CHANCE: Final = 0.05
"""That anything of what is judged at once seems to differ, and does not."""
_FLOOR: Final = 1.25
"""How many times as long a bare echo may take before it is another machine."""
_LONGEST: Final = 200_000
"""Characters of an encoded histogram: ours have some thousand, and a longer one may be a bomb."""
_MOST: Final = 1_000
"""Metrics that are compared: a run has some sixty."""
_SMALLEST: Final = 0.001
"""A microsecond, in milliseconds: less is not recorded."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """The share that a quantile may move by: where both sides have several runs, and where one of them has one."""

    several: float = 0.1
    single: float = 0.5

    def of(self, before: Side, after: Side) -> float:
        """What holds for these two."""
        return self.single if 1 in (len(before.runs), len(after.runs)) else self.several


@dataclass(frozen=True, slots=True)
class _Metric:
    """A metric on one side: the samples of each run that has any."""

    runs: tuple[Samples, ...]

    @property
    def count(self) -> int:
        return sum(run.count for run in self.runs)

    def quantile(self, share: float) -> Quantile | None:
        if not self.runs:
            return None
        each = [run.quantile(share) for run in self.runs]
        return Quantile(bootstrap.pooled(self.runs).quantile(share), min(each), max(each), self.count)

    def is_enough_for(self, share: float) -> bool:
        return self.count * (1 - share) >= _BEYOND


def latencies(sides: Sequence[Side], tolerance: Tolerance, doubts: Sequence[str]) -> tuple[LatencyLine, ...]:
    """Every latency of any run, the floors last, by those quantiles of which some side has enough samples.

    `doubts` say of each side that is compared why its latencies are not those of the baseline's circumstances; empty
    where they are. Raises UsageError where a histogram cannot be read.
    """
    known: dict[str, Latency] = {}
    for run in (run for side in sides for run in side.runs):
        for latency in run.latency:
            known.setdefault(latency.metric, latency)
    if len(known) > _MOST:
        raise UsageError(
            f"{len(known)} latencies are more than the {_MOST} that are compared: these are no runs of ours"
        )
    metrics = {name: [_metric(side, name) for side in sides] for name in known}
    machine = [_machine(metrics, known, number) for number in range(1, len(sides))]
    judged = sum(len(_quantiles(metrics[name])) for name in known if _is_judged(known[name]))
    ordered = sorted(known.values(), key=lambda latency: (latency.floor, latency.metric in GENERATOR))
    return tuple(
        _line(latency, name, share, sides, metrics[latency.metric], _Judge(tolerance, doubts, machine, judged))
        for latency in ordered
        for name, share in _quantiles(metrics[latency.metric])
    )


@dataclass(frozen=True, slots=True)
class _Judge:
    """Says of two sides what became of a quantile."""

    tolerance: Tolerance
    doubts: Sequence[str]
    machine: Sequence[float | None]
    """How many times as long a bare echo took on each side that is compared."""
    judged: int
    """How many quantiles are judged at once: the more, the surer each must be."""

    def shift(self, number: int, share: float, sides: Sequence[Side], metrics: Sequence[_Metric]) -> Shift:
        """What became of it on the side of this number."""
        before, after = metrics[0], metrics[number]
        if not before.count or not after.count:
            return Shift(Change.UNKNOWN, GONE if before.count else "no samples in the baseline")
        found = bootstrap.ratio(before.runs, after.runs, share, _CHANCE / max(self.judged, 1))
        change, why = self._became(number, found, self.tolerance.of(sides[0], sides[number]))
        if not (before.is_enough_for(share) and after.is_enough_for(share)):
            change, why = Change.UNKNOWN, "too few samples"
        return Shift(change, why, round(found.value, 4), round(found.low, 4), round(found.high, 4))

    def _became(self, number: int, found: Interval, tolerance: float) -> tuple[Change, str]:
        if found.low > 1 + tolerance:
            change = Change.WORSE
        elif found.high < 1 / (1 + tolerance):
            change = Change.BETTER
        else:
            return Change.SAME, ""
        if self.doubts[number - 1]:
            return Change.UNKNOWN, self.doubts[number - 1]
        machine = self.machine[number - 1] or 1.0
        if (change is Change.WORSE and machine > _FLOOR) or (change is Change.BETTER and machine < 1 / _FLOOR):
            return Change.UNKNOWN, f"a bare echo took {machine:.2f} times as long: it may be the machine"
        return change, ""


def _line(
    latency: Latency, name: str, share: float, sides: Sequence[Side], metrics: Sequence[_Metric], judge: _Judge
) -> LatencyLine:
    others = range(1, len(sides))
    return LatencyLine(
        latency.metric,
        latency.what,
        name,
        tuple(metric.quantile(share) for metric in metrics),
        tuple(judge.shift(number, share, sides, metrics) for number in others)
        if _is_judged(latency)
        else tuple(Shift(Change.SAME) for _ in others),
    )


def _is_judged(latency: Latency) -> bool:
    return not latency.floor and latency.metric not in GENERATOR


def _quantiles(metrics: Sequence[_Metric]) -> list[tuple[str, float]]:
    """Those that some side has enough samples for; the median always."""
    first, *others = [(name, share) for name, _, share in QUANTILES]
    return [first, *(one for one in others if any(metric.is_enough_for(one[1]) for metric in metrics))]


def _machine(metrics: dict[str, list[_Metric]], known: dict[str, Latency], number: int) -> float | None:
    """How many times as long a bare echo took on the side of this number; None where it was not measured on both."""
    for name, latency in known.items():
        before, after = metrics[name][0], metrics[name][number]
        if latency.floor and before.count and after.count:
            return bootstrap.pooled(after.runs).quantile(0.5) / bootstrap.pooled(before.runs).quantile(0.5)
    return None


def _metric(side: Side, name: str) -> _Metric:
    return _Metric(tuple(samples for run in side.runs for samples in _samples(side, run, name) if samples.count))


def _samples(side: Side, run: Run, name: str) -> Iterable[Samples]:
    for latency in run.latency:
        if latency.metric == name and latency.count:
            yield _decoded(side, latency)


def _decoded(side: Side, latency: Latency) -> Samples:
    values, counts = [], []
    try:
        if len(latency.histogram) > _LONGEST:
            raise ValueError(f"it has {len(latency.histogram)} characters")
        for item in HdrHistogram.decode(latency.histogram).get_recorded_iterator():  # the same item again and again
            values.append(max(item.value_iterated_to / 1_000, _SMALLEST))
            counts.append(item.count_added_in_this_iter_step)
    except Exception as error:  # a reader of compressed bytes fails in many ways
        raise UsageError(
            f"{side.name}: the histogram of {latency.metric} cannot be read ({type(error).__name__}); run it again"
        ) from error
    return Samples(tuple(values), tuple(counts))
