"""A device of somebody: what a flood may cost, and what is said of one that never comes back."""

from random import Random
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest

from eventproof import catalog, profile
from eventproof.catalog import Direction
from eventproof.client.hub_connection import Closure, ClosureReason
from eventproof.load.acks import Acks
from eventproof.load.actor import Actor
from eventproof.load.books import Books
from eventproof.load.ledger import Ledger
from eventproof.load.requests import Requests
from eventproof.load.rooms import Rooms
from eventproof.target import Identity
from eventproof.wire.connection import EventReceived

_EVENTS = {event.name: event for event in catalog.load().system("shield").events if event.direction is Direction.SEND}
_PAID = dict(_EVENTS["claim_paid"].examples[0])


class Connection:
    """Counts what is sent."""

    is_open = True
    recovery = None

    def __init__(self) -> None:
        self.sent = 0

    def emit(self, *_: Any) -> None:
        self.sent += 1


def _generator() -> Any:
    return SimpleNamespace(
        books=Books(_EVENTS, lambda *_: None, Ledger(patience=60)),
        acks=Acks(arrival=5, kept=30),
        random=Random(1),
        deadline=5.0,
        target=profile.for_url("http://127.0.0.1:1", env={}),
        open=lambda *_: Connection(),
        rooms=Rooms(),
        requests=Requests(),
        keys={},
        connected=set(),
    )


class Owner(Actor):
    """Somebody who acknowledges at once, and misses nothing."""

    replays = True

    def renew(self) -> bool:
        return True


@pytest.fixture
def owner() -> Owner:
    return Owner(_generator(), Identity("user", id="u1", token="t"))


def _event(number: int) -> EventReceived:
    payload = {**_PAID, "data": {**_PAID["data"], "claimId": f"claim {number}"}}
    return EventReceived("/shield/ws", "claim_paid", (payload,), None)


def test_a_flood_of_events_to_acknowledge_makes_no_more_work_than_can_be_done(owner: Owner) -> None:
    device, connection = owner.devices[0], Connection()
    device.opened(connection, monotonic())  # type: ignore[arg-type]
    for number in range(12_000):
        device.received(connection, _event(number), monotonic())  # type: ignore[arg-type]
    account = owner.generator.books.account(users=1, connections=1, gauges=())
    assert 5 <= connection.sent < 100
    # The ledger keeps ten thousand that wait for their cause, and the device a hundred that wait for their turn.
    assert account.count("overflowed") > 2_000 + 11_000


def test_a_session_that_never_comes_back_is_told_until_it_does(owner: Owner) -> None:
    device, connection = owner.devices[0], Connection()
    books = owner.generator.books
    device.opened(connection, monotonic())  # type: ignore[arg-type]
    for _ in range(6):
        device.closed(connection, Closure(ClosureReason.UNREACHABLE), monotonic())  # type: ignore[arg-type]
    account = books.account(users=1, connections=1, gauges=())
    assert account.count("gone") == 1
    assert "a session could not be opened again: not reachable" in account.notes
    device.opened(connection, monotonic())  # type: ignore[arg-type]
    assert books.account(users=1, connections=1, gauges=()).count("gone") == 0
