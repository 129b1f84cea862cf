"""Whatever a target sends, the books stay small and can be written."""

import json
from time import monotonic

import pytest

from eventproof import catalog
from eventproof.catalog import Direction
from eventproof.load.books import Books

_EVENTS = {
    event.name: event for event in catalog.load().system("user-state").events if event.direction is Direction.SEND
}


def test_a_target_that_says_something_else_each_time_fills_no_table() -> None:
    told: set[str] = set()
    books = Books(_EVENTS, lambda _kind, name, _seconds, _problem: told.add(name))
    for number in range(5_000):
        books.incident("u1", f"{number} {'x' * 1000}")
        books.contract(f"event {number}", (), "u1")
        books.note(f"note {number} {'x' * 1000}")
    account = books.account(users=1, connections=1, gauges=())
    assert len(told) == 101
    assert account.count("unknown") == 5_000
    assert len(json.dumps(account.to_json())) < 200_000


def test_half_a_surrogate_pair_can_be_written() -> None:
    books = Books(_EVENTS, lambda *_: None)
    books.incident("u1", "the target sent an error: \ud800")
    books.note("\udfff")
    account = books.account(users=1, connections=1, gauges=())
    assert account.incidents[0].what == "the target sent an error: ?"
    assert account.notes == ("?",)


def test_an_event_of_another_contract_is_not_unknown() -> None:
    books = Books(_EVENTS, lambda *_: None, elsewhere={"claim_paid"})
    assert books.contract("claim_paid", (), "u1") is None
    account = books.account(users=1, connections=1, gauges=())
    assert (account.count("unknown"), account.notes) == (0, ())


def test_what_is_measured_in_a_step_is_kept_for_it_too() -> None:
    books = Books({}, lambda *_: None)
    books.record("connect", 0.1)
    books.count("sessions")
    books.begin_step("1000")
    books.record("connect", 0.2)
    books.count("sessions", 3)
    books.ledger.expect("ban", "user.banned", ["a"], at=monotonic(), deadline=0.0)
    books.begin_step("2000")
    books.record("connect", 0.3)
    books.record("connect", 0.3)
    account = books.account(users=1, connections=1, gauges=())
    account = books.account(users=1, connections=1, gauges=())
    assert account.steps == ("1000", "2000")
    assert [len(account.samples("connect", scope)) for scope in ("", "step 1000", "step 2000")] == [4, 1, 2]
    assert (account.count("sessions"), account.count("sessions", "step 1000")) == (4, 3)
    assert [account.count("expected", f"step {step}") for step in account.steps] == [1, 0]
    assert [account.count("lost", f"step {step}") for step in account.steps] == [1, 0], "it is lost where it was caused"


def test_what_is_read_in_a_step_is_not_added_to_what_is_read_of_the_run() -> None:
    books = Books({}, lambda *_: None)
    books.begin_step("1")
    books.reading("memory", 500, is_of_step=True)
    books.reading("memory", 300)
    account = books.account(users=1, connections=1, gauges=())
    assert (account.count("memory"), account.count("memory", "step 1")) == (300, 500)


def test_a_latency_has_its_service_time_beside_it() -> None:
    books = Books({}, lambda *_: None)
    books.record("ban_to_logout", 0.5, late=0.2)
    books.record("connect", 0.1)
    account = books.account(users=1, connections=1, gauges=())
    assert account.samples("ban_to_logout (service)").maximum == pytest.approx(0.3, rel=1e-2)
    assert not len(account.samples("connect (service)"))


def test_an_event_that_was_sent_late_has_both_times() -> None:
    books = Books({}, lambda *_: None)
    books.expect("ban", "user.banned", ["a"], at=10.0, deadline=20.0, late=1.5)
    books.delivered("user.banned", books.received("user.banned", "a", 12.0))
    account = books.account(users=1, connections=1, gauges=())
    assert account.samples("user.banned").maximum == pytest.approx(2.0, rel=1e-2)
    assert account.samples("user.banned (service)").maximum == pytest.approx(0.5, rel=1e-2)
