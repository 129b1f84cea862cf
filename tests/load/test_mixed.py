"""All five systems at once, end to end: on the bundled server as it is, and as it is with some of its faults."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from eventproof import reference
from eventproof.load.run import swarm
from eventproof.report.records import Run
from eventproof.report.terminal import summary
from eventproof.verdict import Outcome, Verdict

from .patience import deadline, patient

_PATIENT = tuple(
    map(
        patient,
        ("ban_to_logout", "claim_paid", "to_last", "seat_to_last", "booking:created", "preview", "order_to_last"),
    )
)
_RATES = ("--ban-rate=1", "--tier-rate=1", "--claim-rate=2", "--update-rate=2", "--rush-rate=2", "--order-rate=2")
_SHAPE = ("--pace=0.3", "--stay=0.3", "--order-pace=0.3", "--libraries=2", "--seats=10", "--storefronts=2")
_SYSTEMS = ("user-state", "shield", "plan-sync", "studyspot", "marketplace")


def _swarmed(folder: Path, fault: str | None = None, processes: int = 1) -> Run:
    options = (*_RATES, *_SHAPE, "--cancel-share=0.6", deadline(fault), "--poll-every=1", "--visit-rate=3")
    with reference.start(systems=_SYSTEMS, fault=fault, seed_users=130, options=("--log-level", "warning")) as running:
        return swarm(
            *("mixed", str(running.profile), 50, 50, 9, processes, _PATIENT, folder / "results"),
            admins=5 * processes,
            options=options,
        )


def _verdicts(run: Run) -> Mapping[str, Verdict]:
    return {objective.expression.split()[0]: objective.verdict for objective in run.objectives}


def test_five_systems_side_by_side_leave_nothing_behind_and_each_has_its_account(tmp_path: Path) -> None:
    run = _swarmed(tmp_path, processes=2)
    assert (run.outcome, run.systems) == (Outcome.PASS, _SYSTEMS), summary(run)
    assert _verdicts(run)["left_behind"] is Verdict.PASS
    accounts = {delivery.event: delivery for delivery in run.delivery}
    for event in (
        *("user-state/user.banned", "shield/claim_submitted", "plan-sync/UPDATE", "studyspot/booking:created"),
        "marketplace/order:updated",
    ):
        assert accounts[event].expected == accounts[event].delivered > 0, event


@pytest.mark.parametrize(
    ("fault", "missed", "told"),
    [
        ("cancellation-told-to-everyone", "leaked", "studyspot: user-"),
        ("leak", "left_behind", "left behind: eventproof_connections is"),
    ],
)
def test_what_crosses_from_one_system_to_another_or_stays_is_told(
    tmp_path: Path, fault: str, missed: str, told: str
) -> None:
    run = _swarmed(tmp_path, fault)
    assert (run.outcome, _verdicts(run)[missed]) == (Outcome.FAIL, Verdict.FAIL), run.notes
    assert any(told in note for note in run.notes), run.notes
