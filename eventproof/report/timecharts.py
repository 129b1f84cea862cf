"""Charts over time: the geometry of what happened when, one small chart a subject, with linear axes from zero.

Pure: a series in, coordinates out; the page draws them. Where a stretch has no samples, a line is broken.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, zip_longest

from . import digest
from .records import Course, Delivery, Series

__all__ = ["Line", "Mark", "TimeChart", "charts", "clock", "of_the_target", "parted"]

WIDTH, HEIGHT = 440, 190
LEFT, RIGHT, TOP, BOTTOM = 50, 432, 12, 160

_LEAST, _MOST = 1e-6, 1e15
"""Less than that of anything is nothing, and more moves no line."""
_TICKS = 4
_TIMES = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
_LAGS = ("loop_lag", "send_lag")
_LOSSES = ("lost", "duplicate", "out_of_order", "leaked")
"""What is drawn only where there is any: it should not be."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Mark:
    """A line of the grid and what stands at it."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """One figure over time: the path that draws it, and the most that it came to. `colour` is one of the page's."""

    name: str
    path: str
    most: str
    colour: str


@dataclass(frozen=True, slots=True)
class TimeChart:
    """What one chart shows."""

    title: str
    across: tuple[Mark, ...]
    up: tuple[Mark, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class _Figure:
    """One figure before it is drawn: a value a stretch, None where there is none."""

    name: str
    values: Sequence[float | None]
    colour: str = ""


def charts(series: Series | None) -> Iterator[TimeChart]:
    """The charts of a series: connections, deliveries, acknowledgements, then each latency, the generator's own last.

    What never happened has no chart.
    """
    if series is None or not all(0 < length < _MOST for length in (series.step, series.seconds, series.begins + 1)):
        return
    for title, unit, figures in _subjects(series):
        chart = _chart(series, title, unit, figures)
        if chart is not None:
            yield chart


def clock(seconds: float) -> str:
    """A time since the start as people read it: `40 s`, `2:30`, `1:05:00`."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes}:{rest:02}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def of_the_target(courses: Iterable[Course]) -> list[Course]:
    """The latencies that say something of the target, and not of the load generator alone."""
    return [course for course in courses if course.metric not in _LAGS]


def parted(series: Series | None, delivery: Iterable[Delivery]) -> tuple[Series | None, Series | None]:
    """What tells of the run as a whole, and each event's own latency: of the latter there may be dozens."""
    if series is None:
        return None, None
    events = {account.event.rpartition("/")[2] for account in delivery}
    own = tuple(course for course in series.courses if course.metric in events)
    others = tuple(course for course in series.courses if course.metric not in events)
    return replace(series, courses=others), replace(series, connections=(), flows=(), courses=own)


def _subjects(series: Series) -> Iterator[tuple[str, str, Sequence[_Figure]]]:
    flows = {flow.name: _rates(series, flow.values) for flow in series.flows}
    courses = {course.metric: course for course in series.courses}
    yield "connections", "", [_Figure("open", series.connections)]
    yield "sessions opened", "a second", _of(flows, "sessions")
    yield "deliveries", "a second", [*_of(flows, "delivered"), *_of(flows, *_LOSSES)]
    yield "acknowledgements", "a second", _of(flows, "acknowledged")
    for course in of_the_target(series.courses):
        yield course.metric.replace("_", " "), "ms", [_percentile(course, "p50"), _percentile(course, "p99")]
    lags = [_percentile(courses[name], "p99", name) for name in _LAGS if name in courses]
    yield "the load generator's own delay", "ms", lags


def _of(flows: dict[str, list[float]], *names: str) -> list[_Figure]:
    return [
        _Figure(digest.heading(name), flows[name], "fail" if name == "lost" else "")
        for name in names
        if any(flows.get(name, ()))
    ]


def _percentile(course: Course, field: str, metric: str = "") -> _Figure:
    values = zip_longest(course.counts, getattr(course, field), fillvalue=0)
    name = f"{digest.heading(metric)} {field}".strip()
    return _Figure(name, [float(value) if samples else None for samples, value in values])


def _rates(series: Series, values: Sequence[int]) -> list[float]:
    return [value / length for value, (_, length) in zip(values, _stretches(series), strict=False)]


def _stretches(series: Series) -> Iterator[tuple[float, float]]:
    """When each begins, and how long it is; what is left over at the end is none where it is less than half of one."""
    for number in count():
        begins = number * series.step
        length = min(series.step, series.seconds - begins)
        if number and length < series.step / 2:
            return
        yield begins, length


def _chart(series: Series, title: str, unit: str, figures: Sequence[_Figure]) -> TimeChart | None:
    drawn = [
        (
            figure,
            [
                (begins + length / 2, _bounded(value))
                for value, (begins, length) in zip(figure.values, _stretches(series), strict=False)
            ],
        )
        for figure in figures
    ]
    values = [y for _, points in drawn for _, y in points if y is not None]
    if not any(values):
        return None
    step = _round_step(max(values) / _TICKS)
    top = step * math.ceil(max(values) / step - 1e-9)

    def place(x: float, y: float) -> Point:
        across = LEFT + (RIGHT - LEFT) * x / series.seconds
        return round(across, 1), round(BOTTOM - (BOTTOM - TOP) * y / top, 1)

    return TimeChart(
        title=f"{title}, {unit}" if unit else title,
        across=tuple(Mark(place(at - series.begins, 0)[0], clock(at)) for at in _times(series.begins, series.seconds)),
        up=tuple(Mark(place(0, number * step)[1], f"{number * step:,.6g}") for number in range(round(top / step) + 1)),
        lines=tuple(
            Line(
                figure.name,
                "".join(_pieces([None if y is None else place(x, y) for x, y in points])),
                _told(max((y for _, y in points if y is not None), default=0.0)),
                figure.colour or f"c{number}",
            )
            for number, (figure, points) in enumerate(drawn)
        ),
    )


def _bounded(value: float | None) -> float | None:
    if value is None or math.isnan(value):
        return None
    return min(value, _MOST) if value >= _LEAST else 0.0


def _told(value: float) -> str:
    figure = digest.milliseconds(value)
    return figure.rstrip("0").rstrip(".") if "." in figure else figure


def _pieces(points: Sequence[Point | None]) -> Iterator[str]:
    """The path of a line; a point with nothing on either side is a dot."""
    previous = None
    for index, point in enumerate(points):
        if point is not None:
            x, y = point
            following = points[index + 1] if index + 1 < len(points) else None
            dot = "h0" if previous is None and following is None else ""
            yield f"{'M' if previous is None else 'L'}{x:g} {y:g}{dot}"
        previous = point


def _round_step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(lead * power for lead in (1, 2, 5, 10) if lead * power >= least * (1 - 1e-9))


def _times(begins: float, seconds: float) -> list[float]:
    """The round times of these seconds, at most five."""
    longest = _TIMES[-1] * math.ceil(seconds / _TIMES[-1] / _TICKS)
    step = next((time for time in _TIMES if seconds / time <= _TICKS), longest)
    first = math.ceil(begins / step)
    return [float(number * step) for number in range(first, int((begins + seconds) / step) + 1)]
