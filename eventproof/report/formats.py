"""Every file of a results folder, one line each, and how they are written."""

from collections.abc import Callable, Iterable
from pathlib import Path

from eventproof.history import Record
from eventproof.interruption import HEEDED

from . import folder as folders
from . import html, junit, markdown, ndjson, prometheus, results_json, series_csv
from .records import Run

__all__ = ["FORMATS", "Writer", "write_all"]

Writer = Callable[[Run, tuple[Record, ...]], str | None]
"""Gives the text of a file, or None where a run has nothing to say in it."""

FORMATS: dict[str, Writer] = {
    "results.json": results_json.render,
    "history.ndjson": ndjson.render,
    "junit.xml": junit.render,
    "summary.md": markdown.render,
    "report.html": html.render,
    "series.csv": series_csv.render,
    "metrics.prom": prometheus.render,
}


def write_all(run: Run, history: Iterable[Record], folder: Path) -> None:
    """Write every format into a folder that `folder.prepare` made, the one that all else is derived from first.

    A format that fails does not keep the others from being written; its exception comes after them. A first signal
    waits until they are: whoever asked for the run's end gets its results whole.
    Raises UsageError where the folder cannot be written.
    """
    records = tuple(history)
    failures = []
    with folders.explained(folder), HEEDED.cancelling(lambda: None):
        for name, render in FORMATS.items():
            try:
                content = render(run, records)
            except Exception as failure:
                failure.add_note(f"while writing {name}")
                failures.append(failure)
            else:
                if content is not None:
                    folders.write(folder / name, content)
    if failures:
        raise failures[0] if len(failures) == 1 else ExceptionGroup("several reports could not be written", failures)
