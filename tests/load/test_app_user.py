"""What the end of a session means for its user, and for the account."""

from collections import deque
from random import Random
from time import monotonic
from types import SimpleNamespace
from typing import Any

import gevent
import pytest

from eventproof import profile
from eventproof.client.hub_connection import Closure, ClosureReason
from eventproof.load.acks import Acks
from eventproof.load.books import Books
from eventproof.load.calls import CallAnswer, Login
from eventproof.load.device import Device
from eventproof.load.requests import Requests
from eventproof.load.rooms import Rooms
from eventproof.target import Identity
from loadtests.user_state import administering
from loadtests.user_state.admin_action import AdminAction, Until
from loadtests.user_state.app_user import AppUser


@pytest.fixture
def books() -> Books:
    return Books({}, lambda *_: None)


def _end(books: Books, reason: ClosureReason) -> AdminAction:
    """A session ends so, half a second after the ban of its user."""
    generator: Any = SimpleNamespace(books=books, rooms=Rooms(), requests=Requests())
    device: Any = object()
    user = AppUser(generator, Identity("user", token="t"), 1)
    user.action = AdminAction("ban", "user.banned", 10.0, Until.CLOSE, [device])
    user.ended(device, Closure(reason), 10.5, was_open=True)
    return user.action


@pytest.mark.parametrize("reason", [ClosureReason.CLOSE_FRAME, ClosureReason.ENGINE_CLOSE, ClosureReason.END])
def test_a_session_that_the_target_ends_is_logged_out(books: Books, reason: ClosureReason) -> None:
    assert not _end(books, reason).waiting
    assert books.account(users=1, connections=1, gauges=()).count("dropped") == 0


@pytest.mark.parametrize("reason", [ClosureReason.VIOLATION, ClosureReason.SILENT, ClosureReason.CONGESTED])
def test_a_session_that_we_give_up_is_no_logout(books: Books, reason: ClosureReason) -> None:
    """An event after DISCONNECT, say, breaks the protocol: that we then leave must not look like a ban well done."""
    assert _end(books, reason).waiting
    account = books.account(users=1, connections=1, gauges=())
    assert (account.count("dropped"), len(account.samples("ban_to_closed"))) == (1, 0)
    assert reason.value in account.incidents[0].what


class _Connection:
    """Open until it is closed, by us or by the target."""

    is_open = True

    recovery = None

    def __init__(self, device: Device) -> None:
        self._device: Any = device

    def close(self, reason: ClosureReason = ClosureReason.OURS) -> None:
        self.is_open = False
        self._device.closed(self, Closure(reason), monotonic())


@pytest.mark.parametrize(("by_the_target", "lost"), [(0, 0), (1, 1)])
def test_a_member_who_leaves_during_a_ban_neither_loses_its_event_nor_outlives_it(
    books: Books, by_the_target: int, lost: int
) -> None:
    """What the target ended itself before, without the event, is lost all the same."""
    connections: list[_Connection] = []

    def connect(device: Device, *_: object) -> _Connection:
        connections.append(_Connection(device))
        return connections[-1]

    def ban(operation: str, *_: object) -> CallAnswer:
        if operation == "banUser":
            for connection in connections[:by_the_target]:
                connection.close(ClosureReason.CLOSE_FRAME)
            user.leave()
        return CallAnswer(200, None)

    generator: Any = SimpleNamespace(
        books=books,
        rooms=Rooms(),
        requests=Requests(),
        connected=set(),
        ready=deque(),
        acks=Acks(arrival=1, kept=1),
        random=Random(1),
        deadline=0.05,
        target=profile.for_url("http://127.0.0.1:1", env={}),
        open=connect,
        administer=ban,
        calls=SimpleNamespace(perform=lambda *_: CallAnswer(401, None), log_in=lambda _: Login("t")),
    )
    user = AppUser(generator, Identity("user", token="t"), 2)
    user.open()
    for connection, device in zip(connections, user.devices, strict=True):
        device.opened(connection, monotonic())  # type: ignore[arg-type]  # as much of one as is used
    administering.ban(generator, user, monotonic())
    gevent.sleep(0.1)
    account = books.account(users=1, connections=2, gauges=())
    assert (account.stragglers, account.count("lost"), account.count("expected")) == ((), lost, lost)
    assert len(account.samples("ban_to_logout")) == 0


@pytest.mark.parametrize(
    ("answer", "tier"),
    [
        (CallAnswer(200, {"token": "t", "user": {"tier": "premium"}}), "premium"),
        (CallAnswer(200, {"token": "t"}), None),
        (CallAnswer(401, None), None),
        (None, "basic"),
    ],
)
def test_the_tier_is_the_one_that_the_login_tells_and_the_profiles_where_there_was_none(
    books: Books, answer: CallAnswer | None, tier: str | None
) -> None:
    generator: Any = SimpleNamespace(
        books=books,
        rooms=Rooms(),
        requests=Requests(),
        target=profile.for_url("http://127.0.0.1:1", env={}),
        calls=SimpleNamespace(log_in=lambda _: Login("t", answer=answer)),
    )
    user = AppUser(generator, Identity("user", tier="basic", token="t"), 1)
    assert user.renew()
    assert user.tier == tier
