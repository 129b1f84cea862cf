"""Whatever a target sends, the books stay small and can be written."""

import json

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
