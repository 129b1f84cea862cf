"""WebSocket, the server's side: frames written at once where the socket takes them, and the native channel.

aiohttp does the handshake and reads; we write. A frame is made once for all its recipients, and writing it neither
waits nor needs a task. What the socket does not take waits in the transport's buffer, up to `Limits.max_backlog`;
whoever lets it grow beyond is cut off and delays nobody else.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

import orjson
from aiohttp import WebSocketError, WSCloseCode, WSMsgType, web

from ..delivery.emission import Emission
from ..limits import Limits
from ..reasons import Reason
from ..refusals import Refusal
from .http import close_transport

VERSION: Final = "13"
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE_CODES: Final = {
    Reason.GOING_AWAY: WSCloseCode.GOING_AWAY,
    Reason.CLIENT_DISCONNECT: WSCloseCode.OK,
    Reason.TRANSPORT_ERROR: WSCloseCode.PROTOCOL_ERROR,
    Reason.INTERNAL_ERROR: WSCloseCode.INTERNAL_ERROR,
    Reason.UNACCEPTABLE: WSCloseCode.UNSUPPORTED_DATA,
}
"""Close codes by reason; any other reason is a policy of ours (1008)."""


def frame(opcode: int, payload: bytes) -> bytes:
    """One whole unmasked message (RFC 6455, 5.2: a server must not mask)."""
    size = len(payload)
    if size < 126:
        header = bytes((0x80 | opcode, size))
    elif size < 65536:
        header = bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big")
    else:
        header = bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big")
    return header + payload


class Pipe:
    """One open WebSocket; with `heartbeat` (seconds), a client that answers no PING in half of it is let go."""

    def __init__(self, limits: Limits, heartbeat: float | None = None) -> None:
        self._limits = limits
        self.on_slow: Callable[[], None] | None = None
        """Called where the client does not read what is sent, and is cut off."""
        self.refused_with: int | None = None
        """The close code of what the client sent that ended it."""
        self._response = web.WebSocketResponse(
            compress=False, max_msg_size=limits.max_message, timeout=limits.close_timeout, heartbeat=heartbeat
        )
        self._transport: asyncio.Transport | None = None
        self._closing: asyncio.Task[None] | None = None
        self._early: list[Callable[[], None]] = []
        """What was asked of it before the handshake was answered."""

    def check(self, request: web.Request) -> None:
        """Raises Refusal where the request is no handshake.

        RFC 6455, 4.4: "If this version does not match a version understood by the server, the server MUST [send] an
        appropriate HTTP error code (such as 426 Upgrade Required) and a Sec-WebSocket-Version header field".
        """
        is_websocket = "websocket" in request.headers.get("Upgrade", "").lower()
        if is_websocket and request.headers.get("Sec-WebSocket-Version", "").strip() != VERSION:
            raise Refusal("upgrade_required", headers={"Sec-WebSocket-Version": VERSION, "Upgrade": "websocket"})
        if not self._response.can_prepare(request):
            raise Refusal("malformed_request", "This path speaks WebSocket: open it with a WebSocket client.")

    async def open(self, request: web.Request) -> None:
        """Answer the handshake. Raises Refusal where the request is none, ConnectionError where the client has gone."""
        self.check(request)
        await self._response.prepare(request)
        self._transport = request.transport
        if self._transport is None:
            raise ConnectionResetError("the client has gone")
        self._transport.set_write_buffer_limits(high=self._limits.max_backlog)
        for act in self._early:
            act()
        self._early.clear()

    def write(self, data: bytes) -> None:
        """Write a whole frame."""
        transport = self._transport
        if transport is None:
            self._early.append(lambda: self.write(data))
            return
        if self._closing is not None or transport.is_closing():
            return
        if transport.get_write_buffer_size() + len(data) > self._limits.max_backlog:
            if self.on_slow is not None:
                self.on_slow()
            transport.abort()
            return
        transport.write(data)

    def close(self, reason: Reason) -> None:
        """Begin the closing handshake; whoever does not answer it in time is cut off."""
        if self._transport is None:
            self._early.append(lambda: self.close(reason))
        elif self._closing is None:
            self._closing = asyncio.create_task(self._close(reason))

    async def _close(self, reason: Reason) -> None:
        code = CLOSE_CODES.get(reason, WSCloseCode.POLICY_VIOLATION)
        try:
            async with asyncio.timeout(self._limits.close_timeout):
                await self._response.close(code=code, message=reason.value.encode())
        except (TimeoutError, ConnectionError):
            pass
        finally:
            close_transport(self._transport, self._limits.linger)

    async def messages(self) -> AsyncIterator[str | bytes]:
        """What the client sends, until either side closes."""
        async for message in self._response:
            if isinstance(message.data, WebSocketError):
                self.refused_with = message.data.code
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY) or self._closing is not None:
                break
            yield message.data

    async def finished(self) -> web.WebSocketResponse:
        """Wait for the closing handshake, if we began one; gives the answer that aiohttp wants."""
        if self._closing is not None:
            await asyncio.wait({self._closing})
        return self._response


class WebSocketLink:
    """A connection's native WebSocket: one text message an event.

    It is `{"event", "data"}`, or the argument alone where that names its event itself.
    """

    transport = "websocket"

    def __init__(self, pipe: Pipe, *, named_inside: bool = False) -> None:
        self._pipe = pipe
        self._kind, self._frame = ("websocket-bare", _bare) if named_inside else ("websocket", _framed)

    def send(self, emission: Emission) -> None:
        """Send one event."""
        self._pipe.write(emission.framed(self._kind, self._frame))

    @property
    def refused_with(self) -> int | None:
        """The close code of what its client said and may not; None where that did not end it."""
        return self._pipe.refused_with

    def close(self, reason: Reason) -> None:
        """Close behind what was sent."""
        self._pipe.close(reason)


def _framed(emission: Emission) -> bytes:
    return frame(TEXT, b'{"event":%s,"data":%s}' % (orjson.dumps(emission.name), emission.text.encode()))


def _bare(emission: Emission) -> bytes:
    return frame(TEXT, emission.text.encode())
