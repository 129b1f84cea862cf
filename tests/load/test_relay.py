"""Two processes of a swarm without a target, each with a clock of its own: what the one causes, the other expects."""

from collections import deque
from collections.abc import Iterator
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest

from eventproof import profile
from eventproof.catalog import EVERYONE, Cause, of_user
from eventproof.load.call_effects import CallEffects
from eventproof.load.clock import RoundTrip
from eventproof.load.generator import Generator
from eventproof.load.judgement import Receipt
from eventproof.load.messages import AT_REST, CAUSE, POINT
from eventproof.load.relay import Relay
from eventproof.load.saturation import GeneratorLimits
from eventproof.load.scenario import Scenario
from eventproof.load.share import ProcessShare

_AHEAD = 1000.0


class Device:
    """Connected since long."""

    since = 0.0
    connections = 1
    replays = False

    def hears(self, event: Any) -> bool:
        return True


class Process:
    """One generator and its relay; what it sends is kept."""

    def __init__(self, index: int, patience: float = 10.0) -> None:
        target = profile.for_url("http://127.0.0.1:1", env={})
        self.sent: deque[tuple[str, Any]] = deque()
        self.relay = Relay(index, lambda kind, data: self.sent.append((kind, data)))
        self.generator = Generator(
            target,
            scenario=Scenario("plan-sync", patience=patience),
            share=ProcessShare(index, 2),
            deadline=5,
            limits=GeneratorLimits(),
            seed=0,
            report=lambda *_: None,
        )
        self.relay.serve([self.generator])
        self.device: Any = Device()
        self.generator.rooms.join(self.device, {EVERYONE, of_user("u1")})

    def learns_the_time(self, ahead: float) -> None:
        """The master's clock is so far ahead; five round trips tell it within half a millisecond."""
        for _ in range(5):
            now = monotonic()
            self.relay.clock.enter(RoundTrip(now - 0.001, now + ahead - 0.0005, now + ahead - 0.0005, now))
        trip = RoundTrip(monotonic(), monotonic() + ahead, monotonic() + ahead, monotonic())
        self.relay.told_time({"sent": trip.sent, "received": trip.received, "answered": trip.answered})

    def effects(self, plan: str = "pln_1", **more: Any) -> CallEffects:
        return CallEffects(self.generator, Cause("updatePlan", {"planId": plan, **more}), "updatePlan 1")

    def expected(self, event: str = "UPDATE") -> int:
        return self.generator.books.ledger.tally(event).expected


@pytest.fixture
def two() -> Iterator[tuple[Process, Process]]:
    here, there = Process(0), Process(1)
    yield here, there
    for process in (here, there):
        process.generator.close()


def _passed_on(here: Process, there: Process) -> list[Any]:
    causes = [data for kind, data in here.sent if kind == CAUSE]
    here.sent.clear()
    for cause in causes:
        there.relay.hear(cause)
    return causes


def test_times_are_told_by_the_clock_of_the_master_and_heard_by_ones_own(two: tuple[Process, Process]) -> None:
    here, there = two
    here.learns_the_time(_AHEAD)
    there.learns_the_time(0.0)
    now = monotonic()
    here.effects().expect(at=now - 0.1, called=now - 0.05)
    (cause,) = _passed_on(here, there)
    assert cause["times"]["at"] == pytest.approx(now - 0.1 + _AHEAD, abs=0.01)
    # If the clock of this one is that of the master, the call lies a thousand seconds ahead, and nothing is of it yet.
    assert there.expected() == 1
    assert there.generator.books.received("UPDATE", there.device, now, subject="pln_1").receipt is Receipt.WAITING


def test_a_latency_across_processes_is_no_shorter_than_it_was(two: tuple[Process, Process]) -> None:
    here, there = two
    here.learns_the_time(_AHEAD)
    there.learns_the_time(_AHEAD)
    now = monotonic()
    here.effects().expect(at=now - 0.1, called=now - 0.05)
    _passed_on(here, there)
    assert (here.expected(), there.expected()) == (1, 1)
    match = there.generator.books.received("UPDATE", there.device, now, subject="pln_1")
    assert match.latency is not None
    assert 0.1 <= match.latency < 0.11
    assert match.late == pytest.approx(0.05)
    assert 0 < there.relay.worst < 0.01


