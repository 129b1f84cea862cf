"""The rush for seats end to end: on the bundled server as it is, and as it is with some of its faults."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from eventproof import reference
from eventproof.errors import UsageError
from eventproof.load.run import swarm
from eventproof.report.records import Delivery, Run
from eventproof.verdict import Outcome, Verdict

from .patience import deadline, patient

_PATIENT = tuple(map(patient, ("seat_to_last", "booking:created")))
_SHAPE = ("--libraries=2", "--seats=10", "--rush-rate=5", "--rush-size=8", "--stay=0.3", "--move-rate=8")
_FAULTS = ("leave-ignored", "freed-seat-untold", "race-undecided", "booking-told-to-students")


def _swarmed(folder: Path, fault: str | None = None, processes: int = 1) -> Run:
    options = (*_SHAPE, deadline(fault))
    with reference.start(
        systems=("studyspot",), fault=fault, seed_users=40, options=("--log-level", "warning")
    ) as running:
        return swarm(
            "booking_rush", str(running.profile), 30, 50, 6, processes, _PATIENT, folder / "results", options=options
        )


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Run]:
    """A swarm against each fault, two at once."""
    with ThreadPoolExecutor(2) as pool:
        runs = pool.map(lambda fault: _swarmed(tmp_path_factory.mktemp(fault), fault), _FAULTS)
        return dict(zip(_FAULTS, runs, strict=True))


def _verdicts(run: Run) -> Mapping[str, Verdict]:
    return {objective.expression.split()[0]: objective.verdict for objective in run.objectives}


def _accounts(run: Run) -> Mapping[str, Delivery]:
    return {delivery.event: delivery for delivery in run.delivery}


def test_every_seat_is_booked_once_and_told_to_whom_it_concerns(tmp_path: Path) -> None:
    run = _swarmed(tmp_path, processes=2)
    assert (run.outcome, run.systems) == (Outcome.PASS, ("studyspot",)), run.notes
    assert run.load is not None
    assert (run.load.users, run.load.processes) == (30, 2)
    accounts = _accounts(run)
    for event in ("booking:created", "booking:cancelled", "booking:checkin", "booking:checkout", "seat:availability"):
        assert accounts[event].expected == accounts[event].delivered > 0, event
    assert accounts["booking:created"].expected % 2 == 0, "the owner and the staff member hear of each"
    assert {"seat_to_last", "booking_to_answer", "join"} <= {latency.metric for latency in run.latency}
    assert not [note for note in run.notes if "left on the target" in note]


def test_who_has_left_a_room_and_still_hears_it_is_leaked_to(faulty: Mapping[str, Run]) -> None:
    run = faulty["leave-ignored"]
    assert _accounts(run)["seat:availability"].leaked > 0
    assert (run.outcome, _verdicts(run)["leaked"]) == (Outcome.FAIL, Verdict.FAIL)
    assert _verdicts(run)["lost"] is Verdict.PASS


def test_a_freed_seat_that_nobody_is_told_of_is_lost(faulty: Mapping[str, Run]) -> None:
    run = faulty["freed-seat-untold"]
    assert _accounts(run)["seat:availability"].lost > 0
    assert (run.outcome, _verdicts(run)["lost"]) == (Outcome.FAIL, Verdict.FAIL)
    assert _verdicts(run)["leaked"] is Verdict.PASS


def test_a_seat_that_several_students_get_is_booked_twice(faulty: Mapping[str, Run]) -> None:
    run = faulty["race-undecided"]
    assert (run.outcome, _verdicts(run)["booked_twice"]) == (Outcome.FAIL, Verdict.FAIL)


def test_the_booking_of_another_student_is_leaked(faulty: Mapping[str, Run]) -> None:
    run = faulty["booking-told-to-students"]
    account = _accounts(run)["booking:created"]
    assert account.leaked > 0 == account.lost
    assert (run.outcome, _verdicts(run)["leaked"]) == (Outcome.FAIL, Verdict.FAIL)


def test_a_rush_without_an_owner_is_refused_before_it_begins(tmp_path: Path) -> None:
    profile = tmp_path / "eventproof.toml"
    profile.write_text('base_url = "http://127.0.0.1:9"\nsystems = ["plan-sync"]\n')
    with pytest.raises(UsageError, match="this swarm is about studyspot, and the systems under test are plan-sync"):
        swarm("booking_rush", str(profile), 1, 1, 1)
