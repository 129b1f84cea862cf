"""comparison.html: one file without network, in the style of report.html."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import log
from typing import Final

from jinja2 import Environment

from eventproof.report import pages
from eventproof.report.digest import heading

from . import words
from .comparison import Change, Comparison, Shift

__all__ = ["render"]

_ICONS: Final[Mapping[Change, str]] = {
    Change.WORSE: "FAIL",
    Change.UNKNOWN: "INCONCLUSIVE",
    Change.DIFFERENT: "WARN",
    Change.BETTER: "PASS",
    Change.SAME: "NOT_APPLICABLE",
}
_HUES: Final[Mapping[Change, str]] = {
    Change.WORSE: "fail",
    Change.UNKNOWN: "inconclusive",
    Change.DIFFERENT: "warn",
    Change.BETTER: "pass",
    Change.SAME: "n/a",
}
"""The verdict whose colour each change has."""
_WIDEST: Final = 4.0
"""The ratio at the end of a bar, and one over it at the beginning."""


@dataclass(frozen=True, slots=True)
class Bar:
    """The interval of a ratio, in hundredths of a bar's width; `as before` is at 50."""

    start: float
    width: float


def render(comparison: Comparison) -> str:
    """The text of comparison.html."""
    style = pages.asset("style.css") + pages.asset("comparison.css")
    return (
        _environment()
        .get_template("comparison.html.jinja")
        .render(
            comparison=comparison,
            headline=words.headline(comparison),
            counts=words.shown_counts(comparison.counts),
            style=style,
            policy=pages.policy(style),
        )
    )


@cache
def _environment() -> Environment:
    environment = pages.environment()
    environment.filters |= {
        "bar": _bar,
        "changed": words.changed,
        "counted": words.counted,
        "heading": heading,
        "moved": words.moved,
        "quantile": words.quantile,
        "ranked": words.ranked,
        "stands": words.stands,
        "tally": lambda lines: words.tally(lines).items(),
    }
    environment.globals |= {"HUES": _HUES, "ICONS": _ICONS}
    return environment


def _bar(shift: Shift) -> Bar | None:
    """Where the interval lies between a quarter of what was before and four times that."""
    if shift.low is None or shift.high is None:
        return None
    start, end = _place(shift.low), _place(shift.high)
    return Bar(start, round(max(end - start, 0.75), 2))


def _place(ratio: float) -> float:
    within = min(max(ratio, 1 / _WIDEST), _WIDEST)
    return round(50 + 50 * log(within) / log(_WIDEST), 2)
