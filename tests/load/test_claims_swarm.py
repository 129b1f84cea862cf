"""The claims swarm end to end: against a server that breaks every rule, one that answers badly, and the bundled one."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from eventproof import reference
from eventproof.errors import UsageError
from eventproof.load.run import swarm
from eventproof.report.records import Delivery, Run
from eventproof.verdict import Outcome, Verdict

from .patience import patient

_BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "claims.py"
_USERS = 8
_PATIENT = patient("claim_paid")
_SHAPE = ("--multi-device=0", "--claim-rate=3", "--pace=0.4", "--deny-share=0.3")


@contextmanager
def _another_shield(manner: str, folder: Path) -> Iterator[str]:
    """A server that is not ours; gives the path of a profile for it."""
    command = [sys.executable, str(Path(__file__).with_name("another_shield.py")), manner]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        users = "".join(f'[[identities.users]]\nid = "u{number}"\ntoken = "u{number}"\n' for number in range(_USERS))
        profile = folder / f"{manner}.toml"
        profile.write_text(
            f'base_url = "{child.stdout.readline().strip()}"\nsystems = ["shield"]\n'
            f'[[identities.admins]]\nid = "admin"\ntoken = "admin"\n{users}'
        )
        try:
            yield str(profile)
        finally:
            child.terminate()


def _swarmed(manner: str, folder: Path) -> Run:
    objectives = [_PATIENT, *(["unanswered > 0"] if manner == "mute" else [])]
    options = (*_SHAPE, "--deadline=2", "--silent-share=0.25", "--late-share=0", "--cut-share=0")
    with _another_shield(manner, folder) as profile:
        return swarm("claims", profile, _USERS, 50, 12, 1, objectives, folder / manner, options=options)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Run]:
    """A swarm against each manner of server, both at once."""
    folder = tmp_path_factory.mktemp("another_shield")
    with ThreadPoolExecutor(2) as pool:
        return dict(
            zip(("wrong", "mute"), pool.map(lambda manner: _swarmed(manner, folder), ("wrong", "mute")), strict=True)
        )


def _account(run: Run, event: str) -> Delivery:
    return next(delivery for delivery in run.delivery if delivery.event == event)


def _verdict(run: Run, metric: str) -> Verdict:
    return next(one.verdict for one in run.objectives if one.expression.startswith(metric))


def test_whatever_breaks_a_rule_is_counted_where_it_belongs(runs: Mapping[str, Run]) -> None:
    run = runs["wrong"]
    reviewed = _account(run, "claim_under_review")
    assert 0 < reviewed.lost < reviewed.expected == reviewed.delivered + reviewed.lost
    approved = _account(run, "claim_approved")
    assert approved.leaked == approved.delivered == approved.expected > 0
    denied = _account(run, "claim_denied")
    assert denied.duplicate == denied.delivered > 0 == denied.explained
    assert _account(run, "claim_submitted").out_of_order > 0
    assert _account(run, "coverage_updated").invalid == _account(run, "claim_paid").delivered > 0
    asked = _account(run, "admin_action_required")
    assert asked.leaked > 0 == asked.lost
    for sound in ("admin_claim_submitted", "payout_initiated", "cancellation_restriction_changed"):
        account = _account(run, sound)
        assert account.expected == account.delivered > 0
        assert account.leaked == account.duplicate == account.out_of_order == account.invalid == 0
    assert run.outcome is Outcome.FAIL
    for metric in ("lost", "leaked", "out_of_order", "unexplained", "invalid"):
        assert _verdict(run, metric) is Verdict.FAIL, metric


def test_a_retry_is_explained_until_its_acknowledgement_must_have_arrived(runs: Mapping[str, Run]) -> None:
    wrong, right = (_account(runs[manner], "claim_paid") for manner in ("wrong", "mute"))
    assert 0 < wrong.retried == wrong.explained < wrong.duplicate
    assert 0 < right.retried == right.explained == right.duplicate
    assert 0 < right.acknowledged < right.delivered


def test_calls_without_an_answer_lose_nothing_where_the_target_tells_how_things_stand(runs: Mapping[str, Run]) -> None:
    run = runs["mute"]
    assert (run.outcome, run.notes) == (Outcome.PASS, ())
    paid, denied = _account(run, "claim_paid"), _account(run, "claim_denied")
    assert paid.delivered > 0 < denied.delivered


def test_members_who_are_cut_off_late_or_silent_lose_nothing_on_the_bundled_server(tmp_path: Path) -> None:
    options = ("--multi-device=0.2", "--claim-rate=3", "--pace=0.4", "--late-by=1")
    shares = ("--silent-share=0.2", "--late-share=0.2", "--cut-share=0.3")
    with reference.start(seed_users=20, options=("--log-level", "warning")) as running:
        run = swarm(
            "claims", str(running.profile), 12, 50, 12, 2, [_PATIENT], tmp_path / "results", options=(*options, *shares)
        )
    assert (run.outcome, run.notes, run.systems) == (Outcome.PASS, (), ("shield",))
    paid = _account(run, "claim_paid")
    assert paid.expected == paid.delivered > paid.acknowledged > 0
    assert paid.retried > 0
    assert {"claim_paid", "reconnect", "admin_claim_submitted"} <= {latency.metric for latency in run.latency}


def test_a_server_that_is_killed_and_started_again_loses_nothing() -> None:
    shape = ["--users=12", "--claims=24", "--claim-rate=4", "--pace=2", "--run-time=26", "--kill-after=13"]
    measured = subprocess.run(
        [sys.executable, str(_BENCHMARK), "--kill", *shape, "--silent-share=0.2", "--cut-share=0.2"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert measured.returncode == 0, measured.stdout + measured.stderr
    figures = json.loads(measured.stdout.splitlines()[-1])
    assert figures["expected"] == figures["delivered"] > 24 * 8
    assert figures["duplicate"] == figures["explained"] > 0
    assert figures["lost"] == figures["leaked"] == figures["out_of_order"] == 0


def test_what_cannot_be_asked_for_is_refused_before_the_run(tmp_path: Path) -> None:
    profile = tmp_path / "eventproof.toml"
    profile.write_text('base_url = "http://127.0.0.1:9"\nsystems = ["user-state"]\n')
    with pytest.raises(UsageError, match="must lie between 0 and 1"):
        swarm("claims", str(profile), 1, 1, 1, options=["--silent-share=0.6", "--cut-share=0.6"])
    with pytest.raises(UsageError, match=r"^late-by must be at least 0, not nan$"):
        swarm("claims", str(profile), 1, 1, 1, options=["--late-by=nan"])
    with pytest.raises(UsageError, match="this swarm is about shield, and the systems under test are user-state"):
        swarm("claims", str(profile), 1, 1, 1)
