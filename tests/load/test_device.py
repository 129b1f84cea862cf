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
from eventproof.load.device import Device
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
        self.is_narrow = False

    def narrow(self) -> None:
        self.is_narrow = True

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


@pytest.mark.parametrize(("away", "least", "most"), [(7.0, 7.0, 7.0), (None, 0.5, 1.5)])
def test_a_device_that_loses_its_connection_comes_back_when_it_is_told_to_or_after_the_usual_pause(
    owner: Owner, monkeypatch: pytest.MonkeyPatch, away: float | None, least: float, most: float
) -> None:
    device, pauses = owner.devices[0], list[float]()
    monkeypatch.setattr(Device, "_later", lambda _device, seconds, *_: pauses.append(seconds))
    connection = Connection()
    connection.drop = lambda: device.closed(connection, Closure(ClosureReason.OURS), monotonic())  # type: ignore[attr-defined,arg-type]
    device._connection = connection  # type: ignore[assignment]
    device.opened(connection, monotonic())  # type: ignore[arg-type]
    device.cut(away)
    device.closed(connection, Closure(ClosureReason.UNREACHABLE), monotonic())  # type: ignore[arg-type]
    assert least <= pauses[0] <= most
    assert 1.0 <= pauses[1] <= 3.0, "the attempt after it failed is as any other"
    assert owner.generator.books.counted("dropped") == 0


def test_who_is_deaf_is_due_nothing_and_reads_nothing(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    device, stalled = owner.devices[0], list[Device]()
    assert owner.generator.rooms.of({"user:u1"}) == (device,)
    owner.deafen()
    assert owner.generator.rooms.of({"user:u1"}) == ()
    monkeypatch.setattr(Device, "stall", lambda one: stalled.append(one))
    device.opened(Connection(), monotonic())  # type: ignore[arg-type]
    assert stalled == [device]
    owner.join()
    assert owner.generator.rooms.of({"user:u1"}) == ()


@pytest.mark.parametrize("stalls", [True, False])
def test_the_way_to_who_stalls_holds_little_so_that_the_target_has_to_wait_for_them(
    owner: Owner, *, stalls: bool
) -> None:
    if stalls:
        owner.stall()
    (device,) = owner.devices
    device.open()
    connection: Any = device._connection
    assert connection.is_narrow is owner.is_deaf is stalls
