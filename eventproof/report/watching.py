"""What a watch hears, as it hears it: a live table in a terminal, plain lines elsewhere. On standard error."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol, TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from .visible import shown

__all__ = ["Row", "Spectator", "spectating"]

_LENGTH = 300
_MOST = 200
"""Findings that are told as they come; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Row:
    """One event so far; `wrong` counts what was wrong with it, by what was judged."""

    system: str
    channel: str
    name: str
    count: int
    wrong: Mapping[str, int]
    for_whom: int
    """Of how many it could be told whom they were for."""


class _Told(Protocol):
    @property
    def sentence(self) -> str:
        """What was found."""


class Spectator(Protocol):
    """Is told of a watch as it goes."""

    def heard(self, rows: Sequence[Row], findings: Sequence[_Told], /) -> None:
        """All events so far, and what was found since the last time."""


@contextmanager
def spectating(what: str, stream: TextIO | None = None) -> Iterator[Spectator]:
    """The display that suits the stream, by default standard error; `what` is its title."""
    console = Console(file=stream or sys.stderr, highlight=False)
    if not console.is_terminal or console.is_dumb_terminal:
        yield _Lines(what, stream or sys.stderr)
        return
    with Live(console=console, refresh_per_second=4, transient=True) as live:
        yield _Table(what, live)


class _Lines:
    """A line for the first of each event, and for each finding."""

    def __init__(self, what: str, stream: TextIO) -> None:
        self._stream, self._known, self._told = stream, set[tuple[str, str]](), 0
        self._say(what)

    def heard(self, rows: Sequence[Row], findings: Sequence[_Told]) -> None:
        """Part of Spectator."""
        for row in rows:
            if (row.channel, row.name) not in self._known:
                self._known.add((row.channel, row.name))
                self._say(f"heard   {row.system}: {row.name} on {row.channel}")
        for finding in findings:
            self._told += 1
            if self._told <= _MOST:
                self._say(f"wrong   {finding.sentence}")
            elif self._told == _MOST + 1:
                self._say("wrong   … further ones are counted, and in the report")

    def _say(self, line: str) -> None:
        with suppress(BrokenPipeError):
            print(shown(line, _LENGTH), file=self._stream, flush=True)


class _Table:
    """A row an event; findings are printed above it and stay."""

    def __init__(self, what: str, live: Live) -> None:
        self._what, self._live, self._told = what, live, 0
        live.update(_table(what, ()))

    def heard(self, rows: Sequence[Row], findings: Sequence[_Told]) -> None:
        """Part of Spectator."""
        for finding in findings:
            self._told += 1
            if self._told <= _MOST:
                self._live.console.print(Text(shown(finding.sentence, _LENGTH), "red"))
        self._live.update(_table(self._what, rows))


def _table(what: str, rows: Sequence[Row]) -> Table:
    columns = list(dict.fromkeys(name for row in rows for name in row.wrong))
    table = Table(title=what, title_justify="left", box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for name in ("system", "channel", "event"):
        table.add_column(name)
    for name in ("heard", *(f"{column}?" for column in columns)):
        table.add_column(name, justify="right")
    for row in sorted(rows, key=lambda row: (row.system, row.channel, row.name)):
        wrong = (Text(str(count), "bold red" if count else "dim") for count in (row.wrong[name] for name in columns))
        named = (Text(shown(text, _LENGTH)) for text in (row.system, row.channel, row.name))
        table.add_row(*named, str(row.count), *wrong)
    return table
