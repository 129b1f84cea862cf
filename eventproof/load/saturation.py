"""Whether the load generator's own figures can be believed.

A generator that is late itself measures its own delay. Its lag may be a quarter of the tightest latency that an
objective asks for; its process may use nine tenths of one core. Beyond, a run is invalid, not slow.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from eventproof.report.records import Gauge

from .histogram import Histogram
from .objectives import ObjectiveLine

_SHARE_OF_OBJECTIVE = 0.25
_USUAL_LAG = 0.25
_SMALLEST_LAG = 0.02
_BUSY = 0.9


@dataclass(frozen=True, slots=True)
class GeneratorLimits:
    """How late (seconds, at the 99th percentile) and how busy (share of one core) a process may be."""

    lag: float = _USUAL_LAG
    busy: float = _BUSY


def limits(objectives: Iterable[ObjectiveLine]) -> GeneratorLimits:
    """The limits that these objectives ask for; a lag below 20 ms is never held against a generator."""
    asked = [objective.seconds * _SHARE_OF_OBJECTIVE for objective in objectives if objective.seconds]
    return GeneratorLimits(lag=max(min(asked, default=_USUAL_LAG), _SMALLEST_LAG))


def gauges(limits: GeneratorLimits, *, loop_lag: Histogram, send_lag: Histogram, busy: float) -> tuple[Gauge, ...]:
    """The readings of one process."""
    allowed = round(limits.lag * 1e3, 3)
    return (
        Gauge("event loop lag, p99", round(loop_lag.percentiles(99)[0] * 1e3, 3), allowed, "ms"),
        Gauge("send lag, p99", round(send_lag.percentiles(99)[0] * 1e3, 3), allowed, "ms"),
        Gauge("processor use of one core", round(busy * 100, 1), round(limits.busy * 100, 1), "%"),
    )


def worst(readings: Iterable[Sequence[Gauge]]) -> tuple[Gauge, ...]:
    """The highest reading of each gauge over several processes."""
    highest: dict[str, Gauge] = {}
    for gauge in (gauge for process in readings for gauge in process):
        known = highest.get(gauge.name, gauge)
        highest[gauge.name] = replace(known, value=max(known.value, gauge.value))
    return tuple(highest.values())


def saturated(readings: Iterable[Gauge]) -> str:
    """Why the figures are not to be believed; empty where they are."""
    return " and ".join(
        f"{gauge.name} was {gauge.value:g} {gauge.unit} ({gauge.limit:g} {gauge.unit} are allowed)"
        for gauge in readings
        if gauge.value > gauge.limit
    )
