from dataclasses import replace

import pytest

from eventproof import profile
from eventproof.load.account import Incident, SwarmAccount
from eventproof.load.histogram import Histogram
from eventproof.load.objectives import parse
from eventproof.load.outcome import Circumstances, LostWorker, conclude
from eventproof.load.tally import Tally
from eventproof.report.records import Gauge, Run
from eventproof.verdict import Outcome, Verdict

_LINES = ("ban_to_logout: p(99) < 1s", "lost == 0", "leaked == 0")


@pytest.fixture
def at() -> Circumstances:
    return Circumstances(
        target=profile.for_url("http://127.0.0.1:8080", env={}),
        systems=("user-state",),
        objectives=[parse(line) for line in _LINES],
        started="2026-01-01T00:00:00+00:00",
        seconds=20,
        seed=7,
        command="eventproof swarm",
        users=10,
        processes=2,
    )


def _account(*, milliseconds: int = 5, lost: int = 0, leaked: int = 0, busy: float = 10, **more: int) -> SwarmAccount:
    histogram = Histogram()
    histogram.record(milliseconds / 1000)
    return SwarmAccount(
        users=10,
        connections=12,
        seconds=15,
        tallies={"user.banned": Tally(expected=9, delivered=9 - lost, lost=lost, leaked=leaked)},
        histograms={"ban_to_logout": histogram},
        counts={"sessions": 12, "actions": 9, "bans": 9} | more,
        gauges=(Gauge("processor use", busy, 90, "%"),),
    )


def _verdicts(run: Run) -> list[Verdict]:
    return [objective.verdict for objective in run.objectives]


def test_a_swarm_that_meets_its_objectives_passes(at: Circumstances) -> None:
    run = conclude(_account(), at)
    assert (run.outcome, run.notes) == (Outcome.PASS, ())
    assert (run.kind, run.target, run.systems, run.seed) == ("swarm", "http://127.0.0.1:8080", ("user-state",), 7)
    assert run.load is not None
    assert (run.load.users, run.load.connections, run.load.processes, run.load.saturated) == (10, 12, 2, "")
    assert run.delivery[0].expected == 9


def test_a_missed_objective_fails(at: Circumstances) -> None:
    assert conclude(_account(lost=1), at).outcome is Outcome.FAIL


def test_a_missing_worker_makes_the_run_invalid(at: Circumstances) -> None:
    run = conclude(_account(), replace(at, missing=(LostWorker("worker 2"),)))
    assert run.outcome is Outcome.INVALID
    assert "1 of 2 workers (worker 2, of whose users nobody knows)" in run.notes[0]


def test_a_missing_worker_is_told_with_the_users_that_it_took_along(at: Circumstances) -> None:
    users = tuple(f"user-{number}" for number in range(7))
    run = conclude(_account(), replace(at, missing=(LostWorker("worker 2", users), LostWorker("worker 1", users[:1]))))
    assert (
        "2 of 2 workers (worker 2, and with it 7 users: user-0, user-1, user-2, user-3, user-4 and 2 more; "
        in (run.notes[0])
    )
    assert "worker 1, and with it 1 users: user-0)" in run.notes[0]


def test_a_worker_that_joins_late_makes_the_run_incomplete(at: Circumstances) -> None:
    run = conclude(_account(), replace(at, late=("worker 3",)))
    assert run.outcome is Outcome.INVALID
    assert run.notes[0].startswith("incomplete: worker 3 joined when the run had begun")


def test_fewer_users_than_asked_for_make_the_run_incomplete(at: Circumstances) -> None:
    run = conclude(_account(admins=2), replace(at, users=13))
    assert run.outcome is Outcome.INVALID
    assert run.notes[0] == "incomplete: 10 of the 11 users asked for were ever connected"
    assert conclude(_account(admins=2), replace(at, users=12)).outcome is Outcome.PASS


def test_a_few_actions_left_out_are_counted_in_the_notes(at: Circumstances) -> None:
    run = conclude(_account(actions=95, omitted=5), at)
    assert run.outcome is Outcome.PASS
    assert run.notes[0].startswith("5 of 100 actions were left out")


