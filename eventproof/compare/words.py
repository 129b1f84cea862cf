"""A comparison in words and in order: what the terminal, the page and a job's summary share."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from eventproof.report.digest import milliseconds, number
from eventproof.verdict import Outcome

from .comparison import (
    Change,
    Comparison,
    Count,
    CountLine,
    Finding,
    JudgedLine,
    LatencyLine,
    Quantile,
    Shift,
    Standing,
)

__all__ = ["became", "changed", "counted", "headline", "moved", "quantile", "ranked", "shown_counts", "stands", "tally"]

_Line = TypeVar("_Line", JudgedLine, LatencyLine, CountLine)
_ORDER = tuple(Change)
_UNTOLD = frozenset({"delivered", "acknowledged", "retried"})
"""Counts that follow from others, and are no trouble."""


def headline(comparison: Comparison) -> str:
    """What it comes to, in a line without the outcome itself."""
    match comparison.outcome:
        case Outcome.FAIL:
            return f"worse than {comparison.names[0]}: {_counts(comparison, Change.WORSE)}"
        case Outcome.PASS:
            better = _counts(comparison, Change.BETTER)
            return f"nothing is worse than in {comparison.names[0]}" + (f"; better: {better}" if better else "")
    return comparison.doubts[0] if comparison.doubts else "too little is known to say that nothing is worse"


def _counts(comparison: Comparison, change: Change) -> str:
    kinds: tuple[tuple[str, Sequence[JudgedLine | LatencyLine | CountLine]], ...] = (
        ("requirement", comparison.requirements),
        ("objective", comparison.objectives),
        ("latency", _metrics(comparison.latencies, change)),
        ("count", comparison.counts),
    )
    parts = []
    for noun, lines in kinds:
        found = sum(change in _changes(line) for line in lines)
        if found:
            parts.append(number(found, noun, "latencies" if noun == "latency" else None))
    return ", ".join(parts)


def _metrics(lines: Iterable[LatencyLine], change: Change) -> list[LatencyLine]:
    """One line a metric of which a quantile changed so."""
    return list({line.metric: line for line in lines if change in _changes(line)}.values())


def _changes(line: JudgedLine | LatencyLine | CountLine) -> list[Change]:
    return [finding.change for finding in line.changes]


def changed(lines: Iterable[_Line]) -> list[_Line]:
    """Those of which anything changed, what became worse first."""
    return ranked(line for line in lines if set(_changes(line)) != {Change.SAME})


def ranked(lines: Iterable[_Line]) -> list[_Line]:
    """What became worse first, otherwise in their order."""
    return sorted(lines, key=lambda line: min(map(_ORDER.index, _changes(line))))


def tally(lines: Iterable[JudgedLine]) -> dict[Change, int]:
    """Of how many what is the gravest that became of them, the gravest first."""
    gravest = [min(_changes(line), key=_ORDER.index) for line in lines]
    return {change: gravest.count(change) for change in _ORDER if change in gravest}


def stands(standing: Standing | None) -> str:
    """A verdict, and in how many of the runs it is so, where that is not all: `fail in 1 of 3`."""
    if standing is None:
        return "–"
    if standing.runs == standing.of:
        return standing.verdict.value
    return f"{standing.verdict.value} in {standing.runs} of {standing.of}"


def quantile(figure: Quantile | None) -> str:
    """Milliseconds, and from where to where those of several runs go: `4.12 (3.98 to 4.40)`."""
    if figure is None:
        return "–"
    middle = milliseconds(figure.value)
    if figure.lowest == figure.highest:
        return middle
    return f"{middle} ({milliseconds(figure.lowest)} to {milliseconds(figure.highest)})"


def moved(shift: Shift) -> str:
    """`× 1.42 (1.31 to 1.55)`: how many times the baseline's it is, and where that lies but for the noise."""
    if shift.ratio is None or shift.low is None or shift.high is None:
        return "–"
    return f"× {shift.ratio:.2f} ({shift.low:.2f} to {shift.high:.2f})"


def counted(count: Count) -> str:
    """`3`, or in a share of what could have been: `3 (0.021 %)`."""
    if not count.number or not count.of or count.number == count.of:
        return f"{count.number:,}"
    return f"{count.number:,} ({100 * count.number / count.of:.2g} %)"


def shown_counts(lines: Iterable[CountLine]) -> list[CountLine]:
    """Those that are worth a line."""
    return ranked(line for line in lines if line.column not in _UNTOLD)


def became(finding: Finding | Shift) -> str:
    """`worse`, or with what there is to say of it: `unknown: too few samples`."""
    return f"{finding.change.value}: {finding.why}" if finding.why else finding.change.value
