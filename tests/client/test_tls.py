"""The clients over TLS, with a certificate of loopback's own (a throw-away key in loopback.pem)."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import socketio
from aiohttp import web

from eventproof.client.aio import SocketIOClient, SseClient, TransportChoice, WebSocketClient
from eventproof.errors import TargetUnavailable

_CERTIFICATE = Path(__file__).with_name("loopback.pem")


@pytest.fixture
async def url() -> AsyncIterator[str]:
    server = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins="*", namespaces=["/"])
    application = web.Application()
    server.attach(application)
    application.router.add_get("/stream", _stream)
    application.router.add_get("/ws", _websocket)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(_CERTIFICATE)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    await server.shutdown()
    await runner.cleanup()


async def _stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b"data: over TLS\n\n")
    return response


async def _websocket(request: web.Request) -> web.WebSocketResponse:
    websocket = web.WebSocketResponse()
    await websocket.prepare(request)
    await websocket.send_str("over TLS")
    await websocket.close()
    return websocket


@pytest.fixture
def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=_CERTIFICATE)


@pytest.mark.parametrize("transport", ["websocket", "polling", "upgrade"])
async def test_socket_io_over_tls(url: str, trusting: ssl.SSLContext, transport: TransportChoice) -> None:
    async with SocketIOClient(url, transport=transport, ssl_context=trusting) as client:
        assert client.is_open


async def test_streams_and_websockets_over_tls(url: str, trusting: ssl.SSLContext) -> None:
    async with SseClient(url, "/stream", ssl_context=trusting) as stream:
        assert (await stream.expect("message", 5)).payload == "over TLS"
    async with WebSocketClient(url, "/ws", ssl_context=trusting) as websocket:
        assert (await websocket.expect("message", 5)).payload == "over TLS"


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_an_untrusted_certificate_is_told(url: str, transport: TransportChoice) -> None:
    with pytest.raises(TargetUnavailable, match="its certificate is not trusted"):
        await SocketIOClient(url, transport=transport).open()
