"""report.html: one file without network, for a person who was not there.

What a target sent stays text: the template escapes everything, and the page's own policy lets nothing run but the one
script whose hash it names.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment
from markupsafe import Markup

from eventproof.history import Record
from eventproof.verdict import Verdict

from . import curve, digest, pages, timecharts
from .lanes import time_line
from .records import Run, Series

__all__ = ["live", "render"]


@dataclass(frozen=True, slots=True)
class Slice:
    """One part of the bar that shows how many requirements have which verdict; in hundredths of its width."""

    verdict: Verdict
    count: int
    start: float
    width: float


def render(run: Run, _history: Iterable[Record] = ()) -> str:
    """The text of report.html."""
    whole, events = timecharts.parted(run.series, run.delivery)
    style, script = pages.asset("style.css") + pages.asset("timecharts.css"), pages.asset("script.js")
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
            curves=curve.charts(run.latency),
            narrow_curves=curve.charts(run.latency, curve.NARROW),
            times=list(timecharts.charts(whole)),
            events=list(timecharts.charts(events)),
            columns=digest.columns(run.delivery),
            style=style,
            script=script,
            policy=pages.policy(style, script),
        )
    )


def live(series: Series) -> Iterator[str]:
    """What has happened so far, for a shadow tree whose host says its theme by `data-theme`: the pieces, one by one.

    So whoever has other things to do can do them in between.
    """
    page = _environment().get_template("timecharts.jinja").module
    yield f'<style>{_live_style()}</style><div class="times">'
    is_empty = True
    for chart in timecharts.charts(series):
        is_empty = False
        yield str(page.figure(chart))  # type: ignore[attr-defined]  # a macro of the template
    yield "</div>"
    if is_empty:
        yield '<p class="quiet">Nothing has been measured yet: the charts begin with the test.</p>'


@cache
def _live_style() -> Markup:
    """The colours of a report, for a host; and how charts look."""
    light, dark = re.findall(r":root \{(.*?)\}", pages.asset("style.css"), re.DOTALL)[:2]
    hosts = f":host {{{light} font-family: var(--sans); }} :host([data-theme=dark]) {{{dark}}}"
    return Markup(hosts) + Markup(".quiet { color: var(--quiet); } ") + pages.asset("timecharts.css")  # noqa: S704 - ours


@cache
def _environment() -> Environment:
    environment = pages.environment()
    environment.filters |= {
        "seconds": digest.seconds,
        "milliseconds": digest.milliseconds,
        "metric": digest.metric,
        "time_line": time_line,
        "number": digest.number,
        "size": digest.size,
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