def test_many_actions_left_out_make_the_run_invalid_whatever_the_others_measured(at: Circumstances) -> None:
    run = conclude(_account(actions=94, omitted=6), at)
    assert run.outcome is Outcome.INVALID
    assert _verdicts(run) == [Verdict.INCONCLUSIVE] * 3
    assert run.notes[0].startswith("invalid: 6 of 100 actions were left out")


@pytest.mark.parametrize(("actions", "outcome"), [(8, Outcome.INVALID), (9, Outcome.PASS)])
def test_a_single_action_left_out_of_ten_says_nothing(at: Circumstances, actions: int, outcome: Outcome) -> None:
    assert conclude(_account(actions=actions, omitted=1), at).outcome is outcome


def test_a_run_that_was_given_up_has_failed_whatever_holds_at_its_end(at: Circumstances) -> None:
    line = parse("lost == 0, abort_after 10s")
    run = conclude(_account(), replace(at, objectives=[*at.objectives, line], given_up=(line,)))
    assert run.outcome is Outcome.FAIL
    assert run.objectives[-1].observed == "0 of 9 expected; missed for 10 s, which ended the run"
    assert run.notes == ("ended early: lost == 0, abort_after 10s was missed for 10 s",)
    saturated = conclude(_account(busy=98, lost=1), replace(at, objectives=[line], given_up=(line,)))
    assert saturated.outcome is Outcome.INVALID


def test_an_optional_objective_without_samples_makes_no_run_invalid_but_is_no_pass_alone(at: Circumstances) -> None:
    optional = parse("tier_to_event: max < 1s, optional")
    run = conclude(_account(), replace(at, objectives=[*at.objectives, optional]))
    assert (run.outcome, run.objectives[-1].verdict) == (Outcome.PASS, Verdict.NOT_APPLICABLE)
    assert conclude(_account(), replace(at, objectives=[optional])).outcome is Outcome.INVALID


def test_what_fails_fails_however_many_actions_were_left_out(at: Circumstances) -> None:
    run = conclude(_account(lost=1, omitted=9), at)
    assert run.outcome is Outcome.FAIL
    assert _verdicts(run) == [Verdict.INCONCLUSIVE, Verdict.FAIL, Verdict.INCONCLUSIVE]


def test_a_definite_failure_outweighs_a_missing_worker(at: Circumstances) -> None:
    assert conclude(_account(leaked=1), replace(at, missing=(LostWorker("worker 2"),))).outcome is Outcome.FAIL


def test_a_saturated_generator_makes_the_run_invalid_and_not_slow(at: Circumstances) -> None:
    run = conclude(_account(milliseconds=3000, lost=2, busy=98), at)
    assert run.outcome is Outcome.INVALID
    assert _verdicts(run) == [Verdict.INCONCLUSIVE] * 3
    assert "saturated" in run.notes[0]
    assert run.load is not None
    assert "processor use was 98 %" in run.load.saturated


def test_a_generator_that_was_late_by_chance_has_what_is_met_and_judges_nothing_that_is_missed(
    at: Circumstances,
) -> None:
    late = (Gauge("send lag, p99", 300, 250, "ms", by_chance=True),)
    met = conclude(replace(_account(), gauges=late), at)
    assert (met.outcome, _verdicts(met)) == (Outcome.PASS, [Verdict.PASS] * 3)
    assert met.notes[0].startswith("the load generator was late now and then (send lag, p99 was 300 ms")
    missed = conclude(replace(_account(milliseconds=3000), gauges=late), at)
    assert missed.outcome is Outcome.INVALID
    assert _verdicts(missed) == [Verdict.INCONCLUSIVE, Verdict.PASS, Verdict.PASS]
    assert missed.objectives[0].observed.endswith("the generator was late itself")
    leaked = conclude(replace(_account(leaked=1), gauges=late), at)
    assert (leaked.outcome, leaked.objectives[2].verdict) == (Outcome.FAIL, Verdict.FAIL)