def test_who_came_for_the_first_time_after_a_call_is_not_expected_to_hear_of_it(two: tuple[Process, Process]) -> None:
    here, there = two
    here.learns_the_time(0.0)
    there.learns_the_time(0.0)
    there.device.since, there.device.replays = monotonic(), True
    here.effects().expect(at=monotonic() - 1, called=monotonic() - 1)
    _passed_on(here, there)
    assert (there.expected(), there.generator.books.ledger.tally("UPDATE").away) == (0, 1)
    there.device.connections = 2
    here.effects("pln_2").expect(at=monotonic() - 1, called=monotonic() - 1)
    _passed_on(here, there)
    assert there.expected() == 1, "who came back is sent what was missed"


def test_what_is_told_before_the_clock_is_known_waits_for_it_in_its_order(two: tuple[Process, Process]) -> None:
    here, there = two
    there.learns_the_time(0.0)
    effects = here.effects()
    effects.expect(at=monotonic(), called=monotonic())
    effects.withdraw()
    assert _passed_on(here, there) == []
    here.learns_the_time(0.0)
    assert [cause["what"] for cause in _passed_on(here, there)] == ["expect", "withdraw"]
    assert there.expected() == 0


def test_no_secret_is_told_and_nothing_that_is_for_one_user_alone(two: tuple[Process, Process]) -> None:
    here, there = two
    here.learns_the_time(0.0)
    there.learns_the_time(0.0)
    here.effects(password="hunter2hunter2", token="abc.def.ghi", nested={"a": 1}).expect(at=0.0, called=0.0)
    (cause,) = _passed_on(here, there)
    assert cause["parameters"] == {"planId": "pln_1"}
    alone: Any = SimpleNamespace(generator=here.generator, rooms=lambda: frozenset({of_user("u1")}))
    here.relay.tell(alone, "expect", {})
    assert _passed_on(here, there) == []


def test_a_scenario_without_patience_tells_nothing() -> None:
    here = Process(0, patience=0.0)
    here.learns_the_time(0.0)
    here.effects().expect(at=monotonic(), called=monotonic())
    assert not here.sent
    assert here.generator.relay is None
    here.generator.close()


def test_the_end_waits_until_all_processes_are_at_the_same_point(two: tuple[Process, Process]) -> None:
    here, _ = two
    assert not here.relay.reaches(AT_REST, "plan-sync")
    assert not here.relay.reaches(AT_REST, "plan-sync")
    assert list(here.sent) == [(POINT, {"point": AT_REST})], "it is told once"
    here.relay.all_reach(AT_REST)
    assert here.relay.reaches(AT_REST, "plan-sync")


def test_a_shifted_clock_is_told_and_one_that_agrees_is_not(two: tuple[Process, Process]) -> None:
    here, there = two
    here.learns_the_time(0.0)
    there.learns_the_time(-_AHEAD)
    assert there.relay.note() == "", "nothing crossed"
    here.effects().expect(at=monotonic(), called=monotonic())
    _passed_on(here, there)
    assert there.relay.note().startswith("the clock of worker 2 is 1000.0")
    assert " s ahead of the master's, give or take " in there.relay.note()
    assert here.relay.note() == ""


@pytest.mark.parametrize(("told", "leaked"), [("pln_1", 1), ("pln_2", 0)])
def test_what_is_met_shortly_before_the_end_is_leaked_only_where_a_process_of_the_run_told_of_it(
    two: tuple[Process, Process], told: str, leaked: int
) -> None:
    here, there = two
    here.learns_the_time(0.0)
    there.learns_the_time(0.0)
    here.effects(told).expect(at=monotonic(), called=monotonic())
    _passed_on(here, there)
    there.generator.books.received("DELETE", there.device, monotonic(), subject="pln_1")
    there.generator.disown("pln_1")
    there.generator.hurry()
    there.generator.settle()
    assert there.generator.books.ledger.tally("DELETE").leaked == leaked
