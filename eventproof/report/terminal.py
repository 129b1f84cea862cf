"""The summary of a run for the person at the terminal: the verdict first, then what is no plain pass, then the figures.

On a terminal it is coloured and wrapped to the width; elsewhere it is plain lines that are never wrapped.
"""

import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO, cast

from rich.columns import Columns
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.style import Style
from rich.table import Table
from rich.text import Text

from eventproof.verdict import Outcome, Verdict

from . import digest
from .records import Check, Delivery, RequirementResult, Run
from .visible import shown

__all__ = ["VERDICTS", "print_summary", "summary"]

_FRAMES = 16
_FRAME_LENGTH = 200
_LENGTH = 2_000
_UNBOUNDED = 100_000

OUTCOMES: dict[Outcome, str] = {
    Outcome.PASS: "green",
    Outcome.FAIL: "red",
    Outcome.INVALID: "yellow",
    Outcome.ERROR: "magenta",
    Outcome.INTERRUPTED: "yellow",
}
VERDICTS: dict[Verdict, str] = {
    Verdict.PASS: "green",
    Verdict.FAIL: "red",
    Verdict.WARN: "yellow",
    Verdict.NOT_TESTABLE: "red",
    Verdict.NOT_APPLICABLE: "dim",
    Verdict.INCONCLUSIVE: "magenta",
    Verdict.HARNESS_ERROR: "magenta",
}
"""The style of each verdict's name, for all that is printed on a terminal."""


def print_summary(run: Run, *, report: Path | None = None, stream: TextIO | None = None) -> None:
    """Print the summary, by default to standard output; `report` is where the HTML report lies."""
    console = Console(file=stream or sys.stdout, highlight=False)
    if console.is_terminal:
        console.print(_page(run, report, styled=True))
    else:
        console.file.write(summary(run, report=report))


def summary(run: Run, *, report: Path | None = None) -> str:
    """The summary in its plain form."""
    text = io.StringIO()
    Console(file=text, width=_UNBOUNDED, color_system=None, force_terminal=False, highlight=False).print(
        _page(run, report, styled=False)
    )
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


def _page(run: Run, report: Path | None, *, styled: bool) -> Group:
    sections = (
        _verdict(run, styled),
        _notes(run),
        _objectives(run),
        _requirements(run),
        *_failures(run),
        _latency(run),
        _delivery(run),
        _load(run),
        _report(report),
    )
    shown = [section for section in sections if section is not None]
    return Group(shown[0], *(part for section in shown[1:] for part in (Text(), section)))


def _verdict(run: Run, styled: bool) -> RenderableType:
    word = run.outcome.value.upper()
    about = f"{run.kind} of {', '.join(run.systems) or 'nothing'} at {run.target}"
    facts = f"{digest.seconds(run.seconds)}, seed {run.seed}, {run.tool}"
    return Group(
        Text.assemble(
            (f" {word} " if styled else word, Style.parse(f"bold reverse {OUTCOMES[run.outcome]}")),
            "  ",
            (_shown(digest.headline(run)), "bold"),
        ),
        Text(_shown(f"{about} ({facts})"), "dim"),
    )


def _notes(run: Run) -> RenderableType | None:
    return Group(*(Text(f"note: {_shown(note)}", "yellow") for note in run.notes)) if run.notes else None


def _requirements(run: Run) -> RenderableType | None:
    if not run.requirements:
        return None
    lines = _grid()
    for requirement in digest.notable(run):
        lines.add_row(
            Text(requirement.id, "bold"),
            requirement.level.value,
            _named(requirement.verdict),
            Text(_shown(requirement.reason or requirement.sentence)),
        )
    tally = digest.tally(run)
    counted = Text(", ").join(Text(f"{count} {verdict.value}", VERDICTS[verdict]) for verdict, count in tally.items())
    total = Text.assemble(digest.number(sum(tally.values()), "requirement"), ": ", counted)
    silent = (Text(_shown(line), "dim") for line in digest.silent(run))
    return Group(*([lines] if lines.row_count else []), *silent, total)


def _objectives(run: Run) -> RenderableType | None:
    lines = _grid()
    for objective in digest.objectives(run):
        observed = Text(f"observed {_shown(objective.observed)}")
        lines.add_row(_named(objective.verdict), Text(_shown(objective.expression), "bold"), observed)
    return _section("Objectives", lines) if run.objectives else None


def _failures(run: Run) -> Iterator[RenderableType]:
    for finding in digest.findings(run):
        requirement = finding.requirement
        title = Text.assemble((requirement.id, "bold"), f" {requirement.level.value} ", _shown(requirement.sentence))
        if finding.pointer:
            yield Group(title, _indented(Text(finding.pointer, "dim")))
        elif finding.checks:
            yield Group(
                title,
                *(
                    _indented(_check(check, requirement, with_frames=check is finding.checks[0]))
                    for check in finding.checks
                ),
                *([_indented(_remedies(requirement))] if requirement.remedies else []),
                *([_indented(_alike(finding.alike))] if finding.alike else []),
            )


