"""The hub's connections over TLS, against a real server with a certificate of loopback's own."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gevent
import pytest
import socketio
from aiohttp import web
from gevent.queue import Queue

from eventproof.client.hub import Hub
from eventproof.client.hub_connection import Closure, ClosureReason, HubConnection
from eventproof.client.hub_socketio import HubSocketIO

_CERTIFICATE = Path(__file__).with_name("loopback.pem")
_LARGE = "x" * 300_000


class Heard:
    def __init__(self) -> None:
        self.told: Queue[Any] = Queue()

    def opened(self, connection: HubConnection, at: float) -> None:
        self.told.put_nowait(connection)

    def received(self, connection: HubConnection, event: Any, at: float) -> None:
        self.told.put_nowait(event.args[0])

    def acknowledged(self, *_: Any) -> None: ...

    def disconnected(self, *_: Any) -> None: ...

    def closed(self, connection: HubConnection, how: Closure, at: float) -> None:
        self.told.put_nowait(how)


@pytest.fixture
async def url() -> AsyncIterator[str]:
    server = socketio.AsyncServer(async_mode="aiohttp", max_http_buffer_size=10**6)

    @server.on("echo")  # type: ignore[untyped-decorator] # python-socketio has no annotations
    async def echo(sid: str, payload: str) -> None:
        await server.emit("echoed", payload, to=sid)

    application = web.Application()
    server.attach(application)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(_CERTIFICATE)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    await server.shutdown()
    await runner.cleanup()


async def _told(url: str, context: ssl.SSLContext | None) -> list[Any]:
    """What a connection hears that sends a large event and closes when it is back."""

    def run() -> list[Any]:
        hub, heard = Hub(url, ssl_context=context), Heard()
        try:
            hub.open(heard)
            told = [heard.told.get(timeout=5)]
            if isinstance(told[0], HubSocketIO):
                told[0].emit("echo", _LARGE)
                told.append(heard.told.get(timeout=5))
            return told
        finally:
            hub.close()
            gevent.get_hub().destroy(destroy_loop=True)

    with ThreadPoolExecutor(1) as thread:
        return await asyncio.get_running_loop().run_in_executor(thread, run)


async def test_large_events_pass_through_tls_both_ways(url: str) -> None:
    assert (await _told(url, ssl.create_default_context(cafile=_CERTIFICATE)))[1] == _LARGE


async def test_an_untrusted_certificate_is_told(url: str) -> None:
    (how,) = await _told(url, None)
    assert how.reason is ClosureReason.UNREACHABLE
    assert "certificate" in how.detail.lower()
