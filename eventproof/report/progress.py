"""What happens while a check runs, on standard error: a live display in a terminal, a line a case elsewhere.

Both displays are listeners, and context managers too, so that
a run which ends without results leaves the terminal as it was.
"""

import sys
from collections import Counter
from contextlib import suppress
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from eventproof.verdict import Verdict

from . import digest
from .records import Check
from .terminal import VERDICTS
from .visible import shown, visible

__all__ = ["LiveProgress", "PlainProgress", "progress"]

_QUIET = (Verdict.PASS, Verdict.NOT_APPLICABLE)
_LENGTH = 300


def progress(stream: TextIO | None = None) -> "LiveProgress | PlainProgress":
    """The display that suits the stream, by default standard error."""
    console = Console(file=stream or sys.stderr, highlight=False)
    live = console.is_terminal and not console.is_dumb_terminal
    return LiveProgress(console) if live else PlainProgress(stream or sys.stderr)


class PlainProgress:
    """One line for each case that is over."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._total = 0
        self._done = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(BrokenPipeError):
            self._stream.flush()

    def started(self, total: int) -> None:
        """Remember how many there will be."""
        self._total = total
        self._say(digest.number(total, "case"))

    def case_started(self, name: str) -> None:
        """Nothing: a case is told when it is over."""

    def case_finished(self, check: Check) -> None:
        """Print the case's line."""
        self._done += 1
        place = f"[{self._done:>{len(str(self._total))}}/{self._total}]"
        self._say(f"{place} {_line(check).plain}")

    def _say(self, line: str) -> None:
        with suppress(BrokenPipeError):  # nobody reads on (`2>&1 | head`), which is no reason to stop
            print(line, file=self._stream, flush=True)


class LiveProgress:
    """A bar with what runs now; cases that are no plain pass are printed above it and stay."""

    def __init__(self, console: Console) -> None:
        self._running: list[str] = []
        self._seen: Counter[Verdict] = Counter()
        self._bar = Progress(
            SpinnerColumn("line" if console.options.ascii_only else "dots", finished_text=" "),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[tally]}"),
            TextColumn("{task.description}", style="dim", markup=False, table_column=Column(no_wrap=True, ratio=1)),
            console=console,
            transient=True,
            expand=True,
        )
        self._task = self._bar.add_task("", total=None, tally="")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def started(self, total: int) -> None:
        """Show the bar."""
        self._bar.update(self._task, total=total)
        self._bar.start()

    def case_started(self, name: str) -> None:
        """Show what runs."""
        self._running.append(name)
        self._show()

    def case_finished(self, check: Check) -> None:
        """Move the bar on."""
        if check.name in self._running:
            self._running.remove(check.name)
        self._seen[check.verdict] += 1
        if check.verdict not in _QUIET:
            self._bar.console.print(_line(check))
        self._bar.advance(self._task)
        self._show()

    def _show(self) -> None:
        tally = ", ".join(
            f"[{VERDICTS[verdict]}]{count} {verdict.value}[/]"
            for verdict, count in digest.counts(self._seen.elements()).items()
        )
        self._bar.update(self._task, description=visible(", ".join(self._running)), tally=tally, refresh=True)


def _line(check: Check) -> Text:
    told = f"{' '.join(check.requirements)}  {check.name} ({digest.seconds(check.seconds)})"
    reason = f": {check.reason}" if check.reason else ""
    return Text.assemble((f"{check.verdict.value:<12}", VERDICTS[check.verdict]), "  ", shown(told + reason, _LENGTH))
