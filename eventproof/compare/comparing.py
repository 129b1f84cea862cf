"""Sides in, a comparison out. Pure: reads nothing, writes nothing, asks no clock."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from eventproof.report.digest import number
from eventproof.verdict import Outcome

from . import circumstances, judged
from .comparison import Change, Comparison, CountLine, JudgedLine, LatencyLine, Side
from .counts import counts
from .latencies import GONE, Tolerance, latencies

__all__ = ["compare"]

_NAMED = 5


def compare(sides: Sequence[Side], tolerance: Tolerance | None = None) -> Comparison:
    """Two sides or more, the first of which is the baseline, beside each other.

    Raises UsageError where the runs are of different kinds or a histogram cannot be read, Inconclusive where they
    cannot be compared.
    """
    circumstances.must_be_alike(sides)
    before, *others = sides
    loads = [circumstances.other_load(before, other) for other in others]
    invalid = [circumstances.unbelievable(side) for side in sides]
    doubts = [load or invalid[0] or why for load, why in zip(loads, invalid[1:], strict=True)]
    requirements, objectives = judged.requirements(sides), judged.objectives(sides)
    timed = latencies(sides, tolerance or Tolerance(), doubts)
    counted = counts(sides, doubts)
    unsure = (
        *(f"{side.name} is invalid: {why}" for side, why in zip(sides, invalid, strict=True) if why),
        *(f"{side.name} is of another load: {why}" for side, why in zip(others, loads, strict=True) if why),
        *_unknown(others, "requirement", requirements),
        *_unknown(others, "objective", objectives),
        *_unjudged(others, timed, _demanded(sides)),
        *_nothing(requirements, objectives, timed, counted),
    )
    lines: tuple[JudgedLine | LatencyLine | CountLine, ...] = (*requirements, *objectives, *timed, *counted)
    changes = {finding.change for line in lines for finding in line.changes}
    return Comparison(
        kind=before.runs[0].kind,
        names=tuple(side.name for side in sides),
        outcome=Outcome.FAIL if Change.WORSE in changes else Outcome.INVALID if unsure else Outcome.PASS,
        facts=circumstances.facts(sides),
        requirements=requirements,
        objectives=objectives,
        latencies=timed,
        counts=counted,
        doubts=tuple(dict.fromkeys(unsure)),
        notes=tuple(_notes(sides, timed)),
    )


def _unknown(others: Sequence[Side], noun: str, lines: Iterable[JudgedLine]) -> Iterator[str]:
    for place, side in enumerate(others):
        names = [line.name for line in lines if line.changes[place].change is Change.UNKNOWN]
        if names:
            told = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
            yield f"of {number(len(names), noun)} nobody can say what became of it in {side.name}: {told}"


def _demanded(sides: Iterable[Side]) -> set[str]:
    """What the objectives of any run are about."""
    return {objective.metric for side in sides for run in side.runs for objective in run.objectives}


def _unjudged(others: Sequence[Side], lines: Sequence[LatencyLine], wanted: set[str]) -> Iterator[str]:
    """Of a latency that an objective is about, one quantile at least has to be judged; and none may have gone."""
    for place, side in enumerate(others):
        for metric in dict.fromkeys(line.metric for line in lines):
            found = [line.changes[place] for line in lines if line.metric == metric]
            is_due = metric in wanted or found[0].why == GONE
            if is_due and all(shift.change is Change.UNKNOWN for shift in found):
                yield f"{metric} of {side.name} could not be judged: {found[0].why}"


def _nothing(
    requirements: Sequence[JudgedLine],
    objectives: Sequence[JudgedLine],
    timed: Sequence[LatencyLine],
    counted: Sequence[CountLine],
) -> Iterator[str]:
    common = [line for line in (*requirements, *objectives) if all(line.of_sides)]
    if not common and not timed and not counted:
        yield "there is nothing that all of them tell of"


def _notes(sides: Sequence[Side], timed: Sequence[LatencyLine]) -> Iterator[str]:
    alone = [side.name for side in sides if len(side.runs) == 1]
    if timed and alone:
        are = "is a single run" if len(alone) == 1 else "are single runs"
        yield (
            f"{' and '.join(alone)} {are}: how much runs differ by themselves is not known, so a latency has to move "
            "by more before it counts; three a side tell more"
        )
    if timed and len({run.seed for run in chain.from_iterable(side.runs for side in sides)}) > 1:
        yield "the seeds differ: other users were acted on at other times"
