"""The native WebSockets and the streams of a mock, on aiohttp: one answer a client, which lasts as long as it does."""

import asyncio
from collections.abc import Mapping
from itertools import count
from typing import Any, Final

from aiohttp import WSMsgType, web

from eventproof.catalog import Channel, Event

from .addresses import Found
from .house import LARGEST, Client, House
from .messages import block, read, written
from .outbox import Outbox

__all__ = ["converse", "stream"]

_PING: Final = 20.0
_COMMENT: Final = 5.0
"""Seconds after which a stream that has nothing to say says so: who is gone is seen by then."""


class _Written:
    """Puts events as messages into an outbox."""

    def __init__(self, channel: Channel, outbox: Outbox) -> None:
        self._channel, self._outbox = channel, outbox

    async def __call__(self, event: Event, payload: Any, /) -> bool:
        return self._outbox.put(written(self._channel, event.name, payload))


class _Streamed:
    """Puts events as blocks of a stream into an outbox, numbered."""

    def __init__(self, channel: Channel, outbox: Outbox) -> None:
        self._channel, self._outbox, self._numbers = channel, outbox, count(1)

    async def __call__(self, event: Event, payload: Any, /) -> bool:
        return self._outbox.put(block(self._channel, event.name, payload, next(self._numbers)))


async def converse(request: web.Request, found: Found, house: House) -> web.StreamResponse:
    """One client on a native WebSocket, until it leaves."""
    socket = web.WebSocketResponse(max_msg_size=LARGEST, heartbeat=_PING)
    await socket.prepare(request)
    outbox = Outbox()
    client = house.enter(found.channel, found.parameters, _Written(found.channel, outbox))
    writer = asyncio.create_task(_write(socket, outbox))
    try:
        await house.greet(client)
        async for message in socket:
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                await _hear(house, client, message.data)
    finally:
        writer.cancel()
        house.leave(client)
    return socket


async def stream(request: web.Request, found: Found, house: House, headers: Mapping[str, str]) -> web.StreamResponse:
    """One client of a stream, until it leaves."""
    answer = web.StreamResponse(
        headers={**headers, "Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    await answer.prepare(request)
    outbox = Outbox()
    client = house.enter(found.channel, found.parameters, _Streamed(found.channel, outbox))
    try:
        await house.greet(client)
        while True:
            text = await outbox.next(_COMMENT)
            await answer.write((text or ":\n\n").encode())
    except ConnectionError:
        return answer
    finally:
        house.leave(client)


async def _write(socket: web.WebSocketResponse, outbox: Outbox) -> None:
    while True:
        text = await outbox.next(_PING)
        if text is not None:
            await socket.send_str(text)


async def _hear(house: House, client: Client, message: str | bytes) -> None:
    try:
        name, payload = read(client.hearer.channel, message)
    except UnicodeDecodeError:
        house.complain(f"a message on {client.hearer.channel.address} is neither text nor JSON")
        return
    await house.hear(client, name, payload)
