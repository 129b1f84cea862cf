"""Who says too much is slowed down or closed, with a reason and a count; a witness on the same server goes on."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from reference_server.limits import Limits
from reference_server.transport.engineio import EngineSession
from reference_server.transport.socketio import SocketServer
from tests.reference_server.delivery.line import PLACE, greeted, is_heard
from tests.reference_server.house import SECONDS, House, Person, Socket, keep_house

TOO_MUCH = aiohttp.WSCloseCode.POLICY_VIOLATION
BAD = '40{"token":"a"}'


@asynccontextmanager
async def witnessed(folder: Path, limits: Limits | None = None, **settings: Any) -> AsyncIterator[House]:
    """A server with a witness, who is on it before, is answered after, and remains alone."""
    async with keep_house(folder, limits=limits or Limits(linger=0.1), **settings) as house:
        witness = await house.person()
        socket = await greeted(house, witness)
        yield house
        await is_heard(socket)
        assert (await house.call("GET", "/api/me", witness))[0] == 200
        await house.settles(
            connections=1, engine_sessions=1, socket_sessions=1, connect_timers=0, attachments=0, turns=0
        )


async def met(house: House, limit: str) -> float:
    """How often this limit was met."""
    return (await house.gauges()).get(f'eventproof_limits_met_total{{limit="{limit}"}}', 0.0)


async def pours(socket: Socket, *frames: str | bytes) -> tuple[list[str], int | None]:
    """Say all of this; gives what was answered, and the code with which the server closed."""
    with suppress(ConnectionError, aiohttp.ClientError):  # It may be closed meanwhile.
        await socket.send(*frames)
    return await socket.rest()


async def test_a_stranger_who_is_refused_too_often_is_closed(tmp_path: Path) -> None:
    async with witnessed(tmp_path) as house:
        answers, code = await pours(await house.engine(), *[BAD] * 5000)
        assert code == TOO_MUCH
        assert [answer[:2] for answer in answers] == ["44"] * 10
        assert await met(house, "max_refusals") == 1


async def test_so_is_one_who_asks_for_namespaces_that_there_are_not(tmp_path: Path) -> None:
    async with witnessed(tmp_path) as house:
        answers, code = await pours(await house.engine(), *(f"40/{number}," for number in range(100)))
        assert (len(answers), code) == (10, TOO_MUCH)


async def test_and_a_member_whose_further_namespaces_are_refused(tmp_path: Path) -> None:
    async with witnessed(tmp_path, Limits(joins_a_second=200)) as house:
        socket = await house.socket(await house.person())
        answers, code = await pours(socket, *(f"40/{number}," for number in range(100)))
        assert (len(answers), code) == (10, TOO_MUCH)


async def test_a_body_of_packets_that_are_refused_closes_the_session(tmp_path: Path) -> None:
    async with witnessed(tmp_path) as house:
        polling = await house.polling()
        status, body = await polling.post("\x1e".join([BAD] * 900))
        assert (status, json.loads(body)["error"]["code"]) == (429, "too_many_events")
        assert (await polling.get())[0] == 400
        assert await met(house, "max_refusals") == 1


async def test_a_body_of_more_packets_than_it_may_have_is_not_begun(tmp_path: Path) -> None:
    async with witnessed(tmp_path) as house:
        polling = await house.polling_socket(await house.person())
        status, body = await polling.post("\x1e".join(["6"] * 1001))
        assert (status, json.loads(body)["error"]["code"]) == (429, "too_many_events")
        assert (await polling.get())[0] == 400
        assert await met(house, "max_packets") == 1


async def test_a_body_of_as_many_packets_as_it_may_have_is_taken(tmp_path: Path) -> None:
    async with witnessed(tmp_path) as house:
        polling = await house.polling_socket(await house.person())
        assert await polling.post("\x1e".join(["6"] * 1000)) == (200, "ok")
        assert await polling.post("1") == (200, "ok")


@pytest.mark.parametrize("frame", ["3", "6"])
async def test_a_stranger_who_says_too_much_is_closed_whatever_it_is(tmp_path: Path, frame: str) -> None:
    async with witnessed(tmp_path) as house:
        assert await pours(await house.engine(), *[frame] * 5000) == ([], TOO_MUCH)
        polling = await house.polling()
        assert (await polling.post("\x1e".join([frame] * 900)))[0] == 429
        assert (await polling.get())[0] == 400
        assert await met(house, "stranger_packets") == 2


async def test_a_stranger_who_asks_again_and_again_is_closed(tmp_path: Path) -> None:
    async with witnessed(tmp_path) as house:
        polling = await house.polling()
        statuses = [(await polling.post("6"))[0] for _ in range(20)]
        assert set(statuses[:10]) == {200}
        assert statuses[-1] in (400, 429)
        assert await met(house, "stranger_packets") == 1


async def test_a_stranger_has_no_large_things_to_say(tmp_path: Path) -> None:
    async with witnessed(tmp_path) as house:
        large = '40{"token":"' + "a" * 70_000 + '"}'
        assert await pours(await house.engine(), large) == ([], TOO_MUCH)
        polling = await house.polling()
        assert (await polling.post(large))[0] == 429
        assert await met(house, "stranger_bytes") == 2


async def test_a_stranger_who_has_five_namespaces_and_a_long_token_comes_in_at_the_third_try(tmp_path: Path) -> None:
    async with witnessed(tmp_path) as house:
        user = await house.person()
        socket = await house.engine()
        long = json.dumps({"token": "x" * 3000})
        places = ["", "/me,", f"{PLACE},"]
        await socket.send(*(f"40{place}{long}" for place in places for _ in range(2)))
        for _ in range(6):
            assert (await socket.read()).startswith("44")
        await socket.send(*(f"40{place}" + json.dumps({"token": user.token}) for place in places))
        answers = [await socket.read() for _ in range(4)]
        assert sum(answer.startswith("40") for answer in answers) == 3
        await socket.raw.close()


async def test_a_logged_in_client_that_sends_too_fast_is_read_more_slowly_and_stays(tmp_path: Path) -> None:
    async with witnessed(tmp_path, Limits(packets_a_second=250)) as house:
        socket = await greeted(house, await house.person())
        await socket.send(*[f'42{PLACE},["nonsense"]'] * 1500, f'42{PLACE},7["pong"]')
        codes = []
        while (answer := await socket.read())[:2] != "43":
            if "INVALID_PAYLOAD" in answer or "RATE_LIMITED" in answer:
                codes.append(json.loads(answer.partition(",")[2])[1]["data"]["code"])
            if len(codes) == 1500:
                break
        assert codes[:10] == ["INVALID_PAYLOAD"] * 10
        assert len(codes) == 1500
        assert not socket.raw.closed
        await socket.raw.close()


async def test_who_comes_and_goes_in_a_namespace_is_slowed_down_and_misses_nothing(tmp_path: Path) -> None:
    async with witnessed(tmp_path, Limits(joins_a_second=15)) as house:
        user = await house.person()
        socket = await house.socket(user)
        join = "40/me," + json.dumps({"token": user.token})
        await socket.send(*[join, "41/me,"] * 40, join)
        answers = [await socket.read() for _ in range(41)]
        assert all(answer.startswith('40/me,{"sid"') for answer in answers)
        assert await socket.is_open()
        await socket.raw.close()


async def test_pings_of_a_websocket_are_all_answered_though_not_at_once(tmp_path: Path) -> None:
    async with witnessed(tmp_path, Limits(heartbeats_a_second=50)) as house:
        user = await house.person()
        native = await house.http.ws_connect(f"{house.url}/api/me/ws", headers=user.headers, autoping=False)
        for number in range(300):
            await native.ping(str(number).encode())
        async with asyncio.timeout(SECONDS):
            for number in range(300):
                assert (await native.receive()).data == str(number).encode()
        await native.close()


async def test_messages_and_their_parts_on_a_native_websocket_are_read_no_faster_than_they_may_come(
    tmp_path: Path,
) -> None:
    async with witnessed(tmp_path, Limits(packets_a_second=120)) as house:
        user = await house.person()
        native = await house.http.ws_connect(f"{house.url}/api/me/ws", headers=user.headers, autoping=False)
        for _ in range(750):
            await native.send_str("")
        await native.ping(b"after all of them")
        began = asyncio.get_running_loop().time()
        async with asyncio.timeout(SECONDS):
            assert (await native.receive()).data == b"after all of them"
        assert asyncio.get_running_loop().time() - began > 0.2
        await native.close()


async def test_beyond_the_most_strangers_the_oldest_is_closed_and_who_logs_in_is_none(tmp_path: Path) -> None:
    async with witnessed(tmp_path, Limits(max_strangers=3, linger=0.1)) as house:
        member = await house.polling_socket(await house.person())
        idle = [await house.polling() for _ in range(5)]
        assert [(await each.post("6"))[0] for each in idle] == [400, 400, 200, 200, 200]
        assert await met(house, "max_strangers") == 2
        assert await member.post("6") == (200, "ok")
        for each in (member, *idle[2:]):
            await each.post("1")


async def test_a_member_who_leaves_every_namespace_is_a_stranger_again(tmp_path: Path) -> None:
    async with witnessed(tmp_path) as house:
        socket = await house.socket(await house.person())
        assert await pours(socket, "41", *["6"] * 100) == ([], TOO_MUCH)


async def test_a_body_that_drips_ends_with_its_session_in_its_time(tmp_path: Path) -> None:
    async with witnessed(tmp_path, Limits(body_timeout=0.3, linger=0.1)) as house:
        polling = await house.polling_socket(await house.person())
        reader, writer = await asyncio.open_connection(*house.url.removeprefix("http://").split(":"))
        path = polling.url.removeprefix(house.url)
        writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n6".encode())
        async with asyncio.timeout(SECONDS):
            answer = await reader.readuntil(b"}}")
        assert answer.startswith(b"HTTP/1.1 400")
        writer.transport.abort()
        assert (await polling.get())[0] == 400


async def test_a_crowd_behind_one_address_meets_no_limit(tmp_path: Path) -> None:
    async with witnessed(tmp_path) as house:
        people = [await house.person() for _ in range(100)]

        async def comes_and_goes(person: Person) -> None:
            socket = await house.socket(person, "/", "/me", PLACE)
            await socket.send(*["3"] * 20)
            assert await socket.is_open()
            await socket.raw.close()

        await asyncio.gather(*map(comes_and_goes, people))
        assert [name for name in await house.gauges() if "limits_met_total" in name] == []


@pytest.mark.parametrize("attachments", [0, 1])
async def test_attachments_that_do_not_come_in_time_end_their_connection(tmp_path: Path, attachments: int) -> None:
    async with witnessed(tmp_path, Limits(attachment_timeout=0.2, linger=0.1)) as house:
        socket = await house.socket(await house.person(), "/me")
        await socket.send('452-/me,["x"]', *[b"x" * 100_000] * attachments)
        await house.settles(attachments=1)
        assert await socket.rest() == ([], aiohttp.WSCloseCode.PROTOCOL_ERROR)
        assert await met(house, "attachment_timeout") == 1


async def test_attachments_that_come_in_time_end_nothing(tmp_path: Path) -> None:
    async with witnessed(tmp_path, Limits(attachment_timeout=0.2)) as house:
        socket = await house.socket(await house.person(), "/me")
        await socket.send('452-/me,["x"]', b"x", b"y")
        await asyncio.sleep(0.3)
        assert await socket.is_open()
        await socket.raw.close()


async def test_attachments_end_with_their_connection(tmp_path: Path) -> None:
    async with witnessed(tmp_path) as house:
        sockets = [await house.socket(await house.person()) for _ in range(3)]
        for socket in sockets:
            await socket.send('4516-["x"]', *[b"x" * 100_000] * 15)
        await house.settles(attachments=3)
        for socket in sockets:
            await socket.raw.close()


async def test_who_floods_and_hangs_up_is_gone_though_nothing_more_is_read(tmp_path: Path) -> None:
    """What is left in the buffers would last for minutes; a heartbeat that nobody takes tells."""
    async with keep_house(tmp_path, limits=Limits(ping_interval=0.5)) as house:
        for _ in range(3):
            socket = await house.socket(await house.person())
            writer = socket.raw._writer.transport
            assert writer is not None
            writer.write(b"\x81\x81\0\0\0\x006" * 60_000)
            await asyncio.sleep(0.1)
            writer.abort()
        await house.settles(connections=0, engine_sessions=0)


async def test_little_is_kept_of_what_a_handshake_says(tmp_path: Path) -> None:
    async with witnessed(tmp_path) as house:
        kept: list[Any] = []
        opened = SocketServer.opened

        def keep(server: SocketServer, session: EngineSession, handshake: Mapping[str, Any]) -> None:
            kept.append(handshake)
            opened(server, session, handshake)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(SocketServer, "opened", keep)
            headers = {"X-First": "kept", **{f"X-{number}": "x" * 8000 for number in range(50)}}
            url = f"{house.url}/socket.io/?EIO=4&transport=polling&more={'x' * 5000}"
            async with house.http.get(url, headers=headers) as answer:
                sid = json.loads((await answer.text())[1:])["sid"]
        assert kept[0]["headers"] == {"x-first": "kept"}
        assert len(kept[0]["query"]) == 2048
        await house.http.post(f"{house.url}/socket.io/?EIO=4&transport=polling&sid={sid}", data="1")


async def test_sessions_that_never_log_in_keep_nobody_out(tmp_path: Path) -> None:
    async with witnessed(tmp_path, Limits(max_connections=6, linger=0.1)) as house:
        idle = [await house.polling() for _ in range(12)]
        user = await house.polling_socket(await house.person())
        assert await met(house, "max_connections") == 8
        assert [(await each.post("6"))[0] for each in idle] == [400] * 8 + [200] * 4
        for each in (user, *idle[8:]):
            await each.post("1")


async def test_a_session_that_is_closed_already_makes_room_at_once(tmp_path: Path) -> None:
    async with witnessed(tmp_path, Limits(max_strangers=2, connect_timeout=0.05, linger=60.0)) as house:
        lingering = [await house.polling() for _ in range(4)]
        await house.settles(connect_timers=0, engine_sessions=3)
        assert [(await each.get())[0] for each in lingering] == [400, 400, 200, 200]
