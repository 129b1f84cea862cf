"""What one client may say."""

import asyncio
from collections.abc import Callable

import pytest

from reference_server.limits import Limits
from reference_server.transport.allowance import Allowance, Fairness, Kind, TooMuch

LIMITS = Limits(
    packets_a_second=20,
    joins_a_second=2,
    bytes_a_second=2_000,
    stranger_packets=8,
    stranger_bytes=1000,
    turn=0.25,
    stranger_turn=0.25,
    max_refusals=3,
    events_a_second=0,
    by_system={},
)


class Clients:
    """Clients of one server, whose time is the test's."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.now = 100.0
        self.met: list[str] = []
        self.fairness = Fairness(limits, self.met.append, lambda: self.now)

    def one(self, *, is_member: bool = False) -> Allowance:
        return Allowance(self.fairness, is_member=is_member)

    def waits(self, client: Allowance) -> float:
        """How long one has to wait, to a hundredth of a second."""
        return round(client.owes(), 2)


def test_a_stranger_may_say_so_many_things_and_no_more() -> None:
    clients = Clients()
    stranger = clients.one()
    for _ in range(8):
        stranger.says(Kind.JOIN)
        assert clients.waits(stranger) == 0.0
    with pytest.raises(TooMuch):
        stranger.says(Kind.HEARTBEAT)
    assert clients.met == ["stranger_packets"]


def test_a_stranger_may_say_so_many_bytes_and_no_more() -> None:
    clients = Clients()
    stranger = clients.one()
    stranger.says(Kind.JOIN, 800)
    with pytest.raises(TooMuch):
        stranger.says(Kind.JOIN, 200)
    assert clients.met == ["stranger_bytes"]


def test_a_minute_later_a_stranger_may_say_as_much_again() -> None:
    clients = Clients()
    stranger = clients.one()
    for _ in range(3):
        for _ in range(8):
            stranger.says(Kind.PACKET)
        clients.now += 60.0
    assert clients.met == []


@pytest.mark.parametrize("is_member", [False, True])
def test_who_is_refused_too_often_is_closed_whether_logged_in_or_not(is_member: bool) -> None:
    clients = Clients()
    client = clients.one(is_member=is_member)
    for _ in range(3):
        client.refused()
    with pytest.raises(TooMuch):
        client.refused()
    assert clients.met == ["max_refusals"]


def test_a_member_may_do_five_seconds_worth_at_once_and_then_waits_for_each() -> None:
    clients = Clients()
    member = clients.one(is_member=True)
    for _ in range(100):
        member.says(Kind.PACKET)
    assert clients.waits(member) == 0.0
    member.says(Kind.PACKET)
    assert clients.waits(member) == 0.05
    member.says(Kind.JOIN)
    assert clients.waits(member) == 0.55
    member.says(Kind.PACKET, 1000)
    assert clients.waits(member) == 1.05
    clients.now += 1.5
    assert clients.waits(member) == 0.0
    assert clients.met == []


def test_the_rate_of_events_that_a_setting_allows_is_no_lower_for_packets() -> None:
    clients = Clients(Limits(packets_a_second=100, by_system={"shield": {"events_a_second": 50_000}}))
    fast = clients.one(is_member=True)
    for _ in range(250_000):
        fast.says(Kind.PACKET, 300)
    assert clients.waits(fast) == 0.0


def test_a_member_whose_requests_pile_up_says_too_much() -> None:
    clients = Clients(Limits(requests_a_second=2))
    member = clients.one(is_member=True)
    for _ in range(16):
        member.says(Kind.REQUEST)
    assert clients.waits(member) == 3.0
    with pytest.raises(TooMuch):
        member.says(Kind.REQUEST)
    assert clients.met == ["requests_a_second"]


def test_where_nothing_may_be_said_the_first_thing_is_too_much() -> None:
    with pytest.raises(TooMuch):
        Clients(Limits(stranger_packets=0)).one().says(Kind.JOIN)


async def test_strangers_and_members_take_turns_among_themselves() -> None:
    clients = Clients()
    stranger, member = clients.one(), clients.one(is_member=True)
    assert stranger.may_go_on()
    clients.now += LIMITS.stranger_turn
    assert not clients.one().may_go_on(), "the strangers have had their turn"
    assert member.may_go_on()


async def test_what_has_to_wait_is_done_later_in_its_order() -> None:
    clients = Clients()
    done: list[str] = []
    newcomer, talker = clients.one(), clients.one()

    def did(name: str) -> Callable[[], None]:
        return lambda: done.append(name)

    talker.later(did("talker"), goes_on=True)
    newcomer.later(did("newcomer"), goes_on=False)
    await asyncio.sleep(0)
    assert done == ["newcomer", "talker"]


async def test_a_coroutine_waits_until_its_client_may_go_on() -> None:
    clients = Clients()
    member = clients.one(is_member=True)
    for _ in range(101):
        member.says(Kind.PACKET)
    waiting = asyncio.create_task(member.turn())
    await asyncio.sleep(0)
    assert not waiting.done()
    clients.now += 0.05
    async with asyncio.timeout(10):
        await waiting
