"""Percentile curves: the geometry of a chart whose horizontal axis gives every further nine the same room.

Both axes are logarithmic: across, how rare (50 %, 90 %, 99 %, …); up, the latency. Pure: distributions in,
coordinates out; the page draws them.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .digest import metric
from .records import Latency

__all__ = ["NARROW", "WIDE", "Canvas", "Chart", "Curve", "Tick", "charts"]

CURVES = 6
"""How many curves one chart holds, its floor not counted: as many as there are colours."""

_SMALLEST, _LARGEST = 0.001, 3_600_000.0
"""A microsecond and an hour, in milliseconds: what is recorded lies between them, and no logarithm is taken of zero."""
_MOST = 10**9
"""More samples than that move no curve."""
_LABEL = 15.0
_SHARES = (0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999)

_TICK = 52.0
"""How much room the label of a tick takes across."""

Point = tuple[float, float]
Sampled = tuple[Latency, Sequence[Point]]


@dataclass(frozen=True, slots=True)
class Canvas:
    """What a chart is drawn on, and where on it the curves lie."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float


WIDE = Canvas(860, 360, 70, 716, 14, 320)
"""With room for the names at the ends of the curves."""
NARROW = Canvas(400, 300, 70, 390, 14, 256)
"""For a telephone, where the names stand below."""


@dataclass(frozen=True, slots=True)
class Tick:
    """One line of the grid and what stands at it."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Curve:
    """One distribution: the path that draws it and where its name stands. `colour` is None for the floor."""

    name: str
    path: str
    end: Point
    label: float
    colour: int | None

    @property
    def hue(self) -> str:
        """Which of the page's colours it has."""
        return "floor" if self.colour is None else f"c{self.colour}"


@dataclass(frozen=True, slots=True)
class Chart:
    """What one chart shows."""

    title: str
    canvas: Canvas
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    curves: tuple[Curve, ...]


def charts(latencies: Iterable[Latency], canvas: Canvas = WIDE) -> list[Chart]:
    """One chart, or where that would hold too many curves, one for each family of metrics (`ban_to_…`) and one for
    all the others. The floor is in every one; service times are in none, as they would hide what they differ from.
    """
    counted = ((latency, points(latency)) for latency in latencies if latency.count and not latency.is_service)
    sampled = [(latency, samples) for latency, samples in counted if samples]
    floors = [(latency, samples) for latency, samples in sampled if latency.floor]
    measured = [(latency, samples) for latency, samples in sampled if not latency.floor]
    groups = [measured] if len(measured) <= CURVES else list(_families(measured))
    return [_chart(group, floors, canvas) for group in groups if group or floors]


def points(latency: Latency) -> list[Point]:
    """The distribution as (share, milliseconds), rising; from its histogram, or from its figures where it has none.

    A sample stands in the middle of its rank, so the largest of a hundred is at 99.5 %.
    """
    last = 1 - 0.5 / min(latency.count, _MOST)
    recorded = list(_recorded(latency.histogram)) or [
        (1 - last, latency.minimum),
        (0.5, latency.p50),
        (0.9, latency.p90),
        (0.99, latency.p99),
        (0.999, latency.p999),
        (last, latency.maximum),
    ]
    return [
        (share, min(max(value, _SMALLEST), _LARGEST))
        for share, value in recorded
        if share <= last and math.isfinite(value)
    ]


def _recorded(encoded: str) -> Iterator[Point]:
    if not encoded:
        return
    from hdrh.histogram import HdrHistogram  # of the extra `swarm`, without which nobody measures latencies

    try:
        histogram = HdrHistogram.decode(encoded)
    except Exception:  # a histogram that we cannot read costs the curve its detail, not the report
        return
    count = histogram.get_total_count()
    for item in histogram.get_recorded_iterator():
        yield (item.total_count_to_this_value - 0.5) / count, item.value_iterated_to / 1_000


