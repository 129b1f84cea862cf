import pytest

from eventproof.compare import Change
from eventproof.compare.judged import objectives, requirements
from eventproof.report.records import Run
from eventproof.verdict import Verdict
from tests.report import samples

from .sides import judged, side

PASS, WARN, FAIL = Verdict.PASS, Verdict.WARN, Verdict.FAIL
UNKNOWN, ABSENT, UNTESTABLE = Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE, Verdict.NOT_TESTABLE


def became(before: Run, after: Run) -> Change:
    (line,) = requirements([side("a", before), side("b", after)])
    return line.changes[0].change


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (PASS, PASS, Change.SAME),
        (PASS, WARN, Change.WORSE),
        (PASS, FAIL, Change.WORSE),
        (PASS, UNTESTABLE, Change.WORSE),
        (PASS, UNKNOWN, Change.UNKNOWN),
        (PASS, Verdict.HARNESS_ERROR, Change.UNKNOWN),
        (PASS, ABSENT, Change.UNKNOWN),
        (WARN, FAIL, Change.WORSE),
        (WARN, PASS, Change.BETTER),
        (FAIL, PASS, Change.BETTER),
        (FAIL, FAIL, Change.SAME),
        (FAIL, UNTESTABLE, Change.DIFFERENT),
        (FAIL, UNKNOWN, Change.DIFFERENT),
        (UNKNOWN, PASS, Change.BETTER),
        (UNKNOWN, FAIL, Change.UNKNOWN),
        (UNKNOWN, UNKNOWN, Change.SAME),
        (UNKNOWN, Verdict.HARNESS_ERROR, Change.SAME),
        (ABSENT, PASS, Change.DIFFERENT),
        (ABSENT, FAIL, Change.DIFFERENT),
        (ABSENT, ABSENT, Change.SAME),
    ],
)
def test_what_became_of_a_requirement(before: Verdict, after: Verdict, change: Change) -> None:
    assert became(judged(before), judged(after)) is change


def test_a_failure_for_another_reason_is_told_and_one_with_other_figures_is_not() -> None:
    before = judged(FAIL, "still open 5.0 s after the ban of usr_1f")
    assert became(before, judged(FAIL, "still open 5.2 s after the ban of usr_9c")) is Change.SAME
    assert became(before, judged(FAIL, "no connection was opened")) is Change.DIFFERENT


def test_of_several_runs_the_gravest_counts_and_in_how_many_it_is_so() -> None:
    often, seldom = [judged(FAIL), judged(FAIL), judged(PASS)], [judged(FAIL), judged(PASS), judged(PASS)]
    (line,) = requirements([side("a", *often), side("b", *seldom), side("c", judged(PASS))])
    told = [(standing.verdict, standing.runs, standing.of) for standing in line.of_sides if standing]
    assert told == [(FAIL, 2, 3), (FAIL, 1, 3), (PASS, 1, 1)]
    assert [finding.change for finding in line.changes] == [Change.DIFFERENT, Change.BETTER]


def test_what_a_run_was_not_asked_for_is_not_compared() -> None:
    assert requirements([side("a", judged(FAIL, selected=False)), side("b", judged(PASS, selected=False))]) == ()
    (line,) = requirements([side("a", judged(PASS, selected=False)), side("b", judged(PASS))])
    assert (line.of_sides[0], line.changes[0].change) == (None, Change.DIFFERENT)


def test_objectives_are_known_by_what_they_ask_for() -> None:
    lines = objectives([side("a", samples.swarm()), side("b", samples.invalid())])
    changes = {line.name: line.changes[0].change for line in lines}
    assert changes == {
        "ban_to_logout: p(99) < 250ms": Change.UNKNOWN,
        "tier_to_event: p(99) < 100ms": Change.DIFFERENT,
        "leaked == 0": Change.SAME,
        "lost == 0": Change.DIFFERENT,
    }
