"""A comparison for the person at the terminal: the verdict first, then what changed, then the figures side by side."""

import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TextIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.style import Style
from rich.table import Table
from rich.text import Text

from eventproof.report.digest import heading, number
from eventproof.report.terminal import OUTCOMES, VERDICTS
from eventproof.report.visible import shown

from . import words
from .comparison import Change, Comparison, Finding, JudgedLine, Shift, Standing

__all__ = ["print_comparison", "text_of"]

_LENGTH: Final = 300
_UNBOUNDED: Final = 100_000
_STYLES: Final[dict[Change, str]] = {
    Change.WORSE: "bold red",
    Change.UNKNOWN: "magenta",
    Change.DIFFERENT: "yellow",
    Change.BETTER: "green",
    Change.SAME: "dim",
}


def print_comparison(comparison: Comparison, stream: TextIO | None = None) -> None:
    """Print it, by default to standard output: coloured on a terminal, elsewhere plain lines that are never wrapped."""
    console = Console(file=stream or sys.stdout, highlight=False)
    if console.is_terminal:
        console.print(Group(*_page(comparison)))
    else:
        console.file.write(text_of(comparison))


def text_of(comparison: Comparison) -> str:
    """The plain form."""
    text = io.StringIO()
    console = Console(file=text, width=_UNBOUNDED, color_system=None, force_terminal=False, highlight=False)
    console.print(Group(*_page(comparison)))
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


def _page(comparison: Comparison) -> Iterator[RenderableType]:
    yield Text.assemble(
        (comparison.outcome.value.upper(), Style.parse(f"bold reverse {OUTCOMES[comparison.outcome]}")),
        "  ",
        (_shown(words.headline(comparison)), "bold"),
    )
    for doubt in comparison.doubts:
        yield Text(f"unknown: {_shown(doubt)}", "magenta")
    for note in comparison.notes:
        yield Text(f"note: {_shown(note)}", "yellow")
    yield from _section("Runs", _facts(comparison))
    yield from _judged("Requirements", "requirement", comparison.requirements, comparison.names)
    yield from _judged("Objectives", "objective", comparison.objectives, comparison.names, every=True)
    if comparison.latencies:
        yield from _section("Latency in ms", _latencies(comparison))
    if comparison.counts:
        yield from _section("Delivery", _counts(comparison))


def _section(title: str, *parts: RenderableType) -> Iterator[RenderableType]:
    yield Text()
    yield Text(title, "bold")
    for part in parts:
        yield Padding(part, (0, 0, 0, 2))


def _facts(comparison: Comparison) -> Table:
    table = _table("", *comparison.names)
    for fact in comparison.facts:
        table.add_row(fact.name, *(Text(_shown(told) or "–", "bold" if fact.differs else "") for told in fact.of_sides))
    return table


def _judged(
    title: str, noun: str, lines: Sequence[JudgedLine], names: Sequence[str], *, every: bool = False
) -> Iterator[RenderableType]:
    table = _table(noun, *names, *_since(names), "")
    for line in words.ranked(lines) if every else words.changed(lines):
        table.add_row(
            Text(_shown(line.name), "bold"),
            *(_stands(one, observed=every) for one in line.of_sides),
            *_changes(line.changes),
            Text("" if every else _shown(_said(line))),
        )
    if lines:
        parts = (f"{count} {change.value}" for change, count in words.tally(lines).items())
        total = Text(f"{number(len(lines), noun)}: {', '.join(parts)}")
        yield from _section(title, *([table] if table.row_count else []), total)


def _stands(standing: Standing | None, *, observed: bool) -> Text:
    told = f" ({standing.said})" if standing and observed and standing.said else ""
    return Text(_shown(words.stands(standing) + told), VERDICTS[standing.verdict] if standing else "dim")


def _said(line: JudgedLine) -> str:
    """What is said where it stands worst now; the sentence itself where nothing is."""
    return next((one.said for one in line.of_sides[1:] if one and one.said), "") or line.about


def _latencies(comparison: Comparison) -> Table:
    table = _table("", "", *comparison.names, *_since(comparison.names))
    previous = ""
    for line in comparison.latencies:
        name = "" if line.metric == previous else line.metric.replace("_", " ")
        previous = line.metric
        moved = (
            Text(f"{words.moved(shift)}  {_shown(words.became(shift))}", _STYLES[shift.change])
            for shift in line.changes
        )
        table.add_row(Text(_shown(name)), line.quantile, *map(words.quantile, line.of_sides), *moved)
    return table


def _counts(comparison: Comparison) -> Table:
    table = _table("", "", *comparison.names, *_since(comparison.names))
    previous = ""
    for line in words.shown_counts(comparison.counts):
        name = "" if line.event == previous else line.event
        previous = line.event
        table.add_row(
            Text(_shown(name)), heading(line.column), *map(words.counted, line.of_sides), *_changes(line.changes)
        )
    return table


def _changes(findings: Iterable[Finding | Shift]) -> Iterator[Text]:
    return (Text(_shown(words.became(one)), _STYLES[one.change]) for one in findings)


def _since(names: Sequence[str]) -> list[str]:
    """The heads of the columns that say what became of it."""
    return [""] if len(names) == 2 else [f"{name}, since {names[0]}" for name in names[1:]]


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for column in columns:
        table.add_column(Text(_shown(column)))
    return table


def _shown(text: str) -> str:
    return shown(text, _LENGTH)
