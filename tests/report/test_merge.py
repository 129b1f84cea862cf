from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventproof.report.merge import merge
from eventproof.report.records import Delivery
from eventproof.verdict import Outcome, Verdict, outcome
from tests.report import samples


def test_a_check_and_a_swarm_become_one_run() -> None:
    check, swarm = samples.passing(), replace(samples.swarm(), started="2026-03-14T09:27:10Z")
    demo = merge([check, swarm], command="eventproof demo")
    assert (demo.kind, demo.command, demo.outcome) == ("demo", "eventproof demo", Outcome.PASS)
    assert (demo.target, demo.systems) == (samples.TARGET, ("user-state",))
    assert (demo.started, demo.seconds) == (check.started, check.seconds + swarm.seconds)
    assert demo.requirements == check.requirements
    assert (demo.objectives, demo.delivery, demo.latency, demo.load) == (
        swarm.objectives,
        swarm.delivery,
        swarm.latency,
        swarm.load,
    )


def test_without_a_command_of_its_own_it_names_those_of_all() -> None:
    assert merge([samples.passing(), samples.swarm()]).command.count(" && ") == 1


def test_the_worst_outcome_decides() -> None:
    assert merge([samples.failing(), samples.swarm()]).outcome is Outcome.FAIL
    assert merge([samples.passing(), samples.invalid()]).outcome is Outcome.INVALID


def test_a_requirement_of_both_has_the_graver_verdict_and_all_checks() -> None:
    failed = samples.requirement(
        verdict=Verdict.FAIL, reason="broken", checks=(samples.check("second", verdict=Verdict.FAIL),)
    )
    passed = samples.requirement(checks=(samples.check("first"),))
    for runs in ([samples.run(passed), samples.run(failed)], [samples.run(failed), samples.run(passed)]):
        (merged,) = merge(runs).requirements
        assert (merged.verdict, merged.reason) == (Verdict.FAIL, "broken")
        assert {check.name for check in merged.checks} == {"first", "second"}


def test_what_one_run_did_not_ask_for_says_nothing_against_the_other() -> None:
    left_out = replace(samples.requirement(verdict=Verdict.INCONCLUSIVE), selected=False)
    for runs in (
        [samples.run(samples.requirement()), samples.run(left_out)],
        [samples.run(left_out), samples.passing()],
    ):
        assert next(line for line in merge(runs).requirements if line.id == left_out.id).verdict is Verdict.PASS


@given(st.lists(st.lists(st.sampled_from(Verdict), min_size=1), min_size=1))
def test_a_merged_run_ranks_as_a_check_of_all_would(verdicts: list[list[Verdict]]) -> None:
    runs = [
        samples.run(*(samples.requirement(verdict=verdict) for verdict in members), outcome=outcome(members))
        for members in verdicts
    ]
    observed = [members for members in verdicts if set(members) != {Verdict.NOT_APPLICABLE}]
    if len(observed) == len(verdicts):
        merged = merge(runs)
        assert merged.outcome is outcome(line.verdict for line in merged.requirements)
        assert merged.outcome is outcome(verdict for members in verdicts for verdict in members)


def test_accounts_of_one_event_are_added_up() -> None:
    one = replace(samples.run(), delivery=(Delivery("user.banned", 5, 4, 1, 0, 0, 0, 0, late=1),))
    other = replace(samples.run(), delivery=(Delivery("user.banned", 2, 2, 0, 3, 1, 0, 0),))
    assert merge([one, other]).delivery == (Delivery("user.banned", 7, 6, 1, 3, 1, 0, 0, late=1),)


def test_the_generator_that_is_not_to_be_believed_is_the_one_that_is_told() -> None:
    load = merge([samples.swarm(), samples.invalid()]).load
    assert load is not None
    assert load.saturated


def test_nothing_cannot_be_merged() -> None:
    with pytest.raises(ValueError, match="no run"):
        merge([])
