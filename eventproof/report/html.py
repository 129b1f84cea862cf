"""report.html: one file without network, for a person who was not there.

What a target sent stays text: the template escapes everything, and the page's own policy lets nothing run but the one
script whose hash it names.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment

from eventproof.history import Record
from eventproof.verdict import Verdict

from . import digest, pages
from .curve import charts
from .lanes import time_line
from .records import Run

__all__ = ["render"]


@dataclass(frozen=True, slots=True)
class Slice:
    """One part of the bar that shows how many requirements have which verdict; in hundredths of its width."""

    verdict: Verdict
    count: int
    start: float
    width: float


def render(run: Run, _history: Iterable[Record] = ()) -> str:
    """The text of report.html."""
    style, script = pages.asset("style.css"), pages.asset("script.js")
    return (
        _environment()
        .get_template("report.html.jinja")
        .render(
            run=run,
            headline=digest.headline(run),
            findings=digest.findings(run),
            objectives=digest.objectives(run),
            silent=digest.silent(run),
            systems=digest.by_system(run.requirements),
            shares=_shares(digest.tally(run)),
            tally=digest.tally(run),
            notable={requirement.id for requirement in digest.notable(run)},
            charts=charts(run.latency),
            columns=digest.columns(run.delivery),
            style=style,
            script=script,
            policy=pages.policy(style, script),
        )
    )


@cache
def _environment() -> Environment:
    environment = pages.environment()
    environment.filters |= {
        "seconds": digest.seconds,
        "milliseconds": digest.milliseconds,
        "metric": digest.metric,
        "time_line": time_line,
        "number": digest.number,
        "heading": digest.heading,
        "coded": pages.coded,
    }
    environment.globals |= {
        "QUANTILES": digest.QUANTILES,
        "ACCOUNT": digest.ACCOUNT,
        "quantile": digest.quantile,
        "is_wrong": digest.is_wrong,
        "also": digest.also,
    }
    return environment


def _shares(tally: Mapping[Verdict, int]) -> list[Slice]:
    shares = []
    start = 0.0
    for verdict, count in tally.items():
        width = 100 * count / sum(tally.values())
        shares.append(Slice(verdict, count, round(start, 3), round(width, 3)))
        start += width
    return shares
