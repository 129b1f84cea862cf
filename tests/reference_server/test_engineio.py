"""Engine.IO, protocol 4, as its document and the official test suite have it."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from reference_server.accounts.account import Account, Session
from reference_server.delivery.courier import Courier
from reference_server.limits import Limits
from reference_server.transport.allowance import Allowance
from reference_server.transport.engineio import EngineSession
from reference_server.transport.http import HttpProtocol
from reference_server.transport.socketio import SocketServer
from reference_server.transport.websocket import Pipe
from tests.reference_server.house import SECONDS, House, keep_house

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.mark.parametrize(
    ("method", "query"),
    [
        ("GET", "transport=polling"),
        ("GET", "EIO=abc&transport=polling"),
        ("GET", "EIO=3&transport=polling"),
        ("GET", "EIO=4"),
        ("GET", "EIO=4&transport=abc"),
        ("GET", "EIO=4&transport=websocket"),
        ("GET", "EIO=4&transport=polling&sid=nobody"),
        ("POST", "EIO=4&transport=polling"),
        ("POST", "EIO=4&transport=polling&sid=nobody"),
        ("PUT", "EIO=4&transport=polling"),
        ("DELETE", "EIO=4&transport=polling&sid=nobody"),
    ],
)
async def test_a_request_that_opens_no_session_is_refused_in_words(house: House, method: str, query: str) -> None:
    status, body = await house.call(method, f"/socket.io/?{query}")
    assert (status, body["error"]["code"]) == (400, "malformed_request")


async def test_the_handshake_announces_what_the_server_does(house: House) -> None:
    polling, socket = await house.polling(), await house.engine()
    for handshake, upgrades in ((polling.handshake, ["websocket"]), (socket.handshake, [])):
        assert handshake["sid"]
        assert handshake | {"sid": ""} == {
            "sid": "",
            "upgrades": upgrades,
            "pingInterval": 30_000,
            "pingTimeout": 30_000,
            "maxPayload": 131_072,
        }


@pytest.mark.parametrize("frame", ["abc", "", "9", "2probe", "2", "5", "0", "4abc", "b!!!"])
async def test_an_invalid_packet_closes_the_websocket(house: House, frame: str) -> None:
    socket = await house.engine()
    await socket.send(frame)
    _, code = await socket.rest()
    assert code == aiohttp.WSCloseCode.PROTOCOL_ERROR


@pytest.mark.parametrize("upgraded", [False, True])
async def test_a_fault_inside_the_server_closes_the_websocket_and_writes_no_http_into_it(
    house: House, monkeypatch: pytest.MonkeyPatch, upgraded: bool
) -> None:
    def fail(*_: object) -> None:
        raise LookupError("a fault of ours")

    monkeypatch.setattr(SocketServer, "received", fail)
    if upgraded:
        polling = await house.polling()
        socket = await house.engine(f"EIO=4&transport=websocket&sid={polling.handshake['sid']}")
        await socket.send("2probe")
        assert await socket.read() == "3probe"
        await socket.send("5")
    else:
        socket = await house.engine()
    await socket.send("4x")
    assert await socket.rest() == ([], aiohttp.WSCloseCode.INTERNAL_ERROR)


@pytest.mark.parametrize("path", ["/api/me/ws", "/api/me/stream"])
async def test_an_answer_that_has_begun_is_followed_by_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Inside a WebSocket, the bytes of a second answer would be frames with reserved bits."""

    def fail(*_: object) -> None:
        raise LookupError("a fault of ours")

    monkeypatch.setattr(Courier, "welcome", fail)
    user = await house.person()
    head = (
        f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {user.token}\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    _, body = await house.says(head.encode() + b"\x88\x80\0\0\0\0")
    assert b"HTTP/1.1" not in body


@pytest.mark.parametrize("payload", [b"abc", b"", b"\xff\xfe", b"4abc", b"b!!!", b"9"])
async def test_an_invalid_payload_closes_the_polling_session(house: House, payload: bytes) -> None:
    polling = await house.polling()
    assert (await polling.post(payload))[0] == 400
    assert (await polling.get())[0] == 400


async def test_a_payload_over_the_limit_closes_the_session(house: House) -> None:
    polling = await house.polling()
    status, _ = await polling.post("4" + "x" * 131_072)
    assert status == 413
    assert (await polling.get())[0] == 400


async def test_a_websocket_message_over_the_limit_closes_it_with_the_code_of_the_standard(house: House) -> None:
    socket = await house.engine()
    await socket.send("4" + "x" * 131_072)
    assert (await socket.rest())[1] == aiohttp.WSCloseCode.MESSAGE_TOO_BIG


async def test_a_second_poll_closes_the_session_and_the_first_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    polling, came, fetch = await house.polling(), asyncio.Event(), EngineSession.fetch

    async def fetched(session: EngineSession) -> str | None:
        came.set()
        return await fetch(session)

    monkeypatch.setattr(EngineSession, "fetch", fetched)
    first = asyncio.create_task(polling.get())
    async with asyncio.timeout(SECONDS):
        await came.wait()
    assert (await polling.get())[0] == 400
    assert await first == (200, "1")
    assert (await polling.get())[0] == 400


async def test_a_poll_that_is_given_up_closes_the_session(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        polling = await house.polling()
        poll = asyncio.create_task(polling.get())
        await house.call("GET", "/healthz")
        await house.settles(engine_sessions=1)
        poll.cancel()
        await house.settles(engine_sessions=0)
        assert (await polling.get())[0] == 400


async def test_a_client_that_closes_its_polling_session_frees_the_pending_poll(house: House) -> None:
    polling = await house.polling()
    pending = asyncio.create_task(polling.get())
    await house.call("GET", "/healthz")
    assert await polling.post("1") == (200, "ok")
    assert await pending == (200, "6")
    assert (await polling.get())[0] == 400


async def test_a_client_that_closes_its_websocket_session_is_let_go(house: House) -> None:
    socket = await house.engine()
    await socket.send("1")
    assert (await socket.rest())[1] == aiohttp.WSCloseCode.OK


async def test_an_upgrade_loses_nothing_and_ends_the_polling(house: House) -> None:
    user = await house.person()
    polling = await house.polling_socket(user)
    pending = asyncio.create_task(polling.get())
    socket = await house.engine(f"EIO=4&transport=websocket&sid={polling.handshake['sid']}")
    await socket.send("2probe")
    assert await socket.read() == "3probe"
    assert await pending == (200, "6")
    await house.set_tier(user, "basic")
    await socket.send("5")
    assert (await socket.read()).startswith('42["user.tier.updated"')
    for answer in (await polling.get(), await polling.post("3")):
        assert answer[0] == 400
    second = await house.engine(f"EIO=4&transport=websocket&sid={polling.handshake['sid']}")
    assert (await second.rest())[0] == []
    assert await socket.is_open()


@pytest.mark.parametrize("frame", ["2", "4abc", "5", "probe"])
async def test_a_probe_that_is_none_leaves_the_session_polling(house: House, frame: str) -> None:
    user = await house.person()
    polling = await house.polling_socket(user)
    socket = await house.engine(f"EIO=4&transport=websocket&sid={polling.handshake['sid']}")
    await socket.send(frame)
    assert (await socket.rest())[0] == []
    await house.set_tier(user, "basic")
    assert (await polling.get())[1].startswith('42["user.tier.updated"')


async def test_a_probe_that_goes_no_further_is_closed_in_time(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=Limits(connect_timeout=0.2)) as house:
        user = await house.person()
        polling = await house.polling_socket(user)
        socket = await house.engine(f"EIO=4&transport=websocket&sid={polling.handshake['sid']}")
        await socket.send("2probe")
        assert (await socket.rest())[0] == ["3probe"]
        await house.set_tier(user, "basic")
        assert (await polling.get())[1].startswith('42["user.tier.updated"')


async def test_heartbeats_below_a_second_are_announced_and_kept(tmp_path: Path) -> None:
    limits = Limits(ping_interval=0.15, ping_timeout=0.25)
    async with keep_house(tmp_path, limits=limits) as house:
        user = await house.person()
        socket, silent, polling = await house.socket(user), await house.socket(user), await house.polling_socket(user)
        assert (socket.handshake["pingInterval"], socket.handshake["pingTimeout"]) == (150, 250)
        for _ in range(4):
            assert await socket.read() == "2"
            await socket.send("3")
        assert (await silent.rest())[0] == ["2"], "whoever answers no ping is closed"
        assert (await polling.get())[0] == 400
        assert await socket.is_open()


async def test_no_compression_is_offered_to_a_client_that_asks_for_it(house: House) -> None:
    raw = await house.http.ws_connect(f"{house.url}/socket.io/?EIO=4&transport=websocket", compress=15)
    assert raw.compress == 0
    await raw.close()


async def test_a_server_that_is_full_says_so(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=Limits(max_connections=1)) as house:
        user = await house.person()
        first = await house.socket(user)
        for path in ("/socket.io/?EIO=4&transport=polling", "/api/me/stream"):
            status, body = await house.call("GET", path, user)
            assert (status, body["error"]["code"]) == (503, "unavailable")
        await first.raw.close()


async def test_who_hangs_up_before_it_is_their_turn_has_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with keep_house(tmp_path, limits=Limits(connect_timeout=60.0)) as house:
        polling = await house.polling()
        waits, gone = asyncio.Event(), asyncio.Event()
        ended = HttpProtocol.eof_received

        async def turn(_: Allowance) -> None:
            waits.set()
            await gone.wait()

        def end(protocol: HttpProtocol) -> bool:
            gone.set()
            return ended(protocol)

        monkeypatch.setattr(Allowance, "turn", turn)
        monkeypatch.setattr(HttpProtocol, "eof_received", end)
        getting = asyncio.create_task(polling.get())
        await waits.wait()
        getting.cancel()
        await house.settles(engine_sessions=0)


async def test_who_moves_to_a_websocket_and_reads_nothing_there_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with keep_house(tmp_path, limits=Limits(linger=0.1)) as house:
        polling = await house.polling()
        probe = await house.engine(f"EIO=4&transport=websocket&sid={polling.handshake['sid']}")
        await probe.send("2probe")
        assert await probe.read() == "3probe"

        def write(pipe: Pipe, _: bytes) -> None:
            pipe._cut()

        monkeypatch.setattr(Pipe, "write", write)
        monkeypatch.setattr(EngineSession, "_taken", lambda _: ["6", "6"])
        await probe.send("5")
        await house.settles(engine_sessions=0)
        assert await probe.rest() == ([], 1008)
    assert "failed" not in capsys.readouterr().out


async def test_a_second_post_while_one_is_handled_closes_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        polling = await house.polling()
        asked, answer = asyncio.Event(), asyncio.Event()
        of_session = house.services.accounts.of_session

        async def slowly(session: Session) -> tuple[Account | None, bool]:
            asked.set()
            await answer.wait()
            return await of_session(session)

        monkeypatch.setattr(house.services.accounts, "of_session", slowly)
        first = asyncio.create_task(polling.post(user.connect))
        await asked.wait()
        assert (await polling.post("3"))[0] == 400
        answer.set()
        await first
        assert (await polling.get())[0] == 400
        await house.settles(connections=0, engine_sessions=0, socket_sessions=0)
