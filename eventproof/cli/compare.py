"""`eventproof compare`."""

import sys
from pathlib import Path
from typing import Any

import click

from .output import json_option, say, to_reader_of


class Share(click.ParamType[float]):
    """A share, written as in an objective: `10%`."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The share, 0.1 for `10%`; fails with how one is written."""
        text = str(value).strip()
        try:
            share = float(text.removesuffix("%")) / 100
        except ValueError:
            share = -1.0
        if not text.endswith("%") or not 0 <= share <= 10:
            self.fail(f"{value!r} is no share: write one from 0% to 1000%", param, ctx)
        return share


@click.command()
@click.argument("results", nargs=-1, metavar="BASELINE OTHER [OTHER …]")
@click.option(
    "--tolerance", type=Share(), metavar="SHARE", help="By how much a latency may move: 10%, or of single runs 50%."
)
@click.option("--html", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write it as a page, too.")
@json_option
def compare(results: tuple[str, ...], tolerance: float | None, page: Path | None, as_json: bool) -> int:
    """Two runs or more beside each other: what is worse, what is better, what moved beyond the noise.

    Each of them is a results folder, a folder with several runs of the same thing, or folders with commas between them.
    The first is the baseline. Exit code 1: something is worse; 3: too little is known, or they cannot be compared.
    """
    from eventproof.compare import as_json as plain
    from eventproof.compare import compare as compared
    from eventproof.compare import html, terminal
    from eventproof.compare.latencies import Tolerance
    from eventproof.compare.reading import sides
    from eventproof.report import folder
    from eventproof.verdict import exit_code

    if len(results) < 2:
        raise click.UsageError("name two results folders at least: eventproof compare BASELINE OTHER")
    allowed = Tolerance() if tolerance is None else Tolerance(tolerance, tolerance)
    comparison = compared(sides(results), allowed)
    if page is not None:
        with folder.explained(page):
            folder.write(page, html.render(comparison))
    people = sys.stderr if as_json else sys.stdout
    with to_reader_of(people):
        terminal.print_comparison(comparison, people)
    if as_json:
        say(plain.render(comparison).rstrip())
    return exit_code(comparison.outcome)
