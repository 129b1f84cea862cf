"""How far a run of a known length has come: a bar in a terminal, one line elsewhere. On standard error."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

__all__ = ["countdown"]


@contextmanager
def countdown(what: str, seconds: float, stream: TextIO | None = None) -> Iterator[Callable[[float], None]]:
    """Show `what` while the block runs; it calls what it is given with the seconds that have passed."""
    console = Console(file=stream or sys.stderr, highlight=False)
    if not console.is_terminal or console.is_dumb_terminal:
        with suppress(BrokenPipeError):
            print(what, file=stream or sys.stderr, flush=True)
        yield lambda _passed: None
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=24), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=seconds)
        yield lambda passed: bar.update(task, completed=min(passed, seconds))
