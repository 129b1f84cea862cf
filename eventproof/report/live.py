"""How a swarm goes on, on standard error: a table that moves in a terminal, a line now and then elsewhere."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from . import digest
from .records import Course, Delivery, Glance
from .timecharts import clock, of_the_target
from .visible import visible

__all__ = ["Watcher", "watching"]

_ROWS = 8
"""How many latencies and how many events are shown: a terminal has so many lines."""
_SELDOM, _LINES = 10.0, 20
"""Where there is no terminal: a line every ten seconds, and at most so many in a run."""


class Watcher(Protocol):
    """Hears how a swarm goes on."""

    def passed(self, seconds: float, /) -> None:
        """So many seconds have passed since it was started."""

    def saw(self, glance: Glance, /) -> None:
        """This is how it stands."""


@contextmanager
def watching(what: str, seconds: float, stream: TextIO | None = None) -> Iterator[Watcher]:
    """Show `what` while the block runs, which is to take so many seconds, and what its watcher is told."""
    console = Console(file=stream or sys.stderr, highlight=False)
    if not console.is_terminal or console.is_dumb_terminal:
        yield _Lines(what, seconds, stream or sys.stderr)
        return
    table = _Moving(what, seconds)
    with Live(get_renderable=table.drawn, console=console, transient=True):
        yield table


class _Lines:
    """Tells what it hears now and then, a line each."""

    def __init__(self, what: str, seconds: float, stream: TextIO) -> None:
        self._stream = stream
        self._every = max(_SELDOM, seconds / _LINES)
        self._next = self._every
        self._say(what)

    def passed(self, seconds: float, /) -> None:
        """Nothing: time passes without lines."""

    def saw(self, glance: Glance, /) -> None:
        """A line, where one is due."""
        if glance.seconds >= self._next:
            self._next = glance.seconds - glance.seconds % self._every + self._every
            self._say(f"{clock(glance.seconds)}: {_sentence(glance)}")

    def _say(self, line: str) -> None:
        with suppress(BrokenPipeError):  # nobody reads on, which is no reason to stop
            print(line, file=self._stream, flush=True)


class _Moving:
    """A bar, and below it the table of what was seen last."""

    def __init__(self, what: str, seconds: float) -> None:
        self._seconds = seconds
        self._glance: Glance | None = None
        columns = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=24), TimeElapsedColumn())
        self._bar = Progress(*columns)
        self._task = self._bar.add_task(what, total=seconds)

    def passed(self, seconds: float, /) -> None:
        """Move the bar on."""
        self._bar.update(self._task, completed=min(seconds, self._seconds))

    def saw(self, glance: Glance, /) -> None:
        """Show this from now on."""
        self._glance = glance

    def drawn(self) -> RenderableType:
        """All of it, as it stands."""
        if self._glance is None:
            return self._bar.get_renderable()
        tables = (_latencies(self._glance.recent.courses, self._glance.recent.seconds), _events(self._glance.delivery))
        shown = (table for table in tables if table.row_count)
        return Group(self._bar.get_renderable(), Text(", ".join(_counts(self._glance))), *shown)


def _sentence(glance: Glance) -> str:
    slowest = max(of_the_target(glance.recent.courses), key=lambda course: max(course.p99), default=None)
    latency = [f"slowest: {_name(slowest)}, p99 {digest.milliseconds(max(slowest.p99))} ms"] if slowest else []
    return ", ".join([*_counts(glance), *latency])


def _counts(glance: Glance) -> list[str]:
    recent = glance.recent
    seconds = recent.seconds or 1.0
    rates = {flow.name: sum(flow.values) / seconds for flow in recent.flows}
    lost, leaked = (sum(getattr(one, column) for one in glance.delivery) for column in ("lost", "leaked"))
    parts = (
        f"{max(recent.connections, default=0):,.0f} connections",
        f"{rates.get('delivered', 0):,.0f} delivered a second",
        f"{rates['acknowledged']:,.0f} acknowledged a second" if rates.get("acknowledged") else "",
        f"{lost:,} lost",
        f"{leaked:,} leaked" if leaked else "",
    )
    return [part for part in parts if part]


def _latencies(courses: Iterable[Course], seconds: float) -> Table:
    table = _table(f"ms, over the last {seconds:g} s", "a second", "p50", "p99")
    for course in [one for one in of_the_target(courses) if sum(one.counts)][:_ROWS]:
        rate = f"{sum(course.counts) / seconds:,.1f}"
        table.add_row(_name(course), rate, *(digest.milliseconds(max(value)) for value in (course.p50, course.p99)))
    return table


def _events(delivery: Iterable[Delivery]) -> Table:
    told = sorted((one for one in delivery if one.expected or one.leaked), key=lambda one: -one.expected)[:_ROWS]
    wrong = [column for column in digest.ACCOUNT if any(digest.is_wrong(one, column) for one in told)]
    acknowledged = ["acknowledged"] if any(one.acknowledged for one in told) else []
    columns = ("expected", "delivered", *acknowledged, *wrong)
    table = _table("so far", *map(digest.heading, columns))
    for one in told:
        table.add_row(visible(one.event), *(f"{getattr(one, column):,}" for column in columns))
    return table


def _table(name: str, *columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column(name, min_width=26, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _name(course: Course) -> str:
    return visible(digest.heading(course.metric))
