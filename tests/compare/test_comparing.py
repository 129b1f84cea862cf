from dataclasses import replace

import pytest

from eventproof.compare import Side, compare
from eventproof.errors import Inconclusive, UsageError
from eventproof.report.records import Contract, Run
from eventproof.verdict import Outcome, Verdict
from tests.report import samples

from .sides import judged, latency, side, timed

FAIL, PASS = Verdict.FAIL, Verdict.PASS


def of(load_users: int) -> Run:
    run = timed(latency("connect", 3_000, 5))
    assert run.load is not None
    return replace(run, load=replace(run.load, users=load_users))


def test_nothing_worse_passes_anything_worse_fails_and_what_nobody_knows_is_invalid() -> None:
    before = side("a", judged(Verdict.PASS))
    outcomes = [compare((before, side("b", judged(verdict)))).outcome for verdict in Verdict]
    assert dict(zip(Verdict, outcomes, strict=True)) == {
        Verdict.PASS: Outcome.PASS,
        Verdict.FAIL: Outcome.FAIL,
        Verdict.WARN: Outcome.FAIL,
        Verdict.NOT_TESTABLE: Outcome.FAIL,
        Verdict.NOT_APPLICABLE: Outcome.INVALID,
        Verdict.INCONCLUSIVE: Outcome.INVALID,
        Verdict.HARNESS_ERROR: Outcome.INVALID,
    }


def test_the_sample_swarms_beside_themselves_and_beside_the_saturated_one() -> None:
    good, bad = (replace(run, latency=run.latency[:1]) for run in (samples.swarm(), samples.invalid()))
    assert compare((side("a", good), side("b", good))).outcome is Outcome.PASS
    found = compare((side("a", good), side("b", bad)))
    assert found.outcome is Outcome.INVALID
    assert "b is invalid: loop lag p99 was 212 ms (limit 20 ms)" in found.doubts
    assert compare((side("b", bad), side("a", good))).outcome is Outcome.INVALID


def test_each_further_side_is_compared_with_the_first() -> None:
    found = compare(tuple(side(name, judged(verdict)) for name, verdict in zip("abc", (FAIL, PASS, FAIL), strict=True)))
    assert found.outcome is Outcome.PASS
    assert [change.change.value for change in found.requirements[0].changes] == ["better", "same"]


def test_another_load_is_said_and_nothing_of_it_passes() -> None:
    found = compare((side("a", of(200)), side("b", of(400))))
    assert found.outcome is Outcome.INVALID
    assert found.doubts == ("b is of another load: 200 users, and 400",)
    assert compare((side("a", of(200)), side("b", of(205)))).outcome is Outcome.PASS


def test_a_latency_that_an_objective_is_about_has_to_be_judged() -> None:
    def run(count: int) -> Run:
        return replace(timed(latency("connect", count, 5)), objectives=samples.swarm().objectives[:1])

    asked = replace(samples.swarm().objectives[0], expression="connect: p(99) < 250ms")
    few, many = (replace(run(count), objectives=(asked,)) for count in (12, 3_000))
    found = compare((side("a", many), side("b", few)))
    assert (found.outcome, found.doubts) == (Outcome.INVALID, ("connect of b could not be judged: too few samples",))
    assert compare((side("a", many), side("b", many))).outcome is Outcome.PASS
    gone = compare((side("a", run(3_000)), side("b", timed())))
    assert "connect of b could not be judged: no samples" in gone.doubts


@pytest.mark.parametrize(
    ("metric", "line"),
    [
        ("connect", "connect[step 2]: p(99) < 250ms"),
        ("connect", "connect[user-state]: max < 250ms, min_samples 10"),
        ("connect (service)", "connect: service p(99) < 250ms"),
        ("booking:updated", "booking:updated: p(99) < 250ms"),
    ],
)
def test_so_has_one_that_is_asked_about_in_part_or_from_its_actual_start(metric: str, line: str) -> None:
    def run(count: int, line: str) -> Run:
        asked = replace(samples.swarm().objectives[0], expression=line)
        return replace(timed(latency(metric, count, 5)), objectives=(asked,))

    found = compare((side("a", run(3_000, line)), side("b", run(12, line))))
    assert found.doubts == (f"{metric} of b could not be judged: too few samples",)
    of_another = "another: p(99) < 250ms"
    assert compare((side("a", run(3_000, of_another)), side("b", run(12, of_another)))).outcome is Outcome.PASS


def test_the_machine_of_each_side_is_told_where_it_is_known() -> None:
    def facts(run: Run) -> dict[str, tuple[str, ...]]:
        found = compare((side("a", samples.swarm()), side("b", replace(samples.swarm(), machine=run.machine))))
        return {fact.name: fact.of_sides for fact in found.facts}

    machine = samples.swarm().machine
    assert machine is not None
    known = facts(replace(samples.swarm(), machine=replace(machine, cores=64)))
    assert known["machine"] == ("AMD EPYC, 2 cores, Linux 6.18", "AMD EPYC, 64 cores, Linux 6.18")
    assert known["software"] == ("CPython 3.11.7, locust 2.47.0",) * 2
    assert facts(samples.run())["machine"] == ("AMD EPYC, 2 cores, Linux 6.18", "")


@pytest.mark.parametrize(
    ("other", "error", "words"),
    [
        (samples.swarm(), UsageError, "a is a check and b a swarm: only what is alike"),
        (replace(samples.passing(), outcome=Outcome.INTERRUPTED), Inconclusive, "b was interrupted"),
        (
            replace(samples.passing(), outcome=Outcome.ERROR, notes=("nobody listens",)),
            Inconclusive,
            "b has nothing to compare: nobody listens",
        ),
        (replace(samples.passing(), systems=("shield",)), Inconclusive, "systems differ: user-state, and shield"),
        (
            replace(samples.passing(), contracts=(Contract("user-state", "1.1.0", "0a1b2c"),)),
            Inconclusive,
            r"contracts differ: none, and user-state 1\.1\.0 \(0a1b2c\); make the baseline anew",
        ),
    ],
    ids=["kind", "interrupted", "error", "systems", "contract"],
)
def test_what_is_not_alike_is_refused_with_the_reason(other: Run, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        compare((side("a", samples.passing()), side("b", other)))


def test_another_scenario_is_refused() -> None:
    def named(scenario: str) -> Side:
        run = samples.swarm()
        assert run.load is not None
        return side(scenario, replace(run, load=replace(run.load, scenario=scenario)))

    with pytest.raises(Inconclusive, match="their scenarios differ: ban_storm, and claims"):
        compare((named("ban_storm"), named("claims")))


def test_a_single_run_is_said_to_tell_little() -> None:
    run = of(200)
    assert "a is a single run" in compare((side("a", run), side("b", run, run))).notes[0]
    several = compare((side("a", run, run), side("b", run, run)))
    assert (several.notes, several.facts[0].name, several.facts[0].of_sides) == ((), "runs", ("2", "2"))
