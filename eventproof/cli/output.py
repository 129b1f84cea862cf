"""What a verb prints: results on standard output; with `--json` everything for people goes to standard error."""

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from eventproof.errors import Inconclusive
from eventproof.report.records import Run
from eventproof.report.visible import visible_lines
from eventproof.verdict import Outcome, exit_code, worst

from .reports import Asked, written

if TYPE_CHECKING:
    from eventproof.compare import Side

__all__ = [
    "baseline_option",
    "baseline_side",
    "dumped",
    "finish",
    "json_option",
    "objective_option",
    "results_option",
    "say",
]

_FOREIGN = re.compile("[^\0-\x7f]")

results_option = click.option(
    "--results",
    type=click.Path(file_okay=False, path_type=Path),
    help="The results folder; eventproof-results/… by default.",
)
baseline_option = click.option(
    "--baseline",
    metavar="RESULTS",
    help="Compare with the results of an earlier run, or of several: fail where anything is worse.",
)
objective_option = click.option(
    "--objective", "objectives", multiple=True, metavar="LINE", help='Such as "ban_to_logout: p(99) < 250ms".'
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON on standard output: results.json, or what else was asked for."
)


@contextmanager
def to_reader_of(stream: TextIO) -> Iterator[None]:
    """Print to someone who may have seen enough (`| head`): the exit code stays what it is."""
    try:
        yield
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def say(text: str) -> None:
    """Print to standard output; what its encoding cannot say, or nobody can see, becomes an escape of JSON."""
    text = visible_lines(text)
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        text = _FOREIGN.sub(lambda letter: json.dumps(letter[0])[1:-1], text)
    with to_reader_of(sys.stdout):
        click.echo(text)


def dumped(data: Any) -> str:
    """The data as JSON for people and programs."""
    return json.dumps(data, indent=2, ensure_ascii=False, default=str)


def baseline_side(given: str | None) -> "Side | None":
    """The runs that `--baseline` names: read before a run begins. Raises UsageError where they cannot be read."""
    if given is None:
        return None
    from eventproof.compare.reading import sides

    return sides([given])[0]


def finish(
    run: Run,
    folder: Path,
    as_json: bool = False,
    reports: Iterable[Asked] = (),
    profile: Path | None = None,
    baseline: "Side | None" = None,
) -> int:
    """Say what came of a run, write the reports that were asked for, and return its code.

    `profile` is the file that described the target, if a person wrote one. With a `baseline` the code is the graver one
    of the run's and of its comparison's.
    """
    from eventproof.report import terminal

    asked = (*([Asked("results", None)] if as_json else []), *reports)
    people = sys.stderr if any(one.is_printed for one in asked) else sys.stdout
    with to_reader_of(people):
        terminal.print_summary(run, report=folder / "report.html", stream=people)
    outcome = run.outcome
    if baseline is not None:
        outcome = worst((outcome, _compared(baseline, run, folder, people)))
    for one in asked:
        text = written(one, run, folder, profile)
        if one.is_printed:
            say(text.rstrip())
    return exit_code(outcome)


def _compared(baseline: "Side", run: Run, folder: Path, people: TextIO) -> Outcome:
    """Say how a run differs from its baseline, and write that beside its results."""
    from eventproof import compare
    from eventproof.compare import as_json, html, terminal
    from eventproof.report import folder as folders
    from eventproof.report.visible import sentence

    with to_reader_of(people):
        click.echo(file=people)
        try:
            comparison = compare.compare((baseline, compare.Side("this run", (run,))))
        except Inconclusive as why:
            click.echo(f"not compared with the baseline: {sentence(str(why))}", file=people)
            return Outcome.INVALID
        with folders.explained(folder):
            folders.write(folder / "comparison.json", as_json.render(comparison))
            folders.write(folder / "comparison.html", html.render(comparison))
        terminal.print_comparison(comparison, people)
    return comparison.outcome
