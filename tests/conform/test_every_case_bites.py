"""A case that never failed proves nothing: the suite against a server that misbehaves in each of the named ways."""

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any

import pytest

from eventproof import catalog
from eventproof.conform.listing import collected
from eventproof.verdict import Level, Outcome, Verdict
from reference_server.faults import FAULTS
from tests.conform.ahead import Ahead
from tests.conform.shares import SHARES, share, told
from tests.conform.trials import SYSTEMS, Trial, checked, hold, trials


@pytest.fixture(scope="session")
def ahead(request: pytest.FixtureRequest) -> Iterator[Ahead]:
    """All the trials of this session."""
    functions = (item for item in request.session.items if isinstance(item, pytest.Function))
    order: list[Any] = [item.callspec.params["trial"] for item in functions if "ahead" in item.fixturenames]
    with closing(Ahead(order, partial(hold, share=share()))) as trials_ahead:
        yield trials_ahead


@pytest.mark.parametrize("trial", trials(), ids=str)
def test_a_fault_fails_the_requirement_that_it_breaks_and_no_other(trial: Trial, ahead: Ahead) -> None:
    breaks, implied = FAULTS[trial.fault].breaks, set(FAULTS[trial.fault].implies)
    ran = ahead.held(trial)
    lines = {line.id: line for line in ran.requirements}
    is_advice = lines[breaks].level is Level.SHOULD
    assert lines[breaks].verdict is (Verdict.WARN if is_advice else Verdict.FAIL), lines[breaks].reason
    if FAULTS[trial.fault].fails_each:
        passed = [check.name for check in lines[breaks].checks if check.verdict is not Verdict.FAIL]
        assert not passed
    broken = {line for line, found in lines.items() if found.verdict in (Verdict.FAIL, Verdict.WARN)}
    is_all_advice = all(lines[line].level is Level.SHOULD for line in broken)
    assert ran.outcome is (Outcome.PASS if is_all_advice else Outcome.FAIL)
    assert broken - {breaks} <= implied, {line: lines[line].reason for line in broken}
    assert Verdict.HARNESS_ERROR not in {found.verdict for found in lines.values()}


def test_every_requirement_has_a_case_and_a_fault_that_it_catches() -> None:
    """No requirement of these systems is beyond the reach of a fault."""
    wanted = {line.id for line in catalog.load().requirements(SYSTEMS) if line.excluded is None}
    proved = {line for case in collected(SYSTEMS) for line in case.requirements}
    broken = {fault.breaks for fault in FAULTS.values()}
    assert wanted <= proved
    assert wanted <= broken


@pytest.mark.parametrize("trial", trials()[::20], ids=str)
def test_all_shares_together_are_everything_and_none_leaves_out_what_the_fault_concerns(trial: Trial) -> None:
    shares = [set(checked(trial, number)) for number in range(SHARES)]
    assert set().union(*shares) == set(checked(trial, None))
    concerned = {FAULTS[trial.fault].breaks, *FAULTS[trial.fault].implies}
    assert set.intersection(*shares) == concerned & set(checked(trial, None))


def test_the_share_is_told_and_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVENTPROOF_TRIALS", raising=False)
    assert share() == share()
    monkeypatch.setenv("EVENTPROOF_TRIALS", "3")
    assert share() == 3
    assert "EVENTPROOF_TRIALS=3" in told(share())
    monkeypatch.setenv("EVENTPROOF_TRIALS", "all")
    assert share() is None