def test_what_was_received_and_not_remembered_may_be_what_seems_to_be_lost(at: Circumstances) -> None:
    lines = [parse(line) for line in ("lost == 0", "lost == 2", "duplicate == 1")]
    run = conclude(_account(lost=2, overflowed=1), replace(at, objectives=lines))
    assert _verdicts(run) == [Verdict.INCONCLUSIVE, Verdict.PASS, Verdict.FAIL]
    assert "not all receipts were judged" in run.objectives[0].observed
    assert conclude(_account(lost=2, overflowed=1), replace(at, objectives=lines[:1])).outcome is Outcome.INVALID


def test_a_leak_is_a_leak_however_busy_the_generator_was(at: Circumstances) -> None:
    run = conclude(_account(leaked=1, busy=98), at)
    assert run.outcome is Outcome.FAIL
    assert _verdicts(run) == [Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE, Verdict.FAIL]


@pytest.mark.parametrize("metric", ["invalid", "unknown", "violations", "leaked"])
def test_what_no_contract_allows_fails_every_run_and_is_said_in_words(at: Circumstances, metric: str) -> None:
    account = _account(**({metric: 2} if metric in ("unknown", "violations", "leaked") else {}))
    if metric == "invalid":
        account = replace(account, tallies={"user.banned": Tally(expected=9, delivered=9, invalid=2)})
    run = conclude(account, replace(at, objectives=[parse("ban_to_logout: p(99) < 1s")]))
    assert run.outcome is Outcome.FAIL
    assert run.objectives[-1].expression == f"{metric} == 0"
    assert run.notes[0].startswith("failed: ")
    assert run.notes[0].endswith(": 2")


def test_an_objective_that_fails_for_what_no_contract_allows_is_not_told_twice(at: Circumstances) -> None:
    run = conclude(_account(leaked=1), at)
    assert [one.expression for one in run.objectives] == list(_LINES)


def test_a_limit_above_zero_allows_no_leak(at: Circumstances) -> None:
    assert conclude(_account(leaked=1), replace(at, objectives=[parse("leaked < 5")])).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("count", "words"),
    [
        ("cancelled", "3 actions were not over"),
        ("absent", "3 of the admins could not come in"),
        ("overflowed", "were not judged"),
        ("gone", "could not be opened again"),
        ("untold", "does not say for whom"),
    ],
)
def test_what_was_not_seen_makes_the_run_invalid(at: Circumstances, count: str, words: str) -> None:
    run = conclude(_account(**{count: 3}), at)
    assert run.outcome is Outcome.INVALID
    assert words in run.notes[0]


def test_sessions_that_never_opened_make_the_run_invalid(at: Circumstances) -> None:
    run = conclude(_account(unopened=3), at)
    assert run.outcome is Outcome.INVALID
    assert "3 sessions never opened" in run.notes[0]


def test_no_session_at_all_means_that_the_target_could_not_be_reached(at: Circumstances) -> None:
    assert conclude(SwarmAccount(counts={"unopened": 9}), at).outcome is Outcome.ERROR


def test_a_fault_of_ours_is_no_verdict_on_the_target(at: Circumstances) -> None:
    assert conclude(_account(faults=1), at).outcome is Outcome.ERROR


def test_an_empty_run_is_invalid_and_never_a_pass(at: Circumstances) -> None:
    run = conclude(SwarmAccount(), at)
    assert run.outcome is Outcome.INVALID
    assert set(_verdicts(run)) == {Verdict.INCONCLUSIVE}


def test_a_run_without_objectives_is_invalid(at: Circumstances) -> None:
    assert conclude(_account(), replace(at, objectives=())).outcome is Outcome.INVALID


def test_an_interrupted_run_says_so_and_keeps_its_figures(at: Circumstances) -> None:
    run = conclude(_account(lost=1), replace(at, interrupted=True))
    assert run.outcome is Outcome.INTERRUPTED
    assert run.delivery[0].lost == 1


def test_a_few_incidents_are_told_and_the_rest_are_counted(at: Circumstances) -> None:
    incidents = tuple(Incident(number, f"user-{number}", "user.banned was lost") for number in range(30))
    notes = conclude(replace(_account(lost=30), incidents=incidents), at).notes
    assert notes[0] == "0.000 s: user-0: user.banned was lost"
    assert notes[-1] == "and 25 more; history.ndjson has them"
