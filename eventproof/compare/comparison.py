"""What a comparison says, as frozen records. The first side is the baseline; each other one is compared with it.

A tuple `of_sides` has an entry a side, the baseline first; one of `changes` has an entry for each of the others.
"""

from dataclasses import dataclass
from enum import StrEnum

from eventproof.report.records import Run
from eventproof.verdict import Outcome, Verdict

__all__ = [
    "Change",
    "Comparison",
    "Count",
    "CountLine",
    "Fact",
    "Finding",
    "JudgedLine",
    "LatencyLine",
    "Quantile",
    "Shift",
    "Side",
    "Standing",
]


class Change(StrEnum):
    """What became of one thing since the baseline."""

    WORSE = "worse"
    UNKNOWN = "unknown"
    """Too little is known of it, on either side, to say."""
    DIFFERENT = "different"
    """Neither better nor worse: it holds for another reason, say, or is there on one side alone."""
    BETTER = "better"
    SAME = "same"
    """No difference, or none beyond the noise."""


@dataclass(frozen=True, slots=True)
class Side:
    """One run, or several of the same thing, by a name that stands at their column."""

    name: str
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something about the runs of each side that says whether they are alike."""

    name: str
    of_sides: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether it is not the same on all sides."""
        return len(set(self.of_sides)) > 1


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one line, and why, where that needs a word."""

    change: Change
    why: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """The gravest verdict of one side, in how many of its runs that is so, and what is said there."""

    verdict: Verdict
    runs: int
    of: int
    said: str = ""


@dataclass(frozen=True, slots=True)
class JudgedLine:
    """A requirement or an objective; a side that has no such thing, or was not asked for it, has None."""

    name: str
    about: str
    of_sides: tuple[Standing | None, ...]
    changes: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of the samples of all runs of one side, in milliseconds, and where those of its runs lie."""

    value: float
    lowest: float
    highest: float
    samples: int


@dataclass(frozen=True, slots=True)
class Shift:
    """How many times the baseline's a quantile is, and the interval that this lies in but for the noise."""

    change: Change
    why: str = ""
    ratio: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class LatencyLine:
    """One quantile of one metric; a side without samples has None."""

    metric: str
    what: str
    quantile: str
    of_sides: tuple[Quantile | None, ...]
    changes: tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """How often something happened in all runs of a side, of how many times that it could have."""

    number: int
    of: int


@dataclass(frozen=True, slots=True)
class CountLine:
    """One column of the delivery account of one event."""

    event: str
    column: str
    of_sides: tuple[Count, ...]
    changes: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides or more beside each other. `outcome` is FAIL where anything became worse, INVALID where too little is
    known to say that nothing did, else PASS.
    """

    kind: str
    names: tuple[str, ...]
    outcome: Outcome
    facts: tuple[Fact, ...]
    requirements: tuple[JudgedLine, ...] = ()
    objectives: tuple[JudgedLine, ...] = ()
    latencies: tuple[LatencyLine, ...] = ()
    counts: tuple[CountLine, ...] = ()
    doubts: tuple[str, ...] = ()
    """Why nobody can say that nothing became worse, in sentences."""
    notes: tuple[str, ...] = ()
    """What else to know when reading it."""
