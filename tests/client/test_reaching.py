"""What is said of a target that cannot be reached, or that is something else."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from typing import Any

import pytest
from aiohttp import web

from eventproof.client.aio import ConnectionRefused, SocketIOClient, SseClient, TransportChoice, WebSocketClient
from eventproof.errors import Inconclusive, TargetUnavailable, UsageError

TRANSPORTS: list[TransportChoice] = ["websocket", "polling"]


@pytest.fixture
def answering(serving: Any) -> Any:
    """A server that answers every request alike: `async with answering(handler) as url`."""

    @asynccontextmanager
    async def serve(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", handler)
        async with serving(application) as url:
            yield url

    return serve


@asynccontextmanager
async def _speaking(said: bytes) -> AsyncIterator[str]:
    """A TCP server that says this to everyone, and then waits."""

    spoken: list[asyncio.Task[None]] = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        with suppress(ConnectionError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(
        lambda reader, writer: spoken.append(asyncio.create_task(speak(reader, writer))), "127.0.0.1", 0
    )
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.wait_for(asyncio.gather(*spoken), 5)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_nobody_listens(transport: TransportChoice) -> None:
    with pytest.raises(TargetUnavailable, match=r"http://127\.0\.0\.1:1 cannot be reached: nothing listens there"):
        await SocketIOClient("http://127.0.0.1:1", transport=transport).open()


async def test_nobody_listens_for_a_stream_or_a_websocket() -> None:
    for client in (SseClient("http://127.0.0.1:1", "/stream"), WebSocketClient("http://127.0.0.1:1", "/ws")):
        with pytest.raises(TargetUnavailable, match="nothing listens there"):
            await client.open()


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (200, "<h1>It works!</h1>", "is no Socket.IO server: it answered 200 OK (text/html)."),
        (404, "nothing here", "is no Socket.IO server: it answered 404 Not Found (text/html)."),
        (404, '{"message": "no such route"}', "is no Socket.IO server: it answered 404 Not Found (text/html)."),
        (501, "", "is no Socket.IO server: it answered 501 Not Implemented (text/html)."),
        (502, "", "failed: it answered 502 Bad Gateway (text/html)."),
    ],
)
async def test_an_http_server_that_is_no_socket_io_server(
    answering: Any, transport: TransportChoice, status: int, body: str, sentence: str
) -> None:
    async def handle(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=body, content_type="text/html")

    async with answering(handle) as url:
        with pytest.raises(TargetUnavailable) as unavailable:
            await SocketIOClient(url, transport=transport, auth={"token": "secret-token"}).open()
    assert str(unavailable.value) == f"{url}/socket.io/ {sentence}"


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_redirect_is_not_followed_but_told(answering: Any, transport: TransportChoice) -> None:
    async def handle(_request: web.Request) -> web.Response:
        raise web.HTTPMovedPermanently("https://elsewhere.example/socket.io/")

    async with answering(handle) as url:
        with pytest.raises(TargetUnavailable, match=r"redirects to https://elsewhere\.example/socket\.io/"):
            await SocketIOClient(url, transport=transport).open()


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    ("status", "document", "said"),
    [
        (401, {"error": {"code": "token_missing", "message": "Send a token."}}, "401 Unauthorized .*Send a token"),
        (403, {"code": 4, "message": "Forbidden"}, "403 Forbidden .*Forbidden"),
        (400, {"code": 0, "message": "Transport unknown"}, "Transport unknown"),
        (400, "Invalid transport", "Invalid transport"),
    ],
)
async def test_a_refusal_by_http_is_a_refusal(
    answering: Any, transport: TransportChoice, status: int, document: Any, said: str
) -> None:
    async def handle(_request: web.Request) -> web.Response:
        return web.json_response(document, status=status)

    async with answering(handle) as url:
        with pytest.raises(ConnectionRefused, match=said) as refused:
            await SocketIOClient(url, transport=transport).open()
    assert refused.value.status == status
    assert refused.value.data == document


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_server_that_does_not_speak_http(transport: TransportChoice) -> None:
    async with _speaking(b"SSH-2.0-OpenSSH_9.2\r\n") as url:
        with pytest.raises(TargetUnavailable):
            await SocketIOClient(url, transport=transport).open()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_server_that_never_answers_is_inconclusive(transport: TransportChoice) -> None:
    async with _speaking(b"") as url:
        with pytest.raises(Inconclusive, match=r"within 0\.1 s"):
            await SocketIOClient(url, transport=transport, timeout=0.1).open()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_server_that_accepts_nobody_cannot_be_reached(transport: TransportChoice) -> None:
    with socket.socket() as listener, ExitStack() as waiting:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):  # what the kernel still takes for a server that accepts nothing
            early = waiting.enter_context(socket.socket())
            early.setblocking(False)
            early.connect_ex(listener.getsockname())
        with pytest.raises(TargetUnavailable, match="did not answer in time"):
            await SocketIOClient(
                f"http://127.0.0.1:{listener.getsockname()[1]}", transport=transport, timeout=0.2
            ).open()


async def test_a_handshake_that_is_cut_is_told() -> None:
    async with _speaking(b"HTTP/1.1 404 Not Found\r\nContent-Length: 1000\r\n\r\ntoo short") as url:
        with pytest.raises(TargetUnavailable, match="is no Socket"):
            await SocketIOClient(url).open()


async def test_a_wrong_accept_token_is_no_websocket() -> None:
    answer = b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n"
    async with _speaking(answer) as url:
        with pytest.raises(TargetUnavailable, match="wrong Sec-WebSocket-Accept"):
            await SocketIOClient(url).open()


async def test_a_plain_server_behind_an_https_url_is_told(serving: Any) -> None:
    async with serving(web.Application()) as url:
        with pytest.raises(TargetUnavailable, match="is the scheme right"):
            await SocketIOClient(url.replace("http:", "https:")).open()


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://x", "http://", "http://x:port", "http://[::1"])
async def test_what_is_no_url_is_said(url: str) -> None:
    with pytest.raises(UsageError, match="http://127"):
        SocketIOClient(url)


async def test_a_host_that_does_not_exist_is_said() -> None:
    with pytest.raises(TargetUnavailable, match="cannot be reached"):
        await SocketIOClient("http://nowhere.invalid").open()


async def test_a_stream_that_is_none_is_said(answering: Any) -> None:
    async def handle(_request: web.Request) -> web.Response:
        return web.json_response({})

    async with answering(handle) as url:
        with pytest.raises(TargetUnavailable, match=r"/stream is no event stream: it answered 200 OK"):
            await SseClient(url, "/stream?token=secret-token").open()


async def test_a_context_for_tls_may_be_given() -> None:
    context = ssl.create_default_context()
    client = SocketIOClient("https://127.0.0.1:1", ssl_context=context)
    with pytest.raises(TargetUnavailable, match="https://127"):
        await client.open()


@pytest.mark.parametrize("transport", ["websocket", "polling", "upgrade"])
@pytest.mark.parametrize("path", ["/socket.io/", "/socket.io", "/a/b/realtime"])
async def test_headers_and_query_go_with_every_request_and_the_path_is_as_it_is_written(
    transport: TransportChoice, path: str, serving: Any
) -> None:
    asked: list[web.Request] = []

    async def pass_on(request: web.Request) -> web.StreamResponse:
        asked.append(request)
        raise web.HTTPForbidden

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", pass_on)
    headers = [("Origin", "https://app.example"), ("Cookie", "a=b"), ("X-Tenant", "acme")]
    async with serving(application) as url:
        with pytest.raises(ConnectionRefused):
            await SocketIOClient(
                url, path=path, transport=transport, headers=headers, query={"tenant": "a c&e", "v": "2"}
            ).open()
    (request,) = asked
    assert request.path == path
    assert [request.headers[name] for name, _ in headers] == [value for _, value in headers]
    assert (request.query["tenant"], request.query["v"], request.query["EIO"]) == ("a c&e", "2", "4")


async def test_the_cookies_of_a_profile_and_of_a_server_are_one_header(serving: Any) -> None:
    seen: list[list[str]] = []

    async def get(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers.getall("Cookie"))
        if request.query["transport"] == "websocket":
            raise web.HTTPForbidden
        if "sid" in request.query:
            return web.Response(text="6" if len(seen) > 2 else '40{"sid":"x"}')
        response = web.Response(text='0{"sid":"s","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}')
        response.set_cookie("route", "node-2")
        return response

    async def post(_request: web.Request) -> web.Response:
        return web.Response(text="ok")

    application = web.Application()
    application.router.add_get("/socket.io/", get)
    application.router.add_post("/socket.io/", post)
    async with serving(application) as url:
        with pytest.raises(ConnectionRefused):
            await SocketIOClient(url, transport="upgrade", headers=[("Cookie", "session=1")], query={"t": "1"}).open()
    assert seen[0] == ["session=1"]
    assert {cookie for cookies in seen[1:] for cookie in cookies} <= {
        "session=1; route=node-2",
        "route=node-2; session=1",
    }
