"""Service-level objectives as lines: read and checked before the run, judged on its account afterwards.

    connect: p(99) < 250ms
    reconnect: count >= 10
    order:created: p(99) < 1s
    leaked == 0
    lost <= 0.1%

An event's name is a metric as it stands, with whatever dots and colons it has.

A latency takes `p(N)`, `min`, `mean`, `max` (in µs, ms or s) or `count`; a count takes a number, or a share in `%`
of what could have been counted. Where nothing was measured an objective is inconclusive, never a pass.
"""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Protocol

from eventproof.errors import UsageError
from eventproof.report import records
from eventproof.verdict import Verdict

from .histogram import Histogram
from .metrics import COUNTS, LATENCIES, latencies

_LINE = re.compile(
    r"\s*(?P<metric>[A-Za-z_][\w.:-]*?)"
    r"\s*(?::\s*(?P<selector>count|min|mean|max|p\(\s*(?P<percent>\d+(?:\.\d+)?)\s*\)))?"
    r"\s*(?P<operator><=|>=|==|!=|<|>)"
    r"\s*(?P<value>\d+(?:\.\d+)?)\s*(?P<unit>µs|us|ms|s|%)?\s*"
)
_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_SECONDS: Mapping[str, float] = {"µs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1.0}
_EXAMPLES = '"connect: p(99) < 250ms", "reconnect: count >= 10" or "leaked == 0"'


class Figures(Protocol):
    """What was measured."""

    def samples(self, metric: str) -> Histogram:
        """The distribution of a latency."""

    def count(self, metric: str) -> int:
        """The number of a count."""


@dataclass(frozen=True, slots=True)
class ObjectiveLine:
    """One objective. `limit` is in seconds, in things, or in per cent, as `unit` says."""

    expression: str
    metric: str
    selector: str
    """`count`, `min`, `mean`, `max` or `p` for a latency; empty for a count."""
    percent: float
    operator: str
    limit: float
    unit: str

    @property
    def seconds(self) -> float | None:
        """The limit of a latency; None where the objective is about a number."""
        return self.limit if self.unit in _SECONDS else None


def parse(expression: str) -> ObjectiveLine:
    """Read one line. Raises UsageError with what can be written instead."""
    match = _LINE.fullmatch(expression)
    if match is None:
        raise UsageError(f'the objective "{expression}" cannot be read; write it as {_EXAMPLES}')
    metric, selector, unit = match["metric"], match["selector"] or "", match["unit"] or ""
    known = latencies()
    if metric not in known and metric not in COUNTS:
        near = get_close_matches(metric, [*known, *COUNTS], n=1)
        hint = f', did you mean "{near[0]}"?' if near else ""
        named = ", ".join([*LATENCIES, *COUNTS])
        raise UsageError(
            f'the objective "{expression}" names an unknown metric{hint} '
            f"(there are {named}, and the name of every event)"
        )
    if metric in COUNTS and (selector or unit not in ("", "%")):
        raise UsageError(
            f'the objective "{expression}" is about a number: write it as "{metric} == 0" or "{metric} < 1%"'
        )
    if metric in known and (not selector or (unit in _SECONDS) is (selector == "count") or unit == "%"):
        raise UsageError(
            f'the objective "{expression}" is about a latency: '
            f'write it as "{metric}: p(99) < 250ms" or "{metric}: count >= 10"'
        )
    percent = float(match["percent"] or 0)
    if percent > 100:
        raise UsageError(f'the objective "{expression}" asks for more than 100 per cent')
    limit = float(match["value"]) * _SECONDS.get(unit, 1.0)
    kind = "p" if match["percent"] else selector
    return ObjectiveLine(" ".join(expression.split()), metric, kind, percent, match["operator"], limit, unit)


def judge(objectives: Iterable[ObjectiveLine], figures: Figures) -> tuple[records.Objective, ...]:
    """Each objective with what was observed of it."""
    return tuple(_judged(objective, figures) for objective in objectives)


def _judged(objective: ObjectiveLine, figures: Figures) -> records.Objective:
    value, observed = (_latency if objective.selector else _count)(objective, figures)
    if value is None:
        return records.Objective(objective.expression, Verdict.INCONCLUSIVE, observed)
    holds = _OPERATORS[objective.operator](value, objective.limit)
    return records.Objective(objective.expression, Verdict.PASS if holds else Verdict.FAIL, observed)


def _latency(objective: ObjectiveLine, figures: Figures) -> tuple[float | None, str]:
    samples = figures.samples(objective.metric)
    if not len(samples):
        return None, "no samples"
    if objective.selector == "count":
        return len(samples), f"{len(samples)} samples"
    value = {
        "min": lambda: samples.minimum,
        "mean": lambda: samples.mean,
        "max": lambda: samples.maximum,
        "p": lambda: samples.percentiles(objective.percent)[0],
    }[objective.selector]()
    return value, f"{value * 1e3:.4g} ms of {len(samples)} samples"


def _count(objective: ObjectiveLine, figures: Figures) -> tuple[float | None, str]:
    whole = COUNTS[objective.metric].of
    number, possible = figures.count(objective.metric), figures.count(whole)
    if not possible and not number:
        return None, f"nothing to count: no {whole}"
    observed = f"{number}" if whole == objective.metric else f"{number} of {possible} {whole}"
    if objective.unit != "%":
        return number, observed
    return (number * 100 / possible if possible else 100.0), observed
