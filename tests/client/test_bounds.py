"""A client never waits without end and never sends what the server cannot take."""

import asyncio
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from aiohttp import web

from eventproof.client.aio import By, Ending, SocketIOClient, SseClient, WebSocketClient
from eventproof.errors import Inconclusive, TargetUnavailable


async def test_a_peer_that_reads_nothing_makes_sending_inconclusive_and_closing_brief(serving: Any) -> None:
    released = asyncio.Event()

    async def handle(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        assert isinstance(request.transport, asyncio.Transport)
        request.transport.pause_reading()
        await released.wait()
        return websocket

    application = web.Application()
    application.router.add_get("/ws", handle)
    async with serving(application) as url:
        client = WebSocketClient(url, "/ws", timeout=0.2)
        await client.open()
        with pytest.raises(Inconclusive, match="did not read"):
            await client.send(b"x" * 15_000_000)
        began = time.monotonic()
        await client.close()
        assert time.monotonic() - began < 5
        assert (await client.closed(0)).by is By.US
        released.set()


async def test_a_reset_is_told_as_one(serving: Any) -> None:
    async def handle(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        await websocket.receive()
        assert request.transport is not None
        connection = request.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
        return websocket

    application = web.Application()
    application.router.add_get("/ws", handle)
    async with serving(application) as url, WebSocketClient(url, "/ws") as client:
        await client.send("reset me")
        closed = await client.closed(5)
    assert (closed.by, closed.ending) == (By.PEER, Ending.RESET)


@pytest.fixture
def polled() -> tuple[web.Application, list[bytes]]:
    """An application that keeps the bodies of POSTs, and answers them only as long as it is told to."""
    bodies: list[bytes] = []
    payloads = ['0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":100}', '40{"sid":"x"}']

    async def get(_request: web.Request) -> web.Response:
        if payloads:
            return web.Response(text=payloads.pop(0))
        await asyncio.sleep(30)
        return web.Response(text="6")

    async def post(request: web.Request) -> web.Response:
        bodies.append(await request.read())
        if bodies[-1] == b'42["stall"]':
            await asyncio.sleep(30)
        return web.Response(text="ok")

    application = web.Application()
    application.router.add_get("/socket.io/", get)
    application.router.add_post("/socket.io/", post)
    return application, bodies


async def test_a_payload_is_no_longer_than_the_server_takes(
    serving: Any, polled: tuple[web.Application, list[bytes]]
) -> None:
    application, bodies = polled
    async with serving(application) as url, SocketIOClient(url, transport="polling") as client:
        async with asyncio.TaskGroup() as group:
            for number in range(20):
                group.create_task(client.emit("x" * 20, number))
        await client.emit("y" * 200)
    sent = b"\x1e".join(bodies).split(b"\x1e")
    assert [body for body in bodies if len(body) > 100] == [b'42["' + b"y" * 200 + b'"]']
    assert len(bodies) < len(sent)
    assert [message for message in sent if message.startswith(b'42["x')] == [
        f'42["{"x" * 20}",{number}]'.encode() for number in range(20)
    ]


async def test_a_post_that_is_not_answered_is_inconclusive(
    serving: Any, polled: tuple[web.Application, list[bytes]]
) -> None:
    application, _ = polled
    async with serving(application) as url, SocketIOClient(url, transport="polling", timeout=0.2) as client:
        with pytest.raises(Inconclusive, match="POST was not answered"):
            await client.emit("stall")


async def test_cookies_of_polling_go_with_the_upgrade(serving: Any) -> None:
    seen: list[str] = []
    upgrading = asyncio.Event()
    payloads = ['40{"sid":"x"}']

    async def get(request: web.Request) -> web.StreamResponse:
        if request.query["transport"] == "websocket":
            seen.append(request.headers["Cookie"])
            upgrading.set()
            raise web.HTTPNotFound
        if "sid" in request.query:
            if not payloads:
                await upgrading.wait()
            return web.Response(text=payloads.pop() if payloads else "6")
        response = web.Response(text='0{"sid":"s","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000}')
        response.set_cookie("route", "node-2")
        return response

    async def post(_request: web.Request) -> web.Response:
        return web.Response(text="ok")

    application = web.Application()
    application.router.add_get("/socket.io/", get)
    application.router.add_post("/socket.io/", post)
    async with serving(application) as url:
        with pytest.raises(TargetUnavailable, match="404 Not Found"):
            await SocketIOClient(url, transport="upgrade").open()
    assert seen == ["route=node-2"]


@pytest.mark.parametrize("carried", ["websocket", "native", "sse"])
async def test_a_client_leaves_a_server_that_sends_without_end(serving: Any, carried: str) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        if carried == "sse":
            stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await stream.prepare(request)
            with suppress(ConnectionError):
                for _ in range(100):
                    await stream.write(b"data: " + b"x" * 4_000_000 + b"\n\n")
            return stream
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        with suppress(ConnectionError):
            if carried == "websocket":
                await websocket.send_str('0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000}')
                await websocket.receive()
                await websocket.send_str('40{"sid":"a"}')
            for _ in range(100):
                await websocket.send_str(f'42["x","{"x" * 4_000_000}"]')
        return websocket

    application = web.Application()
    application.router.add_get("/{path:.*}", handle)
    clients: dict[str, Callable[[str], Any]] = {
        "websocket": SocketIOClient,
        "native": lambda url: WebSocketClient(url, "/ws"),
        "sse": lambda url: SseClient(url, "/stream"),
    }
    async with serving(application) as url, clients[carried](url) as client:
        assert (await client.closed(20)).ending is Ending.OVERFLOW
        assert 10 < len(client.received) < 25