def _remedies(requirement: RequirementResult) -> RenderableType:
    lines = _grid()
    for remedy in requirement.remedies:
        for name, told in (("likely", remedy.cause), *remedy.ways):
            lines.add_row(
                Text(name.partition(" ")[0].removesuffix("'s").removesuffix(",").lower(), "dim"), Text(_shown(told))
            )
    return lines


def _alike(ids: Sequence[str]) -> RenderableType:
    return Text(_shown(f"look at this first: for the same reason inconclusive are {', '.join(ids)}"), "dim")


def _check(check: Check, requirement: RequirementResult, *, with_frames: bool) -> RenderableType:
    lines = _grid()
    told, also = requirement.reason, digest.also(requirement, check)
    facts = (
        ("check", check.name),
        ("also", ", ".join(also)),
        ("reason", "" if check.reason == told else check.reason),
        ("expected", check.expected),
        ("observed", check.observed),
    )
    for name, fact in facts:
        if fact:
            lines.add_row(Text(name, "dim"), Text(_shown(fact)))
    if check.frames and with_frames:
        lines.add_row(Text("frames", "dim"), _frames(check))
    if check.repeat:
        lines.add_row(Text("repeat", "dim"), Text(_shown(check.repeat), "cyan"))
    return lines


def _frames(check: Check) -> RenderableType:
    lines = _grid()
    chosen = digest.around(check.frames, _FRAMES)
    left_out = len(check.frames) - len(chosen)
    for frame in chosen:
        lines.add_row(
            Text(f"{frame.at:+.4f} s", "dim", justify="right"),
            Text(_shown(frame.actor)),
            Text(_shown(frame.kind), "dim"),
            Text(_shown(frame.text, _FRAME_LENGTH)).append("  <- this" if frame.marked else "", "bold"),
        )
    return Group(Text(f"({left_out} more are in the report)", "dim"), lines) if left_out > 0 else lines


def _latency(run: Run) -> RenderableType | None:
    if not run.latency:
        return None
    table = _table("", "count", *(name for name, _, _ in digest.QUANTILES), "max")
    for latency in sorted(run.latency, key=lambda latency: latency.floor):
        table.add_row(
            Text(_shown(digest.metric(latency))),
            f"{latency.count:,}",
            *(digest.quantile(latency, field, share) for _, field, share in digest.QUANTILES),
            digest.milliseconds(latency.maximum) if latency.count else "–",
        )
    return _section("Latency in ms, from the intended time of the action", _Fitting(table))


def _delivery(run: Run) -> RenderableType | None:
    if not run.delivery:
        return None
    columns = digest.columns(run.delivery)
    table = _table("", *map(digest.heading, columns))
    for delivery in run.delivery:
        table.add_row(Text(_shown(delivery.event)), *(_column(delivery, column) for column in columns))
    return _section("Delivery", _Fitting(table))


def _column(delivery: Delivery, column: str) -> Text:
    count = getattr(delivery, column)
    return Text(f"{count:,}", "bold red" if digest.is_wrong(delivery, column) else "" if count else "dim")


def _load(run: Run) -> RenderableType | None:
    load = run.load
    if load is None:
        return None
    size = ", ".join(
        (
            digest.number(load.users, "user"),
            digest.number(load.connections, "connection"),
            digest.number(load.processes, "process", "processes"),
            digest.seconds(load.seconds),
        )
    )
    stragglers = Text(_shown(f"stragglers: {', '.join(load.stragglers)}"), "red") if load.stragglers else None
    return Group(Text(f"Load: {size}"), *([stragglers] if stragglers else []))


def _report(report: Path | None) -> RenderableType | None:
    if report is None:
        return None
    return Text.assemble("Report: ", (str(report), Style(link=report.resolve().as_uri())))


def _section(title: str, content: RenderableType) -> RenderableType:
    return Group(Text(title, "bold"), _indented(content))


def _indented(content: RenderableType) -> RenderableType:
    return Padding(content, (0, 0, 0, 2))


def _grid() -> Table:
    return Table.grid(padding=(0, 2, 0, 0))


def _table(name: str, *columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column(name)
    for column in columns:
        table.add_column(column, justify="right")
    return table


class _Fitting:
    """A table of figures; where the terminal has no room for it, each row is told in words, which may be wrapped."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if Measurement.get(console, options.update(max_width=_UNBOUNDED), self._table).maximum <= options.max_width:
            yield self._table
            return
        names, *columns = self._table.columns
        for row, name in enumerate(names.cells):
            yield name
            told = [
                Text.assemble((f"{column.header} ", "dim"), cast(Text | str, list(column.cells)[row]))
                for column in columns
            ]
            yield _indented(Columns(told, padding=(0, 2)))


def _named(verdict: Verdict) -> Text:
    return Text(verdict.value, f"bold {VERDICTS[verdict]}")


def _shown(text: str, length: int = _LENGTH) -> str:
    return shown(text, length)
