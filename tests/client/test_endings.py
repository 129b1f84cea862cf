"""How connections end, and what a server must not send: scripted servers that speak frames by hand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from aiohttp import WSCloseCode, web

from eventproof.client.aio import By, ConnectionRefused, Ending, NotReceived, SocketIOClient
from eventproof.errors import ContractViolation, Inconclusive, ProtocolViolation, TargetUnavailable
from eventproof.redaction import redacted_text

_OPEN = '0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'

Script = Callable[[web.WebSocketResponse, web.Request], Awaitable[None]]


@pytest.fixture
def scripted(serving: Any) -> Any:
    """A server whose WebSocket does what the script says once CONNECT came: `async with scripted(script) as url`."""

    @asynccontextmanager
    async def serve(script: Script, opening: str = _OPEN) -> AsyncIterator[str]:
        async def handle(request: web.Request) -> web.WebSocketResponse:
            websocket = web.WebSocketResponse()
            await websocket.prepare(request)
            await websocket.send_str(opening)
            await websocket.receive_str()
            await script(websocket, request)
            async for _ in websocket:
                pass
            return websocket

        application = web.Application()
        application.router.add_get("/socket.io/", handle)
        async with serving(application) as url:
            yield url

    return serve


def _sends(*messages: str | bytes) -> Script:
    async def script(websocket: web.WebSocketResponse, _request: web.Request) -> None:
        for message in messages:
            await (websocket.send_str(message) if isinstance(message, str) else websocket.send_bytes(message))

    return script


async def test_a_close_frame_is_told_with_its_code(scripted: Any) -> None:
    async def script(websocket: web.WebSocketResponse, _request: web.Request) -> None:
        await websocket.send_str('40{"sid":"x"}')
        await websocket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"banned")

    async with scripted(script) as url, SocketIOClient(url) as client:
        closed = await client.closed(5)
    assert (closed.by, closed.ending, closed.code) == (By.PEER, Ending.WEBSOCKET_CLOSE, 1008)
    assert "banned" in closed.reason
    assert closed.disconnected_at is None


async def test_a_cut_connection_is_told_as_reset_or_end(scripted: Any) -> None:
    async def script(websocket: web.WebSocketResponse, request: web.Request) -> None:
        await websocket.send_str('40{"sid":"x"}')
        assert request.transport is not None
        request.transport.abort()

    async with scripted(script) as url, SocketIOClient(url) as client:
        closed = await client.closed(5)
    assert closed.by is By.PEER
    assert closed.ending in (Ending.RESET, Ending.STREAM_END)


async def test_an_engine_close_packet_ends_the_connection(scripted: Any) -> None:
    async with scripted(_sends('40{"sid":"x"}', "41", "1")) as url, SocketIOClient(url) as client:
        closed = await client.closed(5)
    assert (closed.by, closed.ending) == (By.PEER, Ending.ENGINE_CLOSE)
    assert closed.disconnected_at is not None
    assert closed.disconnected_at <= closed.at


@pytest.mark.parametrize(
    ("messages", "sentence"),
    [
        (['42["early"]'], "EVENT packet came while namespace / was CONNECTING"),
        (['40{"sid":"x"}', '40{"sid":"y"}'], "CONNECT packet came while namespace / was CONNECTED"),
        (['40{"sid":"x"}', "437[]"], "acknowledgement came that nothing waits for"),
        (['40{"sid":"x"}', '451-["x",{"_placeholder":true,"num":0}]', '42["y"]'], "Attachments .* are missing"),
        (['40{"sid":"x"}', b"\x00"], "belongs to no Socket.IO packet"),
        (['40{"sid":"x"}', '42/other,["x"]'], "namespace /other was ABSENT"),
        (['40{"sid":"x"}', "7"], "no Engine.IO packet"),
        (['40{"sid":"x"}', "3"], "PONG packet came while the session was OPEN"),
        (['40{"sid":"x"}', "42{}"], "no Socket.IO packet"),
        (["40{}"], "has no session id"),
    ],
)
async def test_illegal_packets_end_the_connection_and_every_wait(
    scripted: Any, messages: list[str | bytes], sentence: str
) -> None:
    async with scripted(_sends(*messages)) as url:
        client = SocketIOClient(url)
        with suppress(ProtocolViolation):
            await client.open()
        with pytest.raises(ProtocolViolation, match=sentence):
            await client.expect("anything", 5)
        await client.close()
        closed = await client.closed(5)
    assert (closed.by, closed.ending) == (By.US, Ending.VIOLATION)
    assert client.violation is not None
    assert client.violation.expected
    assert client.violation.observed


async def test_broken_framing_ends_the_connection_after_what_came_before(scripted: Any) -> None:
    async def script(websocket: web.WebSocketResponse, request: web.Request) -> None:
        await websocket.send_str('40{"sid":"x"}')
        assert isinstance(request.transport, asyncio.Transport)
        request.transport.write(b'\x81\x0e42["before",1]\xc1\x00')

    async with scripted(script) as url, SocketIOClient(url) as client:
        closed = await client.closed(5)
        assert (await client.expect("before", 5)).payload == 1
        with pytest.raises(ProtocolViolation, match="reserved bit"):
            await client.expect("after", 5)
    assert (closed.by, closed.ending, closed.code) == (By.US, Ending.VIOLATION, 1002)


async def test_a_connection_that_ends_before_connect_is_refused(scripted: Any) -> None:
    async def script(websocket: web.WebSocketResponse, _request: web.Request) -> None:
        await websocket.close(code=4401, message=b"no token")

    async with scripted(script) as url:
        with pytest.raises(ConnectionRefused, match="no token") as refused:
            await SocketIOClient(url).open()
    assert refused.value.status == 4401


async def test_a_disconnect_in_place_of_connect_is_a_refusal(scripted: Any) -> None:
    async with scripted(_sends("41")) as url:
        with pytest.raises(ConnectionRefused, match="DISCONNECT"):
            await SocketIOClient(url).open()


async def test_connect_that_is_never_answered_is_inconclusive(scripted: Any) -> None:
    async with scripted(_sends()) as url:
        with pytest.raises(Inconclusive, match="CONNECT to / was not answered"):
            await SocketIOClient(url, timeout=0.1).open()


async def test_a_websocket_that_does_not_begin_with_open_is_no_socket_io(scripted: Any) -> None:
    async with scripted(_sends(), opening="welcome to the chat") as url:
        with pytest.raises(TargetUnavailable, match="is no Socket"):
            await SocketIOClient(url).open()


async def test_a_silent_websocket_is_inconclusive(serving: Any) -> None:
    async def handle(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        async for _ in websocket:
            pass
        return websocket

    application = web.Application()
    application.router.add_get("/socket.io/", handle)
    async with serving(application) as url:
        with pytest.raises(Inconclusive, match="OPEN packet within"):
            await SocketIOClient(url, timeout=0.1).open()


async def test_an_upgrade_that_is_not_offered_is_told(serving: Any) -> None:
    payloads = [_OPEN, '40{"sid":"x"}']

    async def get(_request: web.Request) -> web.Response:
        if payloads:
            return web.Response(text=payloads.pop(0))
        await asyncio.sleep(30)
        return web.Response(text="6")

    async def post(_request: web.Request) -> web.Response:
        return web.Response(text="ok")

    application = web.Application()
    application.router.add_get("/socket.io/", get)
    application.router.add_post("/socket.io/", post)
    async with serving(application) as url:
        with pytest.raises(ContractViolation, match="offers no upgrade"):
            await SocketIOClient(url, transport="upgrade").open()


@pytest.mark.parametrize("body", [bytes(17_000_000), b"\xff\xfe", b"bnot base64!", b'42["before",1]\x1ebAA=A'])
async def test_a_polling_payload_that_is_none_ends_the_connection(serving: Any, body: bytes) -> None:
    payloads = [_OPEN.encode(), b'40{"sid":"x"}', body]

    async def get(_request: web.Request) -> web.Response:
        return web.Response(body=payloads.pop(0))

    async def post(_request: web.Request) -> web.Response:
        return web.Response(text="ok")

    application = web.Application()
    application.router.add_get("/socket.io/", get)
    application.router.add_post("/socket.io/", post)
    async with serving(application) as url, SocketIOClient(url, transport="polling") as client:
        closed = await client.closed(5)
        with pytest.raises(ProtocolViolation):
            await client.expect("after", 5)
    assert (closed.by, closed.ending) == (By.US, Ending.VIOLATION)
    assert len(client.received) == body.count(b"before")


async def test_a_poll_that_is_refused_ends_the_session(serving: Any) -> None:
    payloads = [_OPEN, '40{"sid":"x"}']

    async def get(_request: web.Request) -> web.Response:
        if payloads:
            return web.Response(text=payloads.pop(0))
        return web.json_response({"code": 1, "message": "Session ID unknown"}, status=400)

    async def post(_request: web.Request) -> web.Response:
        return web.Response(text="ok")

    application = web.Application()
    application.router.add_get("/socket.io/", get)
    application.router.add_post("/socket.io/", post)
    async with serving(application) as url, SocketIOClient(url, transport="polling") as client:
        with pytest.raises(NotReceived, match="400 Bad Request"):
            await client.expect("anything", 5)
        closed = await client.closed(5)
    assert (closed.by, closed.ending, closed.code) == (By.PEER, Ending.HTTP_STATUS, 400)


async def test_what_comes_together_with_the_handshake_is_heard(serving: Any) -> None:
    async def handle(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        assert isinstance(request.transport, asyncio.Transport)
        socket = request.transport.get_extra_info("socket")
        socket.setsockopt(6, 3, 1)  # TCP_CORK: the answer, the packets and the end leave as one
        await websocket.prepare(request)
        for message in (_OPEN, "2", "1"):
            await websocket.send_str(message)
        request.transport.close()
        return websocket

    application = web.Application()
    application.router.add_get("/socket.io/", handle)
    async with serving(application) as url:
        client = SocketIOClient(url)
        with pytest.raises(ConnectionRefused, match="CLOSE packet"):
            await client.open()
        assert (await client.closed(0)).ending is Ending.ENGINE_CLOSE


async def test_an_event_nested_too_deeply_is_a_violation_and_no_crash(scripted: Any) -> None:
    deep = '42["x",' + "[" * 500 + "]" * 500 + "]"
    async with scripted(_sends('40{"sid":"x"}', deep)) as url, SocketIOClient(url) as client:
        with pytest.raises(ProtocolViolation) as violation:
            await client.expect("x", 5)
    assert "inside one another" in violation.value.expected


async def test_a_violation_is_told_without_secrets(scripted: Any) -> None:
    sends = _sends('40{"sid":"x"}', "49 hidden-token")
    async with scripted(sends) as url, SocketIOClient(url, auth={"token": "hidden-token"}) as client:
        await client.closed(5)
    assert client.violation is not None
    assert "hidden-token" in client.violation.observed
    assert "hidden-token" not in redacted_text(client.violation.observed)
