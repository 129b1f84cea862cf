"""The scenarios of any system, end to end: each holds on the bundled server, and shows what another one does wrong."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest

from eventproof import reference
from eventproof.errors import UsageError
from eventproof.load.run import swarm
from eventproof.report.records import Run
from eventproof.verdict import Outcome, Verdict
from reference_server.faults import FAULTS

from .patience import patient

_USERS: Final = 12
_CROWDED: Final = "[limits]\nmax_connections = 10\n"
"""Fewer than come: some of them have to stay outside."""
_FORGETFUL: Final = ("--replay-window", "0.01")
"""What somebody missed is not sent again."""


@dataclass(frozen=True)
class _Try:
    """A scenario against the bundled server, as it is or otherwise."""

    scenario: str
    system: str = "user-state"
    options: Sequence[str] = ()
    seconds: float = 6.0
    rate: float = 24.0
    objectives: Sequence[str] = ()
    fault: str | None = None
    server: Sequence[str] = ()
    limits: str = ""
    processes: int = 1
    users: int = _USERS


_AWAY: Final = ("--away-every=2", "--away-for=1")
_STORM: Final = ("--storm-every=5", "--first-pause=0.2", "--longest-pause=0.5")
"""One storm a run, after half of that: with a second one, what was not heard after the first is sent again."""
_STEPS: Final = ("--steps=3", "--step-latency=20", "--tell-rate=4")
_DEPLOY: Final = ("--node-every=3", "--first-pause=0.2", "--longest-pause=0.5")
_SLOW: Final = ("--slow-share=0.3", "--press-rate=20")
_PRESSED: Final = _Try(
    "slow_consumers",
    "plan-sync",
    ("--slow-share=0.9", "--press-rate=150"),
    seconds=8.0,
    rate=60.0,
    objectives=("memory_grown <= 4%",),
    limits="[limits]\nmax_backlog = 16384\n",
    users=50,
)
"""Many who read nothing are told much, of which the bundled server keeps little for each."""
_OF_ONE = _USERS // 3 // 2
"""So many users come in each step in one of two processes."""
_OF_STEPS: Final = (f"connect[each step]: count >= {_OF_ONE + 1}", "told[step 3]: max < 30s", "lost[step 3] == 0")
_TRIES: Final[Mapping[str, _Try]] = {
    "deploy": _Try("deploy", "shield", _DEPLOY, seconds=15.0),
    "steps": _Try(
        *("connection_scale", "user-state", (*_STEPS, "--step-time=3")),
        seconds=14.0,
        rate=6.0,
        objectives=_OF_STEPS,
        processes=2,
    ),
    "jitter": _Try("jitter", "shield", _AWAY),
    "jitter without replay": _Try("jitter", "shield", _AWAY, server=_FORGETFUL),
    "storm": _Try("reconnect_storm", "shield", _STORM),
    "storm after which nobody hears": _Try("reconnect_storm", "shield", _STORM, fault="deaf-on-return"),
    "steps into a full house": _Try("connection_scale", options=_STEPS, seconds=7.0, rate=6.0, limits=_CROWDED),
    "slow": _PRESSED,
    "slow for whom all is kept": replace(_PRESSED, fault="kept-for-slow-readers"),
    "slow who hold all": _Try("slow_consumers", "plan-sync", _SLOW, fault="slow-reader-holds-all"),
    "soak": _Try("soak", options=_AWAY),
    "students": _Try("jitter", "studyspot", _AWAY),
    "buyers": _Try("reconnect_storm", "marketplace", _STORM),
}


def _swarmed(trial: _Try, folder: Path) -> Run:
    config = folder / "server.toml"
    config.write_text(trial.limits)
    with reference.start(
        systems=("user-state", trial.system) if trial.system != "user-state" else ("user-state",),
        fault=trial.fault,
        seed_users=trial.users + 4 * trial.processes,
        quick=False,
        options=("--config", str(config), "--log-level", "warning", *trial.server),
        restartable=True,
    ) as running:
        return swarm(
            trial.scenario,
            str(running.profile),
            trial.users,
            trial.rate,
            trial.seconds,
            trial.processes,
            objectives=[patient("told"), *trial.objectives],
            results=folder / "results",
            options=(f"--system={trial.system}", "--tell-rate=12", "--deadline=8", *trial.options),
        )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Run]:
    """Every trial, four at once, those that take longest first: they wait more than they work."""
    folders = [tmp_path_factory.mktemp("trial") for _ in _TRIES]  # two threads would make two roots for them
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(_TRIES, pool.map(_swarmed, _TRIES.values(), folders), strict=True))


def _verdict(run: Run, metric: str) -> Verdict:
    return next(one.verdict for one in run.objectives if one.expression.split(":")[0].split()[0] == metric)


def _total(run: Run, column: str) -> int:
    return sum(getattr(delivery, column) for delivery in run.delivery)


def _count(run: Run, metric: str) -> int:
    return next(latency.count for latency in run.latency if latency.metric == metric)


@pytest.mark.parametrize("name", ["jitter", "storm", "steps", "slow", "deploy", "soak", "students", "buyers"])
def test_the_bundled_server_meets_the_objectives_of_each(runs: Mapping[str, Run], name: str) -> None:
    run = runs[name]
    assert run.outcome is Outcome.PASS, (run.notes, run.objectives)
    assert _total(run, "delivered") == _total(run, "expected") > 10


def test_what_somebody_missed_reaches_them_where_it_is_sent_again(runs: Mapping[str, Run]) -> None:
    assert _total(runs["jitter"], "away") == 0
    assert any(note.startswith("delivery: 100 % of") for note in runs["jitter"].notes)


def test_what_is_not_sent_again_is_lost_where_that_is_claimed_and_away_where_it_is_not(
    runs: Mapping[str, Run],
) -> None:
    forgetful, without = runs["jitter without replay"], runs["soak"]
    assert (forgetful.outcome, _verdict(forgetful, "lost")) == (Outcome.FAIL, Verdict.FAIL)
    assert (without.systems, _total(without, "lost")) == (("user-state",), 0)
    assert _total(without, "away") > 0


def test_after_a_storm_all_are_back_and_have_what_they_missed(runs: Mapping[str, Run]) -> None:
    run = runs["storm"]
    assert _count(run, "all_back") >= 1
    assert _count(run, "caught_up") >= 1
    assert _count(run, "reconnect") >= _USERS


def test_who_comes_back_from_a_storm_and_hears_nothing_has_lost_something(runs: Mapping[str, Run]) -> None:
    run = runs["storm after which nobody hears"]
    assert (run.outcome, _verdict(run, "lost")) == (Outcome.FAIL, Verdict.FAIL)


def test_each_step_has_its_figures_of_all_processes_together(runs: Mapping[str, Run]) -> None:
    run = runs["steps"]
    judged = {one.expression: one for one in run.objectives}
    assert [judged[line].verdict for line in _OF_STEPS] == [Verdict.PASS] * 3
    assert judged[_OF_STEPS[0]].observed == "in all 3 steps"
    assert any(note.startswith("step 2: 8 users in ") and "target" in note for note in run.notes)
    assert "no knee up to 12 users: all 3 steps held" in run.notes
    assert any(note.startswith("memory of the target: ") and note.endswith("kB a session") for note in run.notes)


def test_the_step_in_which_nobody_more_is_let_in_is_the_knee(runs: Mapping[str, Run]) -> None:
    run = runs["steps into a full house"]
    assert (run.outcome, _verdict(run, "steps_failed")) == (Outcome.FAIL, Verdict.FAIL)
    assert any(note.startswith("the knee is at step 3 (12 users): ") for note in run.notes), run.notes


def test_who_reads_nothing_is_due_nothing_and_the_others_are_told(runs: Mapping[str, Run]) -> None:
    run = runs["slow"]
    assert _verdict(run, "slow") is Verdict.PASS
    assert _verdict(run, "memory_grown") is Verdict.PASS


def test_who_reads_nothing_is_seen_to_hold_up_the_others_where_the_target_waits_for_them(
    runs: Mapping[str, Run],
) -> None:
    run = runs["slow who hold all"]
    assert (run.outcome, _verdict(run, "lost")) == (Outcome.FAIL, Verdict.FAIL)
    assert _verdict(run, "slow") is Verdict.PASS


def test_who_reads_nothing_is_seen_to_fill_the_memory_of_a_target_that_keeps_all_for_them(
    runs: Mapping[str, Run],
) -> None:
    run = runs["slow for whom all is kept"]
    assert (run.outcome, _verdict(run, "memory_grown")) == (Outcome.FAIL, Verdict.FAIL)
    assert _verdict(run, "lost") is Verdict.PASS, "the others are told as ever"


def test_every_fault_that_it_takes_load_to_see_is_tried_in_the_scenario_that_it_names() -> None:
    named = {(fault.scenario, name) for name, fault in FAULTS.items() if fault.scenario}
    assert named <= {(trial.scenario, trial.fault) for trial in _TRIES.values()}


def test_what_is_caused_while_somebody_is_away_from_a_replaced_node_reaches_them(runs: Mapping[str, Run]) -> None:
    run = runs["deploy"]
    assert _verdict(run, "replaced") is Verdict.PASS
    assert _count(run, "reconnect") >= _USERS
    assert _count(run, "all_back") >= 1
    assert _total(run, "delivered") > _count(run, "told"), "what somebody heard after being away is in no latency"


def test_a_soak_looks_at_the_memory_of_the_target_and_at_what_is_left_behind(runs: Mapping[str, Run]) -> None:
    run = runs["soak"]
    assert _verdict(run, "memory_grown") is _verdict(run, "left_behind") is Verdict.PASS
    assert any(note.startswith("memory of the target: ") for note in run.notes)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--system=sheild"], r'there is no system "sheild".*did you mean "shield"'),
        (["--steps=50"], r"8 users are too few for 50 steps"),
        (["--steps=2", "--step-time=30"], r"2 steps of 30 s take longer than the run of 5 s"),
        (["--tell-rate=0"], r"tell-rate must be more than 0"),
    ],
)
def test_what_cannot_be_run_is_refused_in_a_sentence(tmp_path: Path, options: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        swarm("connection_scale", "http://127.0.0.1:1", 8, 50, 5, results=tmp_path / "results", options=options)
