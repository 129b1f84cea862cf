"""Heartbeats, and the end of a session that is connected."""

import asyncio
import json
from pathlib import Path

import pytest

from eventproof.catalog import Direction
from reference_server.limits import Limits
from reference_server.refusals import contracts
from tests.reference_server.delivery.line import PLACE, frame, greeted, hears, join, read
from tests.reference_server.house import House, Person, Socket, keep_house

BEATING = Limits(ping_interval=0.1, ping_timeout=0.3)


async def beats(socket: Socket) -> None:
    """A heartbeat of both kinds."""
    assert await socket.read() == f'42{PLACE},["ping"]'
    assert await socket.read() == "2"


async def test_each_ping_of_the_transport_comes_with_one_of_the_channel(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=BEATING) as house:
        user = await house.person()
        socket, main = await greeted(house, user), await house.socket(user)
        for _ in range(3):
            await beats(socket)
            await socket.send("3")
        assert await main.read() == "2", "the other channel has none"


@pytest.mark.parametrize("answer", ["3", frame("pong"), frame("pong", None), frame("nonsense"), "6", f"40{PLACE},"])
async def test_whatever_a_client_sends_is_a_sign_of_life(tmp_path: Path, answer: str) -> None:
    async with keep_house(tmp_path, limits=BEATING) as house:
        socket = await greeted(house, await house.person())
        began = asyncio.get_running_loop().time()
        count = 0
        while count < 6:
            if await socket.read() == "2":
                count += 1
                await socket.send(answer)
        assert asyncio.get_running_loop().time() - began > 0.5, "longer than anybody silent may stay"


async def test_a_client_that_gives_no_sign_is_let_go_after_interval_and_timeout(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=BEATING) as house:
        user = await house.person()
        began = asyncio.get_running_loop().time()
        socket = await greeted(house, user)
        frames, _ = await socket.rest()
        assert asyncio.get_running_loop().time() - began >= 0.4, "its first interval began when it connected"
        assert frames == [f'42{PLACE},["ping"]', "2"]
        await house.settles(connections=0, readers=0)


async def test_by_polling_the_heartbeat_comes_too(tmp_path: Path) -> None:
    limits = Limits(ping_interval=0.5, ping_timeout=5)
    async with keep_house(tmp_path, limits=limits) as house:
        user, polling = await house.person(), await house.polling()
        assert await polling.post(f"40{PLACE}," + json.dumps({"token": user.token})) == (200, "ok")
        packets: list[str] = []
        while "2" not in packets:
            packets += (await polling.get())[1].split("\x1e")
        assert packets[0].startswith(f"40{PLACE},")
        assert read(packets[1])[0] == "connected"
        assert packets[2:] == [f'42{PLACE},["ping"]', "2"]


async def test_by_default_a_client_may_be_silent_for_60_seconds(house: House) -> None:
    assert house is not None
    limits = Limits()
    assert limits.ping_interval + limits.ping_timeout == 60
    assert limits.ping_interval == 30


@pytest.mark.parametrize(
    ("auth", "code"),
    [
        ("", "AUTH_INVALID"),
        ("{}", "AUTH_INVALID"),
        ('{"token":null}', "AUTH_INVALID"),
        ('{"token":""}', "AUTH_INVALID"),
        ('{"token":"Bearer "}', "AUTH_INVALID"),
        ('{"token":"Bearer"}', "AUTH_INVALID"),
        ('{"token":"Bearer a.b.c"}', "AUTH_INVALID"),
        ('{"token":"\\ud800"}', "AUTH_INVALID"),
        ('{"token":["Bearer x"]}', "AUTH_INVALID"),
        ('{"token":42}', "AUTH_INVALID"),
        ('["token"]', "AUTH_INVALID"),
    ],
)
async def test_a_connection_without_a_good_token_is_refused_in_the_channels_own_code(
    tmp_path: Path, auth: str, code: str
) -> None:
    async with keep_house(tmp_path) as house:
        socket = await house.engine()
        await socket.send(f"40{PLACE},{auth}")
        refusal = json.loads((await socket.read()).removeprefix(f"44{PLACE},"))
        assert refusal["data"] == {"code": code}
        assert refusal["message"].endswith(".")


async def refused(house: House, person: Person) -> tuple[str, str]:
    socket = await house.engine()
    await socket.send(f"40{PLACE}," + json.dumps({"token": f"Bearer {person.token}"}))
    refusal = json.loads((await socket.read()).removeprefix(f"44{PLACE},"))
    return refusal["data"]["code"], refusal["message"]


async def test_a_banned_user_and_an_ended_session_are_refused_and_told_why(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        user, other = await house.person(), await house.person()
        await house.ban(user)
        assert await refused(house, user) == ("AUTH_INVALID", "Your account has been banned by an administrator.")
        assert (await house.call("POST", "/api/auth/logout", other))[0] == 204
        assert (await refused(house, other))[0] == "AUTH_INVALID"


async def test_a_session_that_expires_while_connected_is_told_so_and_closed(tmp_path: Path) -> None:
    async with keep_house(tmp_path, token_lifetime=1.2) as house:
        user = await house.person()
        socket, main = await join(house, user), await house.socket(user)
        assert (await hears(socket))[0] == "connected"
        name, payload = await hears(socket)
        assert (name, payload["data"]["code"]) == ("error", "AUTH_EXPIRED")
        error = contracts().event("shield", PLACE, Direction.SEND, "error")
        assert error is not None
        assert error.is_valid(payload)
        assert (await socket.rest())[0] == [f"41{PLACE},"]
        assert (await main.rest())[0] == ["41"], "where the contract has no such event"
        assert (await refused(house, user))[0] == "AUTH_EXPIRED"
