"""Socket.IO, protocol 5: what may come when, and what happens otherwise."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from reference_server.limits import Limits
from tests.reference_server.house import House, keep_house

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A server of which no namespace listens to what clients say, so that the protocol alone judges it."""
    async with keep_house(tmp_path_factory.mktemp("house"), systems=("user-state",)) as kept:
        yield kept


@pytest.mark.parametrize(
    ("auth", "code"),
    [
        ("", "token_missing"),
        ("{}", "token_missing"),
        ('{"token":null}', "token_missing"),
        ('{"token":""}', "token_missing"),
        ('{"token":42}', "token_invalid"),
        ('{"token":"\\u0000"}', "token_invalid"),
        ('{"token":"\\ud800"}', "token_invalid"),
        ('{"token":"a.b.c"}', "token_invalid"),
        ('["token"]', "token_missing"),
        ('"token"', "token_missing"),
    ],
)
@pytest.mark.parametrize("namespace", ["", "/me,"])
async def test_a_connection_without_a_good_token_is_refused_with_a_code_and_a_sentence(
    house: House, auth: str, code: str, namespace: str
) -> None:
    socket = await house.engine()
    await socket.send(f"40{namespace}{auth}")
    refusal = json.loads((await socket.read()).removeprefix(f"44{namespace}"))
    assert refusal["data"] == {"code": code}
    assert refusal["message"].endswith(".")
    await socket.raw.close()


async def test_a_refused_transport_takes_another_token_and_no_event(house: House) -> None:
    user = await house.person()
    socket = await house.engine()
    await socket.send("40", user.connect)
    assert (await socket.read()).startswith("44")
    assert (await socket.read()).startswith('40{"sid"')
    refused = await house.engine()
    await refused.send("40", '42["hello"]')
    frames, code = await refused.rest()
    assert (len(frames), code) == (1, aiohttp.WSCloseCode.PROTOCOL_ERROR)


async def test_an_unknown_namespace_is_refused(house: House) -> None:
    user = await house.person()
    socket = await house.engine()
    await socket.send("40/random," + user.connect[2:])
    assert json.loads((await socket.read()).removeprefix("44/random,")) == {
        "message": "Invalid namespace",
    }


async def test_a_second_connect_is_refused_and_the_first_lives_on(house: House) -> None:
    user = await house.person()
    socket = await house.socket(user)
    await socket.send(user.connect)
    assert json.loads((await socket.read()).removeprefix("44"))["data"] == {"code": "malformed_request"}
    await house.set_tier(user, "basic")
    assert (await socket.read()).startswith('42["user.tier.updated"')


async def test_a_namespace_that_was_left_can_be_joined_again(house: House) -> None:
    user = await house.person()
    socket = await house.socket(user)
    await socket.send("41", user.connect)
    assert (await socket.read()).startswith('40{"sid"')


@pytest.mark.parametrize("frame", ['42["hello"]', "41", "430[]", '451-["a",{"_placeholder":true,"num":0}]', b"\x01"])
async def test_nothing_is_taken_before_connect(house: House, frame: str | bytes) -> None:
    socket = await house.engine()
    await socket.send(frame)
    assert (await socket.rest()) == ([], aiohttp.WSCloseCode.PROTOCOL_ERROR)


@pytest.mark.parametrize(
    "frames",
    [
        ["4abc"],
        ["42{}"],
        ["42"],
        ["42[]"],
        ["42[42]"],
        ['42abc["hello",1]'],
        ['42["hello"'],
        ['42["connect"]'],
        ['42["disconnect"]'],
        ['42["disconnecting",1]'],
        ['44{"message":"x"}'],
        ["43[]"],
        ["430{}"],
        ["47"],
        ['452-["hello",{"_placeholder":true,"num":0}]', "42[]"],
        ['451-["hello",{"_placeholder":true,"num":7}]', b"x"],
        ['451-["hello",{"_placeholder":true,"num":-1}]', b"x"],
        ['451-["hello",{"_placeholder":true,"num":1}]', b"x"],
        ['451-["hello",{"_placeholder":true}]', b"x"],
        ['451-["hello",{"_placeholder":true,"num":null}]', b"x"],
        ['451-["hello",{"_placeholder":true,"num":"0"}]', b"x"],
        ['451-["hello",{"_placeholder":true,"num":true}]', b"x"],
        ['451-["hello",{"_placeholder":true,"num":0.5}]', b"x"],
        ['452-["hello",{"a":[{"_placeholder":true,"num":-2}]}]', b"x", b"y"],
        ['4517-["hello"]'],
        ['459999999999-["hello"]'],
        [b"x"],
        ["42" + "[" * 100_000],
        ['42["hello",' + "9" * 5000 + "]"],
        ["42" + "1" * 200 + '["hello"]'],
    ],
)
async def test_what_the_protocol_forbids_closes_the_connection_and_hurts_nobody_else(
    strict_house: House, frames: list[str | bytes]
) -> None:
    user, witness = await strict_house.person(), await strict_house.person()
    socket, other = await strict_house.socket(user), await strict_house.socket(witness)
    await socket.send(*frames)
    assert (await socket.rest()) == ([], aiohttp.WSCloseCode.PROTOCOL_ERROR)
    await strict_house.set_tier(witness, "basic")
    assert (await other.read()).startswith('42["user.tier.updated"')


