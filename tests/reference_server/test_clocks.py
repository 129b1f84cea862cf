"""A wall clock that is set: ahead by an hour, and back by one."""

import asyncio
import time
from pathlib import Path

import pytest

from reference_server.clocks import Steady
from reference_server.limits import Limits
from tests.reference_server.delivery.line import greeted, hears, paid, tell
from tests.reference_server.house import House, Person, keep_house

HOUR = 3600.0
JUMPS = pytest.mark.parametrize("hours", [1, -1], ids=["ahead", "back"])


class Wall:
    """The wall clock, and by how much somebody has set it."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


async def _is_let_in(house: House, person: Person) -> bool:
    return (await house.call("GET", "/api/me", person))[0] == 200


def test_the_steady_clock_follows_what_passes_and_not_what_is_set() -> None:
    wall, passed = 1000.0, 50.0
    steady = Steady(lambda: wall, lambda: passed)
    assert steady() == 1000
    wall, passed = 9000, 60
    assert steady() == 1010


@JUMPS
async def test_a_token_that_was_issued_a_second_ago_stays_good(tmp_path: Path, hours: int) -> None:
    wall = Wall()
    async with keep_house(tmp_path, clock=wall) as house:
        before = await house.person()
        wall.ahead = 1 + hours * HOUR
        assert await _is_let_in(house, before)
        assert await _is_let_in(house, house.session(before))
        socket = await house.socket(before)
        assert await socket.is_open()


async def test_a_token_that_is_further_ahead_is_none_of_ours(tmp_path: Path) -> None:
    wall = Wall()
    async with keep_house(tmp_path, clock=wall, limits=Limits(clock_leeway=60)) as house:
        near, far = await house.person(), await house.person()
        wall.ahead = -50
        assert await _is_let_in(house, near)
        wall.ahead = -70
        assert not await _is_let_in(house, far)


@JUMPS
async def test_a_session_that_was_logged_out_stays_so(tmp_path: Path, hours: int) -> None:
    wall = Wall()
    async with keep_house(tmp_path, clock=wall, token_lifetime=1800.0) as house:
        person, other = await house.person(), await house.person()
        assert (await house.call("POST", "/api/auth/logout", person))[0] == 204
        wall.ahead = hours * HOUR
        await house.call("POST", "/api/auth/logout", house.session(other))
        wall.ahead = 0
        assert not await _is_let_in(house, person)
        assert await _is_let_in(house, other)


@JUMPS
async def test_what_is_owed_is_sent_again_as_if_nothing_had_happened(tmp_path: Path, hours: int) -> None:
    wall = Wall()
    async with keep_house(tmp_path, clock=wall, limits=Limits(ack_first=0.1, ack_within=60)) as house:
        user = await house.person()
        socket = await greeted(house, user)
        payment = paid(user)
        await tell(house, payment)
        assert (await hears(socket))[0] == "claim_paid"
        wall.ahead = hours * HOUR
        for _ in range(3):
            assert await hears(socket) == ("claim_paid", payment.payload)
        assert house.services.courier.sizes()["owed"] == 1


async def test_what_the_last_server_kept_is_due_at_once_although_its_clock_was_ahead(tmp_path: Path) -> None:
    wall, limits = Wall(), Limits(ack_first=0.1, ack_within=60)
    wall.ahead = HOUR
    async with keep_house(tmp_path, clock=wall, limits=limits) as house:
        user = await house.person()
        await tell(house, paid(user))
    wall.ahead = 0
    async with keep_house(tmp_path, clock=wall, limits=limits) as house:
        socket = await greeted(house, house.session(user))
        for _ in range(3):
            assert (await hears(socket))[0] == "claim_paid"


@JUMPS
async def test_what_was_missed_is_caught_up_with(tmp_path: Path, hours: int) -> None:
    wall = Wall()
    async with keep_house(tmp_path, clock=wall) as house:
        user = await house.person()
        await tell(house, paid(user))
        wall.ahead = hours * HOUR
        socket = await greeted(house, house.session(user))
        assert (await hears(socket))[0] == "claim_paid"


async def test_connections_end_when_their_sessions_do_and_not_when_somebody_sets_the_clock(tmp_path: Path) -> None:
    wall = Wall()
    async with keep_house(tmp_path, clock=wall, token_lifetime=1800.0) as house:
        socket = await house.socket(await house.person())
        wall.ahead = HOUR
        await asyncio.sleep(0)
        assert await socket.is_open()
