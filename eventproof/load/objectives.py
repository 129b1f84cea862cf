"""Service-level objectives as lines: read and checked before the run, judged on its account. Pure.

How a line is written stands in `grammar.py`. Where too little was measured an objective is inconclusive, never a pass.
"""

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Protocol

from eventproof.errors import UsageError
from eventproof.report import records
from eventproof.report.records import SERVICE
from eventproof.verdict import SEVERITY, Verdict

from .contracts import contracts
from .histogram import Histogram
from .metrics import COUNTS, LATENCIES, is_of_step, latencies, of_step, systems_of
from .tally import COLUMNS

__all__ = ["EACH_STEP", "Figures", "ObjectiveLine", "fit", "judge", "parse", "separate"]

EACH_STEP: Final = "each step"
_LINE = re.compile(
    r"\s*(?P<metric>[A-Za-z_][\w.:-]*?)"
    r"\s*(?:\[\s*(?P<scope>[^\[\]]*?)\s*\])?"
    r"\s*(?::\s*(?P<service>service\s+)?(?P<selector>count|min|mean|max|p\(\s*(?P<percent>\d+(?:\.\d+)?)\s*\)))?"
    r"\s*(?P<operator><=|>=|==|!=|<|>)"
    r"\s*(?P<value>\d+(?:\.\d+)?)\s*(?P<unit>µs|us|ms|s|%)?\s*"
)
_CONDITIONS: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "min_samples": (re.compile(r"([1-9]\d*)"), "min_samples 100"),
    "optional": (re.compile(r"()"), "optional"),
    "abort_after": (re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min)"), "abort_after 10s"),
}
"""What may stand behind a comma: its values, and an example."""
_OPERATORS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_AT_MOST: Final = frozenset({"<", "<=", "=="})
_SECONDS: Final[Mapping[str, float]] = {"µs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}
_EXAMPLES: Final = '"connect: p(99) < 250ms", "reconnect: count >= 10" or "leaked == 0"'
_OF_EVENTS: Final = COLUMNS | {"unexplained"}
"""The counts that are kept for each event."""


class Figures(Protocol):
    """What was measured; a `scope` is the name of an event or of a system, or a step, and empty for all."""

    @property
    def steps(self) -> Sequence[str]:
        """The names of the steps, in their order."""

    def samples(self, metric: str, scope: str = "") -> Histogram:
        """The distribution of a latency."""

    def count(self, metric: str, scope: str = "") -> int:
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
    scope: str = ""
    """An event, a system, a step, or `each step`; empty: all."""
    is_service: bool = False
    """Whether a latency is meant from the actual start of its cause."""
    least: int = 0
    """With fewer samples, or less that could have been counted, nothing is said."""
    is_optional: bool = False
    abort_after: float | None = None
    """Seconds."""

    @property
    def seconds(self) -> float | None:
        """The limit of a latency; None where the objective is about a number."""
        return self.limit if self.unit in _SECONDS else None

    @property
    def about(self) -> tuple[object, ...]:
        """What it is about: two lines that agree in it ask for more or less of the same."""
        return self.metric, self.scope, self.is_service, self.selector, self.percent

    @property
    def measured(self) -> str:
        """The metric by the name under which it is measured."""
        return self.metric + SERVICE if self.is_service else self.metric


def separate(typed: str) -> list[str]:
    """The lines in one text, with ; in between."""
    return [line.strip() for line in typed.split(";") if line.strip()]


def parse(expression: str, *, is_checked: bool = True) -> ObjectiveLine:
    """Read one line. Raises UsageError with what can be written instead.

    Not `is_checked`, its words are looked up when it is known which contracts the run is about: by `fit`.
    """
    said, *conditions = (" ".join(part.split()) for part in expression.split(","))
    match = _LINE.fullmatch(said)
    if match is None:
        raise UsageError(f'the objective "{expression}" cannot be read; write it as {_EXAMPLES}')
    metric, selector, unit = match["metric"], match["selector"] or "", match["unit"] or ""
    if is_checked:
        _check_metric(expression, metric, selector, unit)
        _check_scope(expression, metric, match["scope"])
    percent = float(match["percent"] or 0)
    if percent > 100:
        raise UsageError(f'the objective "{expression}" asks for more than 100 per cent')
    limit = float(match["value"]) * _SECONDS.get(unit, 1.0)
    if not limit and match["operator"] == "<":
        raise UsageError(f'the objective "{expression}" can never hold: nothing is less than 0; write it with <= or ==')
    kind = "p" if match["percent"] else selector
    if match["service"] and kind == "count":
        raise UsageError(f'the objective "{expression}" counts samples, which are as many without "service"')
    more = _conditions(expression, conditions)
    abort = more.get("abort_after")
    line = ObjectiveLine(
        ", ".join((said, *conditions)),
        metric,
        kind,
        percent,
        match["operator"],
        limit,
        unit,
        scope=match["scope"] or "",
        is_service=bool(match["service"]),
        least=int(more["min_samples"][1]) if "min_samples" in more else 0,
        is_optional="optional" in more,
        abort_after=float(abort[1]) * _SECONDS[abort[2]] if abort else None,
    )
    if kind == "count" and "min_samples" in more:
        raise UsageError(f'the objective "{expression}" counts samples itself: leave min_samples out')
    if abort and not line.abort_after:
        raise UsageError(f'the objective "{expression}" would end every run at once: abort_after takes more than 0 s')
    return line


def fit(line: ObjectiveLine, systems: Sequence[str], *, has_steps: bool) -> None:
    """Raise UsageError where a run about these systems can measure nothing of it."""
    _check_metric(line.expression, line.metric, line.selector, line.unit)
    _check_scope(line.expression, line.metric, line.scope or None)
    told, about = f'the objective "{line.expression}"', " and ".join(systems)
    is_event = line.metric not in LATENCIES and line.metric not in COUNTS
    event = line.metric if is_event else line.scope
    homes = systems_of(event)
    if homes and not set(homes) & set(systems):
        raise UsageError(f"{told} is about {event}, an event of {' and '.join(homes)}; this run is about {about}")
    if line.scope in contracts().systems and line.scope not in systems:
        raise UsageError(f"{told} is about {line.scope}; this run is about {about}")
    if (line.scope == EACH_STEP or is_of_step(line.scope)) and not has_steps:
        raise UsageError(f"{told} is about steps, and this scenario does not go in steps")


def judge(objectives: Iterable[ObjectiveLine], figures: Figures) -> tuple[records.Objective, ...]:
    """Each objective with what was observed of it."""
    return tuple(records.Objective(objective.expression, *_judged(objective, figures)) for objective in objectives)


def _check_metric(expression: str, metric: str, selector: str, unit: str) -> None:
    known = latencies()
    if metric not in known and metric not in COUNTS:
        named = ", ".join([*LATENCIES, *COUNTS])
        raise UsageError(
            f'the objective "{expression}" names an unknown metric{_near(metric, [*known, *COUNTS])} '
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


def _check_scope(expression: str, metric: str, scope: str | None) -> None:
    systems = contracts().systems
    if scope is None or scope == EACH_STEP or scope in systems or is_of_step(scope):
        return
    events = [event.name for system in systems.values() for event in system.events if systems_of(event.name)]
    if scope not in events:
        near = _near(scope, [*events, *systems, EACH_STEP])
        raise UsageError(
            f'the objective "{expression}" has "{scope}" in brackets, which is no event, no system and no step{near}; '
            'write it as "lost[EVENT] == 0", "lost[SYSTEM] == 0" or "lost[each step] == 0"'
        )
    if metric not in _OF_EVENTS:
        kept = ", ".join(sorted(_OF_EVENTS))
        raise UsageError(
            f'the objective "{expression}" is about one event, and {metric} is not kept by events: these are {kept}; '
            f'the latency of the event is "{scope}: p(99) < 250ms"'
        )


def _conditions(expression: str, conditions: Iterable[str]) -> Mapping[str, re.Match[str]]:
    found: dict[str, re.Match[str]] = {}
    for condition in conditions:
        name, _, value = condition.partition(" ")
        if name not in _CONDITIONS:
            examples = ", ".join(example for _, example in _CONDITIONS.values())
            raise UsageError(
                f'the objective "{expression}" has an unknown condition "{condition}"{_near(name, _CONDITIONS)} '
                f"(there are {examples})"
            )
        pattern, example = _CONDITIONS[name]
        match = pattern.fullmatch(value)
        if match is None or name in found:
            raise UsageError(f'the objective "{expression}": {name} is written once, as "{example}"')
        found[name] = match
    return found


def _near(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f', did you mean "{near[0]}"?' if near else ""


def _judged(objective: ObjectiveLine, figures: Figures) -> tuple[Verdict, str]:
    if objective.scope != EACH_STEP:
        return _judged_in(objective, figures, objective.scope)
    steps = [(step, *_judged_in(objective, figures, of_step(step))) for step in figures.steps]
    if not steps:
        return _unsaid(objective), "no step was reached"
    # Of those that are equally grave the first: where it began.
    step, verdict, observed = min(steps, key=lambda one: SEVERITY.index(one[1]))
    if verdict is Verdict.PASS:
        return verdict, f"in all {len(steps)} steps"
    return verdict, f"in step {step}, the first of them: {observed}"


def _judged_in(objective: ObjectiveLine, figures: Figures, scope: str) -> tuple[Verdict, str]:
    value, possible, observed = (_latency if objective.selector else _count)(objective, figures, scope)
    if value is None:
        return _unsaid(objective), observed
    holds = _OPERATORS[objective.operator](value, objective.limit)
    has_grown_beyond = not (holds or objective.selector or objective.unit) and objective.operator in _AT_MOST
    if possible < objective.least and not has_grown_beyond:
        return _unsaid(objective), f"{observed}; at least {objective.least} are asked for"
    return Verdict.PASS if holds else Verdict.FAIL, observed


def _unsaid(objective: ObjectiveLine) -> Verdict:
    return Verdict.NOT_APPLICABLE if objective.is_optional else Verdict.INCONCLUSIVE


def _latency(objective: ObjectiveLine, figures: Figures, scope: str) -> tuple[float | None, int, str]:
    """The value, the samples that it is of, and both in words."""
    samples = figures.samples(objective.measured, scope)
    number = len(samples)
    if not number:
        return None, 0, "no samples"
    if objective.selector == "count":
        return number, number, f"{number} samples"
    value = {
        "min": lambda: samples.minimum,
        "mean": lambda: samples.mean,
        "max": lambda: samples.maximum,
        "p": lambda: samples.percentiles(objective.percent)[0],
    }[objective.selector]()
    return value, number, f"{value * 1e3:.4g} ms of {number} samples"


def _count(objective: ObjectiveLine, figures: Figures, scope: str) -> tuple[float | None, int, str]:
    """The value, how much could have been counted, and both in words."""
    whole = COUNTS[objective.metric].of
    number, possible = figures.count(objective.metric, scope), figures.count(whole, scope)
    if not possible and not number:
        return None, 0, f"nothing to count: no {whole}"
    observed = f"{number}" if whole == objective.metric else f"{number} of {possible} {whole}"
    if objective.unit != "%":
        return number, possible, observed
    return (number * 100 / possible if possible else 100.0), possible, observed


def missed(objectives: Iterable[ObjectiveLine], figures: Figures) -> Iterator[ObjectiveLine]:
    """Those that are missed by what has been measured so far."""
    for objective in objectives:
        if _judged(objective, figures)[0] is Verdict.FAIL:
            yield objective