@pytest.mark.parametrize(
    "frames",
    [
        ['42["hello"]'],
        ['42["hello",{"a":[1,2,{"b":null}]}]'],
        ['420["hello"]'],
        ['42["*"]'],
        ['42["message",1]'],
        ['42["user.banned",{}]'],
        ['4399["never asked for"]'],
        ['451-["hello",{"_placeholder":true,"num":0}]', b"\x00\xff"],
        ['452-["hello",{"a":[{"_placeholder":true,"num":1}]},{"_placeholder":true,"num":0}]', b"x", b"y"],
        ['451-["hello",{"_placeholder":false,"num":-1}]', b"x"],
        ['42["hello",{"_placeholder":true,"num":-1}]'],
        ['42/me,["not joined"]'],
        ["6"],
    ],
)
async def test_an_event_that_nobody_handles_does_no_harm(strict_house: House, frames: list[str | bytes]) -> None:
    user = await strict_house.person()
    socket = await strict_house.socket(user)
    await socket.send(*frames)
    await strict_house.set_tier(user, "basic")
    assert (await socket.read()).startswith('42["user.tier.updated"'), "no answer, and no end"


async def test_a_transport_that_belongs_to_no_namespace_is_closed_in_time(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=Limits(connect_timeout=0.2)) as house:
        user = await house.person()
        never, refused, left, stays = (
            await house.engine(),
            await house.engine(),
            await house.socket(user),
            await house.socket(user),
        )
        await refused.send("40")
        await left.send("41")
        for socket, frames in ((never, 0), (refused, 1), (left, 0)):
            assert len((await socket.rest())[0]) == frames
        assert await stays.is_open()


async def test_a_handler_that_fails_is_logged_and_the_connection_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()

        async def ask(*_: Any) -> Any:
            raise RuntimeError("the store has a bad day")

        socket = await house.engine()
        monkeypatch.setattr(house.services.accounts, "of_session", ask)
        await socket.send(user.connect)
        assert json.loads((await socket.read())[2:])["data"] == {"code": "unavailable"}
        await house.settles(connections=0, socket_sessions=0)


async def test_whatever_was_kept_for_clients_is_gone_when_they_are(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=Limits(linger=0.1)) as house:
        users = [await house.person() for _ in range(5)]
        sockets = [await house.socket(user, "/", "/me") for user in users]
        pollings = [await house.polling_socket(user) for user in users]
        natives = [await house.http.ws_connect(f"{house.url}/api/me/ws?token={user.token}") for user in users]
        streams = [await house.http.get(f"{house.url}/api/me/stream?token={user.token}") for user in users]
        await house.settles(connections=25, rooms=6, engine_sessions=10)
        gauges = await house.gauges()
        assert gauges['eventproof_connections{channel="/me",transport="websocket"}'] == 5
        assert gauges['eventproof_connections{channel="/",transport="polling"}'] == 5
        await sockets[0].send('451-["a",{"_placeholder":true,"num":0}]')
        for socket in sockets:
            await socket.raw.close()
        for native in natives:
            await native.close()
        for stream in streams:
            stream.close()
        await pollings[0].post("41")
        for polling in pollings:
            await polling.post("1")
        await house.settles(
            connections=0,
            rooms=0,
            engine_sessions=0,
            socket_sessions=0,
            connect_timers=0,
            attachments=0,
        )
        assert (await house.gauges())['eventproof_connections{channel="/",transport="polling"}'] == 0
