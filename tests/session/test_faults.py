"""The pack on a server that misbehaves with sessions in one way: each is caught by the requirement that it breaks."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from eventproof import session_pack
from eventproof.conform import run
from eventproof.report.records import Run
from eventproof.verdict import Verdict
from tests.conform.ahead import Ahead
from tests.conform.trials import Trial, serving

CLOSES = "every_connection_closes_after[session-ban]"
RACE = "no_connection_that_is_being_opened_outlives[session-ban]"
AGAIN = "whoever_may_log_in_again_does_and_nobody_else_after[session-ban]"
REST = "its_token_is_refused_by_rest_after[session-ban]"
FAULTS = {
    "one-session-forgotten": ("SESSION-CLOSE-1", CLOSES),
    "third-session-forgotten": ("SESSION-CLOSE-1", CLOSES),
    "stream-survives-ban": ("SESSION-CLOSE-1", CLOSES),
    "slow-close": ("SESSION-CLOSE-2", "every_connection_closes_at_once_after[session-ban]"),
    "token-not-revoked": ("SESSION-TOKEN-1", REST),
    "offline-ban-lost": ("SESSION-TOKEN-1", REST),
    "reconnect-accepted": ("SESSION-TOKEN-2", "its_token_opens_no_door_after[session-ban]"),
    "expired-token-accepted": ("SESSION-TOKEN-2", "its_token_opens_no_door_after[session-expiry]"),
    "connecting-survives-ban": ("SESSION-RACE-1", RACE),
    "one-in-twenty-survives-ban": ("SESSION-RACE-1", RACE),
    "banned-login-accepted": ("SESSION-AGAIN-1", AGAIN),
    "ban-outlives-unban": ("SESSION-AGAIN-1", AGAIN),
    "unban-revives-tokens": (
        "SESSION-AGAIN-2",
        "an_ended_token_stays_refused_when_its_user_is_back_after[session-ban]",
    ),
}


TRIALS = [Trial(fault, "user-state") for fault in FAULTS]


def hold(trial: Trial) -> Run:
    """Check one case on a server of its own that has the fault."""
    with serving(trial) as place:
        target, catalog = session_pack.load(place)
        close = 3.0 if trial.fault == "slow-close" else 1.0
        patient = replace(target, budgets=replace(target.budgets, close=close))
        return run.check(patient, catalog=catalog, only=[FAULTS[trial.fault][1]], seed=1)


@pytest.fixture(scope="module")
def ahead_of_time() -> Iterator[Ahead]:
    """All of them, several at a time."""
    with closing(Ahead(TRIALS, hold)) as trials:
        yield trials


@pytest.mark.parametrize("trial", TRIALS, ids=str)
def test_a_fault_with_sessions_fails_the_requirement_that_it_breaks(trial: Trial, ahead_of_time: Ahead) -> None:
    breaks, _ = FAULTS[trial.fault]
    ran = ahead_of_time.held(trial)
    (line,) = [line for line in ran.requirements if line.id == breaks]
    assert line.verdict is (Verdict.WARN if line.level == "SHOULD" else Verdict.FAIL), line.reason