def _families(measured: Iterable[Sampled]) -> Iterator[Sequence[Sampled]]:
    families: dict[str, list[Sampled]] = {}
    for latency, samples in measured:
        families.setdefault(latency.metric.split("_")[0], []).append((latency, samples))
    alone = [one for family in families.values() if len(family) == 1 for one in family]
    for family in (*(family for family in families.values() if len(family) > 1), alone):
        for start in range(0, len(family), CURVES):
            yield family[start : start + CURVES]


def _chart(group: Sequence[Sampled], floors: Sequence[Sampled], canvas: Canvas) -> Chart:
    distributions = (*group, *floors)
    rarest = max(_rarity(samples[-1][0]) for _, samples in distributions)
    values = [value for _, samples in distributions for _, value in samples]
    bottom, top = _round_down(min(values)), _round_up(max(values))

    def place(point: Point) -> Point:
        share, value = point
        across = canvas.left + (canvas.right - canvas.left) * _rarity(share) / rarest
        up = canvas.bottom - (canvas.bottom - canvas.top) * math.log(value / bottom) / math.log(top / bottom)
        return round(across, 1), round(up, 1)

    drawn = [
        (latency, _thinned([place(point) for point in samples], canvas.left)) for latency, samples in distributions
    ]
    labels = _apart([line[-1][1] for _, line in drawn], canvas.bottom)
    shares = (Tick(place((share, bottom))[0], f"{share * 100:.6g} %") for share in _SHARES if _rarity(share) <= rarest)
    return Chart(
        title=", ".join(metric(latency) for latency, _ in distributions),
        canvas=canvas,
        across=tuple(_readable(shares)),
        up=tuple(Tick(place((0, value))[1], _figure(value)) for value in _steps(bottom, top)),
        curves=tuple(
            Curve(
                name=metric(latency),
                path="M" + "L".join(f"{x:g} {y:g}" for x, y in line),
                end=line[-1],
                label=label,
                colour=None if latency.floor else number,
            )
            for number, ((latency, line), label) in enumerate(zip(drawn, labels, strict=True))
        ),
    )


def _rarity(share: float) -> float:
    return -math.log10(1 - share)


def _readable(ticks: Iterable[Tick]) -> Iterator[Tick]:
    """The ticks whose labels do not run into the one before."""
    last = -math.inf
    for tick in ticks:
        if tick.at - last >= _TICK:
            last = tick.at
            yield tick


def _thinned(line: Sequence[Point], left: float) -> list[Point]:
    """The line without the points that no eye can tell from the one before."""
    kept = [line[0]]
    for x, y in line[1:-1]:
        if abs(x - kept[-1][0]) >= 1 or abs(y - kept[-1][1]) >= 1:
            kept.append((x, y))
    return [*kept, line[-1]] if len(line) > 1 else [(left, line[0][1]), line[0]]


def _apart(heights: Sequence[float], bottom: float) -> list[float]:
    """Where labels stand that would like to be at these heights, none above another."""
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    placed: dict[int, float] = {}
    lowest = bottom - _LABEL * (len(heights) - 1)
    previous = -math.inf
    for position, index in enumerate(order):
        room_below = lowest + _LABEL * position
        previous = max(min(heights[index], room_below), previous + _LABEL)
        placed[index] = round(previous, 1)
    return [placed[index] for index in range(len(heights))]


def _steps(bottom: float, top: float) -> list[float]:
    """1, 2 and 5 of every decade; of many decades the ones alone."""
    leads = (1, 2, 5) if math.log10(top / bottom) <= 3.01 else (1,)
    first, last = math.floor(math.log10(bottom) - 1e-9), math.ceil(math.log10(top) + 1e-9)
    steps = [lead * 10.0**power for power in range(first, last + 1) for lead in leads]
    return [step for step in steps if bottom * 0.999 <= step <= top * 1.001]


def _round_down(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return max(lead * power for lead in (0.5, 1, 2, 5) if lead * power < value)


def _round_up(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return min(lead * power for lead in (1, 2, 5, 10, 20) if lead * power > value)


def _figure(value: float) -> str:
    return f"{value:,.3f}".rstrip("0").rstrip(".") + " ms"
