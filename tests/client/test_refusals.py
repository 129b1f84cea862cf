"""Whoever says no, in whatever form of HTTP: that is a refusal, and it is heard why."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from aiohttp import WSCloseCode, web

from eventproof.client.aio import ConnectionRefused, SocketIOClient, SseClient, TransportChoice, WebSocketClient
from eventproof.errors import EventproofError, Inconclusive, ProtocolViolation, TargetUnavailable
from eventproof.wire.websocket import accept_token

_JSON = b'{"code":4,"message":"origin not allowed"}'
_DOCUMENT = {"code": 4, "message": "origin not allowed"}
_HTML = (
    b"<html><head><title>403 Forbidden</title><style>b{}</style></head><body><h1>Origin&nbsp;not</h1> allowed</html>"
)
_TYPES: dict[bytes, bytes] = {_JSON: b"application/json", _HTML: b"text/html; charset=utf-8"}

Case = tuple[bytes, int, Any]


def _sized(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def _chunked(body: bytes) -> bytes:
    middle = len(body) // 2
    chunks = b"".join(b"%x;a=b\r\n%s\r\n" % (len(piece), piece) for piece in (body[:middle], body[middle:]))
    return b"Transfer-Encoding: chunked\r\n\r\n%s0\r\nTrailer: x\r\n\r\n" % chunks


_REFUSALS: dict[str, Case] = {
    "engine.io's own": (
        b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-type: text/html\r\n" + _sized(b"unauthorized"),
        400,
        "unauthorized",
    ),
    "JSON": (b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n" + _sized(_JSON), 400, _DOCUMENT),
    "JSON text": (b"HTTP/1.1 400 Bad Request\r\n" + _sized(b'"Invalid session"'), 400, "Invalid session"),
    "chunked": (b"HTTP/1.1 400 Bad Request\r\n" + _chunked(_JSON), 400, _DOCUMENT),
    "chunked 403": (b"HTTP/1.1 403 Forbidden\r\n" + _chunked(_JSON), 403, _DOCUMENT),
    "gzip": (b"HTTP/1.1 400 x\r\nContent-Encoding: gzip\r\n" + _sized(gzip.compress(_JSON)), 400, _DOCUMENT),
    "gzip, chunked": (b"HTTP/1.1 401 x\r\nContent-Encoding: gzip\r\n" + _chunked(gzip.compress(_JSON)), 401, _DOCUMENT),
    "deflate": (b"HTTP/1.1 403 x\r\nContent-Encoding: deflate\r\n" + _sized(zlib.compress(_JSON)), 403, _DOCUMENT),
    "br": (
        b"HTTP/1.1 403 Forbidden\r\nContent-Encoding: br\r\n" + _sized(b"\x0b\x01\x80no\x03"),
        403,
        "a body in br, which is not decoded here",
    ),
    "not gzip at all": (b"HTTP/1.1 403 Forbidden\r\nContent-Encoding: gzip\r\n" + _sized(_JSON), 403, None),
    "HTTP/1.0": (b"HTTP/1.0 403 Forbidden\r\n" + _sized(_JSON), 403, _DOCUMENT),
    "HTTP/1.0 until the end": (b"HTTP/1.0 403 Forbidden\r\n\r\n" + _JSON, 403, _DOCUMENT),
    "HTTP/1.1 until the end": (b"HTTP/1.1 400 Bad Request\r\n\r\n" + _JSON, 400, _DOCUMENT),
    "no body": (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", 400, None),
    "100 first": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 403 Forbidden\r\n" + _sized(_JSON), 403, _DOCUMENT),
    "102 twice": (b"HTTP/1.1 102 Processing\r\n\r\n" * 2 + b"HTTP/1.1 400 x\r\n" + _sized(_JSON), 400, _DOCUMENT),
    "103 first": (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 401 x\r\n" + _sized(_JSON), 401, _DOCUMENT),
    "no reason": (b"HTTP/1.1 400\r\n" + _sized(_JSON), 400, _DOCUMENT),
    "folded header": (
        b"HTTP/1.1 401 x\r\nWWW-Authenticate: Bearer\r\n  realm=a\r\n" + _sized(_JSON),
        401,
        _DOCUMENT,
    ),
    "HTML": (b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n" + _sized(_HTML), 403, "Origin not allowed"),
    "error object": (
        b"HTTP/1.1 401 x\r\n" + _sized(b'{"error":{"code":"x","message":"No token."}}'),
        401,
        {"error": {"code": "x", "message": "No token."}},
    ),
}


@asynccontextmanager
async def _saying(answer: bytes, *, stays: bool = False) -> AsyncIterator[str]:
    """A server that gives everyone these bytes, and then closes, or keeps silent."""
    released = asyncio.Event()

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
            if stays:
                await released.wait()
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with server:
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            released.set()


async def _fails(client: Any) -> EventproofError:
    try:
        with pytest.raises(EventproofError) as failed:
            await client.open()
    finally:
        await client.close()
    return failed.value


@pytest.mark.parametrize("carried", ["websocket", "polling", "upgrade", "native", "sse"])
@pytest.mark.parametrize("name", _REFUSALS)
async def test_a_refusal_is_understood_in_every_form_of_http(name: str, carried: Any) -> None:
    answer, status, data = _REFUSALS[name]
    async with _saying(answer) as url:
        match carried:
            case "native":
                refused = await _fails(WebSocketClient(url, "/ws", timeout=5))
            case "sse":
                refused = await _fails(SseClient(url, "/stream", timeout=5))
            case _:
                refused = await _fails(SocketIOClient(url, transport=carried, timeout=5))
    assert isinstance(refused, ConnectionRefused), str(refused)
    assert (refused.status, refused.data) == (status, data)
    if isinstance(data, str):
        assert str(refused).endswith(f": {data}.")


@pytest.mark.parametrize("transport", ["websocket", "polling"])
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 1000\r\n\r\n" + _JSON,
        b"HTTP/1.1 403 Forbidden\r\n\r\n" + _JSON,
        b"HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n" % (len(_JSON), _JSON),
    ],
    ids=["its length is longer", "no length", "no last chunk"],
)
async def test_a_refusal_that_does_not_end_is_one_at_once(answer: bytes, transport: TransportChoice) -> None:
    async with _saying(answer, stays=True) as url:
        refused = await _fails(SocketIOClient(url, transport=transport, timeout=30))
    assert isinstance(refused, ConnectionRefused)
    assert refused.data == _DOCUMENT


async def test_bytes_behind_a_refusal_are_no_part_of_it() -> None:
    answer = b"HTTP/1.1 403 Forbidden\r\n" + _sized(_JSON) + b"more"
    async with _saying(answer) as url:
        refused = await _fails(SocketIOClient(url))
        by_polling = await _fails(SocketIOClient(url, transport="polling"))
    assert isinstance(refused, ConnectionRefused)
    assert refused.data == _DOCUMENT
    assert "does not answer in valid HTTP" in str(by_polling)


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_of_a_refusal_that_is_a_bomb_the_beginning_is_read(transport: TransportChoice) -> None:
    bomb = gzip.compress(b"no " * 30_000_000)
    async with _saying(b"HTTP/1.1 403 Forbidden\r\nContent-Encoding: gzip\r\n" + _sized(bomb)) as url:
        refused = await _fails(SocketIOClient(url, transport=transport))
    assert isinstance(refused, ConnectionRefused)
    assert len(str(refused)) < 500


async def test_an_answer_whose_gzip_breaks_off_is_a_violation_and_a_refusal_stays_one() -> None:
    packed = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    opening = b'0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":100}'
    cut = packed.compress(opening) + packed.flush(zlib.Z_SYNC_FLUSH)
    async with _saying(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n" + _sized(cut)) as url:
        violation = await _fails(SocketIOClient(url, transport="polling", timeout=5))
    assert isinstance(violation, ProtocolViolation), str(violation)
    assert "before its gzip was complete" in str(violation)
    cut = gzip.compress(_JSON, mtime=0)[:-1]
    async with _saying(b"HTTP/1.1 403 Forbidden\r\nContent-Encoding: gzip\r\n" + _sized(cut)) as url:
        for transport in ("polling", "websocket"):
            refused = await _fails(SocketIOClient(url, transport=transport, timeout=5))
            assert isinstance(refused, ConnectionRefused)
            assert refused.data == _DOCUMENT


async def test_coded_bytes_have_a_limit_though_nothing_comes_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventproof.client.answer_body.MAX_BODY", 2000)
    packed = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    opening = b'0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":100}'
    coded = packed.compress(opening) + packed.flush(zlib.Z_SYNC_FLUSH) + b"\0\0\0\xff\xff" * 1000 + packed.flush()
    async with _saying(b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n" + _sized(coded)) as url:
        violation = await _fails(SocketIOClient(url, transport="polling", timeout=5))
    assert isinstance(violation, ProtocolViolation), str(violation)
    assert "too big" in str(violation)


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_a_limiter_is_no_refusal_and_no_other_server(transport: TransportChoice) -> None:
    async with _saying(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n") as url:
        limited = await _fails(SocketIOClient(url, transport=transport))
    assert isinstance(limited, Inconclusive)
    assert "429 Too Many Requests" in str(limited)


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_a_server_that_wants_https_is_told_from_one_that_refuses(transport: TransportChoice) -> None:
    said = b"Client sent an HTTP request to an HTTPS server.\n"
    async with _saying(b"HTTP/1.0 400 Bad Request\r\n\r\n" + said) as url:
        wrong = await _fails(SocketIOClient(url, transport=transport))
    assert isinstance(wrong, TargetUnavailable)
    assert "is the scheme right?" in str(wrong)


async def test_a_refusal_of_the_post_with_connect_says_why(serving: Any) -> None:
    async def get(request: web.Request) -> web.Response:
        if "sid" in request.query:
            await asyncio.sleep(30)
        return web.Response(text='0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000}')

    async def post(_request: web.Request) -> web.Response:
        return web.json_response(_DOCUMENT, status=400)

    application = web.Application()
    application.router.add_get("/socket.io/", get)
    application.router.add_post("/socket.io/", post)
    async with serving(application) as url:
        refused = await _fails(SocketIOClient(url, transport="polling", timeout=5))
    assert isinstance(refused, ConnectionRefused)
    assert "a POST was answered 400 Bad Request (application/json): origin not allowed" in str(refused)
    assert (refused.status, refused.data) == (400, _DOCUMENT)


@pytest.mark.parametrize(
    ("code", "kind"), [(1008, ConnectionRefused), (4401, ConnectionRefused), (1000, TargetUnavailable)]
)
async def test_a_websocket_that_is_closed_before_its_session_begins_may_be_a_refusal(
    serving: Any, code: int, kind: type[EventproofError]
) -> None:
    async def handle(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        await websocket.close(code=WSCloseCode(code) if code < 3000 else code, message=b"no token")
        return websocket

    application = web.Application()
    application.router.add_get("/socket.io/", handle)
    async with serving(application) as url:
        assert type(await _fails(SocketIOClient(url, timeout=5))) is kind


@pytest.mark.parametrize("offered", [(), (("Sec-WebSocket-Protocol", "bearer, chat"),)])
@pytest.mark.parametrize(
    ("header", "fault"),
    [
        ("Sec-WebSocket-Protocol: graphql-ws\r\n", "a subprotocol that the client did not offer"),
        ("Sec-WebSocket-Extensions: permessage-deflate\r\n", "is no Socket.IO server"),
        ("", ""),
    ],
)
async def test_what_nobody_asked_for_fails_the_connection(offered: Any, header: str, fault: str) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            key = request.partition("Sec-WebSocket-Key: ")[2].partition("\r\n")[0]
            head = f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept_token(key)}\r\n{header}"
            writer.write(f"HTTP/1.1 101 Switching Protocols\r\n{head}\r\n".encode())
            await reader.read()
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        client = WebSocketClient(url, "/ws", headers=offered, timeout=5)
        if not fault:
            await client.open()
            await client.close()
            return
        failed = await _fails(client)
        if "subprotocol" in fault:
            assert isinstance(failed, ProtocolViolation)
            assert fault in str(failed)
            assert "every browser" in str(failed)


async def test_a_websocket_that_is_refused_to_a_polling_session_refuses_the_connection(serving: Any) -> None:
    payloads = ['0{"sid":"s","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}', '40{"sid":"x"}']

    async def get(request: web.Request) -> web.StreamResponse:
        if request.query["transport"] == "websocket":
            response = web.StreamResponse(status=400, headers={"Content-Type": "application/json"})
            response.enable_chunked_encoding()
            await response.prepare(request)
            await response.write(_JSON)
            return response
        if not payloads:
            await asyncio.sleep(30)
        return web.Response(text=payloads.pop(0))

    async def post(_request: web.Request) -> web.Response:
        return web.Response(text="ok")

    application = web.Application()
    application.router.add_get("/socket.io/", get)
    application.router.add_post("/socket.io/", post)
    async with serving(application) as url:
        refused = await _fails(SocketIOClient(url, transport="upgrade", timeout=5))
    assert isinstance(refused, ConnectionRefused)
    assert (refused.status, refused.data) == (400, _DOCUMENT)
