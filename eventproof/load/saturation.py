"""Whether the load generator's own figures can be believed.

A generator that is late itself measures its own delay. Its lag may be a quarter of the tightest latency that an
objective asks for, and so may be what nobody knows of the clocks of several processes; its process may use nine tenths
of one core, and hardly more in any ten seconds; of the files that it may have open some must be left. Beyond, a run is
invalid, not slow.

A lag is judged by its 99th percentile, and that of few samples is their longest one: a single hiccup. So it saturates
only where more samples are late than chance has it with one in a hundred. In between, what is met holds all the same,
as a lag only adds to a latency and to what is lost; what is missed may be the lag's own doing, and is not judged.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from eventproof.chance import at_least
from eventproof.report.records import Gauge

from .histogram import Histogram
from .objectives import ObjectiveLine

__all__ = ["GeneratorLimits", "Headroom", "Readings", "gauges", "late_by_chance", "limits", "saturated", "worst"]

_SHARE_OF_OBJECTIVE = 0.25
_USUAL_LAG = 0.25
_SMALLEST_LAG = 0.02
_BUSY, _BUSIEST, _FILES = 0.9, 0.95, 0.95
_LATE, _DOUBT = 0.01, 0.05
"""The share of samples that may be late, and how likely so many must be with it to be put down to chance."""
_WINDOW = 10.0
"""Seconds: in a long run a stall of a few is in no percentile, and still spoils what was measured in it."""


@dataclass(frozen=True, slots=True)
class GeneratorLimits:
    """How late (seconds, at the 99th percentile) and how busy (share of one core) a process may be."""

    lag: float = _USUAL_LAG
    busy: float = _BUSY
    busiest: float = _BUSIEST
    files: float = _FILES


@dataclass(frozen=True, slots=True)
class Readings:
    """What was read of one process."""

    loop_lag: Histogram
    send_lag: Histogram
    busy: float = 0.0
    """The share of one core that it used."""
    busiest: float = 0.0
    """The same in its busiest ten seconds."""
    files: float = 0.0
    """The highest share of the files that it may have open."""
    clock: float | None = None
    """The most seconds by which its clock may have been misjudged; None where it shares no measurement."""


class Headroom:
    """Sampled once a second or so: how busy a process is, and how many files it has open."""

    def __init__(self) -> None:
        self.busiest = 0.0
        self.files = 0.0
        self._samples: deque[tuple[float, float]] = deque()
        """Moments, and the seconds of processor used by then."""

    def sample(self, at: float, processor: float, files: float) -> None:
        """Enter what is so now: the seconds of processor used so far, and the share of files that are open."""
        self.files = max(self.files, files)
        self._samples.append((at, processor))
        while len(self._samples) > 1 and self._samples[1][0] <= at - _WINDOW:
            self._samples.popleft()
        since, used = self._samples[0]
        if at - since >= _WINDOW:
            self.busiest = max(self.busiest, (processor - used) / (at - since))


def limits(objectives: Iterable[ObjectiveLine]) -> GeneratorLimits:
    """The limits that these objectives ask for; a lag below 20 ms is never held against a generator."""
    asked = [objective.seconds * _SHARE_OF_OBJECTIVE for objective in objectives if objective.seconds]
    return GeneratorLimits(lag=max(min(asked, default=_USUAL_LAG), _SMALLEST_LAG))


def gauges(limits: GeneratorLimits, readings: Readings) -> tuple[Gauge, ...]:
    """The readings of one process beside what is allowed."""
    lags = [("event loop lag, p99", readings.loop_lag), ("send lag, p99", readings.send_lag)]
    clock = () if readings.clock is None else (_milliseconds("clock uncertainty", readings.clock, limits.lag),)
    return (
        *(_late(name, lag, limits.lag) for name, lag in lags),
        _percent("processor use of one core", readings.busy, limits.busy),
        _percent("processor use, busiest 10 s", readings.busiest, limits.busiest),
        _percent("open files of those allowed", readings.files, limits.files),
        *clock,
    )


def worst(readings: Iterable[Sequence[Gauge]]) -> tuple[Gauge, ...]:
    """The highest reading of each gauge over several processes; one that is no chance before those that may be."""
    highest: dict[str, Gauge] = {}
    for gauge in (gauge for process in readings for gauge in process):
        known = highest.get(gauge.name, gauge)
        highest[gauge.name] = max(known, gauge, key=lambda one: (one.is_over and not one.by_chance, one.value))
    return tuple(highest.values())


def saturated(readings: Iterable[Gauge]) -> str:
    """Why the figures are not to be believed; empty where they are."""
    return _told(gauge for gauge in readings if gauge.is_over and not gauge.by_chance)


def late_by_chance(readings: Iterable[Gauge]) -> str:
    """What lagged in so few samples that chance may have it so; empty where nothing did."""
    return _told(gauge for gauge in readings if gauge.by_chance)


def _told(readings: Iterable[Gauge]) -> str:
    return " and ".join(
        f"{gauge.name} was {gauge.value:g} {gauge.unit} ({gauge.limit:g} {gauge.unit} are allowed)"
        for gauge in readings
    )


def _late(name: str, lag: Histogram, limit: float) -> Gauge:
    gauge = _milliseconds(name, lag.percentiles(99)[0], limit)
    return replace(gauge, by_chance=gauge.is_over and at_least(lag.above(limit), len(lag), _LATE) >= _DOUBT)


def _milliseconds(name: str, value: float, limit: float) -> Gauge:
    return Gauge(name, round(value * 1e3, 3), round(limit * 1e3, 3), "ms")


def _percent(name: str, value: float, limit: float) -> Gauge:
    return Gauge(name, round(value * 100, 1), round(limit * 100, 1), "%")
