"""A WebSocket over asyncio: our own framing, so that every frame is seen and any frame can be sent."""

import asyncio
import os
import ssl
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Protocol

from eventproof.errors import Inconclusive, ProtocolViolation, TargetUnavailable
from eventproof.wire import websocket
from eventproof.wire.http import Body
from eventproof.wire.websocket import HandshakeResponse, Opcode

from .address import Address, unreachable
from .answer import BODY_SHOWN, HttpAnswer, judge
from .channel import Ending
from .journal import Journal

__all__ = ["FrameListener", "WebSocketStream"]

_REFUSAL_PATIENCE = 0.5
_NEXT_ADDRESS = 0.25
"""Seconds until the next address of a name is tried beside one that does not answer (RFC 8305)."""


class FrameListener(Protocol):
    """Who hears what happens on a stream; called at the moment it happens."""

    def on_open(self) -> None:
        """The handshake is done; messages may follow at once."""

    def on_message(self, message: str | bytes) -> None:
        """A whole message came."""

    def on_ping(self, payload: bytes) -> bool:
        """A PING frame came; whether to answer it."""

    def on_violation(self, violation: ProtocolViolation) -> None:
        """The peer broke the framing; the stream ends after this."""

    def on_end(self, stream: object, ending: Ending, reason: str, code: int | None, said: Any = None) -> None:
        """The stream ended; called once. `said` is what the peer said with it."""


class WebSocketStream(asyncio.Protocol):
    """One connection, from the handshake to its end; what arrives goes to the listener, even before `open` returns.

    `wanted` is what is expected at the target, for the sentence where it is not there.
    """

    def __init__(
        self,
        address: Address,
        target: str,
        *,
        headers: Iterable[tuple[str, str]],
        listener: FrameListener,
        journal: Journal,
        wanted: str,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._address, self._target, self._headers = address, target, tuple(headers)
        self._listener, self._journal, self._wanted, self._ssl = listener, journal, wanted, ssl_context
        self._key = websocket.new_key(os.urandom(16))
        self._subprotocols = websocket.subprotocols_of(self._headers)
        self._decoder = websocket.FrameDecoder()
        self._head = b""
        self._refusal: Body | None = None
        self._refusal_is_read = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._answer: HandshakeResponse | Exception | None = None
        self._answered = asyncio.Event()
        self._gone = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._accepted = False
        self._ended = False
        self._said_close = False
        self._saw_end = False

    async def open(self, timeout: float) -> None:
        """Connect and shake hands, each within the timeout.

        Raises ConnectionRefused, TargetUnavailable or Inconclusive.
        """
        request = websocket.handshake_request(self._address.authority, self._target, self._key, self._headers)
        url = self._address.origin + self._target.partition("?")[0]
        try:
            async with asyncio.timeout(timeout):
                await self._connect()
        except OSError as error:
            raise unreachable(self._address, error) from None
        try:
            async with asyncio.timeout(timeout):
                self.write_raw(request)
                await self._answered.wait()
                await self._check(url)
        except TimeoutError:
            raise Inconclusive(f"{url} did not answer the WebSocket handshake within {timeout:g} s.") from None
        finally:
            if not self._accepted:
                self.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - narrows the type for mypy
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        if not self._accepted:
            rest = self._handshake(data)
            if not rest:
                return
            data = rest
        try:
            for opcode, payload in self._decoder.feed(data):
                self._take(opcode, payload)
        except websocket.FrameViolation as violation:
            for opcode, payload in violation.before:
                self._take(opcode, payload)
            self._listener.on_violation(violation)
            self._finish(Ending.VIOLATION, str(violation), violation.close_code)
            self.say_close(violation.close_code)
            self._shut()

    def eof_received(self) -> bool:
        """Part of asyncio.Protocol."""
        self._saw_end = True
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self._gone.set()
        self._refusal_is_read.set()
        self._writable.set()
        self._settle(exc or ConnectionResetError("the connection was closed without an answer"))
        if exc is None and self._saw_end:
            self._finish(Ending.STREAM_END, "the server closed TCP without a CLOSE frame", None)
        else:
            self._finish(Ending.RESET, "the TCP connection was reset", None)

    def pause_writing(self) -> None:
        """Part of asyncio.Protocol."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Part of asyncio.Protocol."""
        self._writable.set()

    def write(self, messages: Iterable[str | bytes]) -> None:
        """Send each as a message of its own."""
        for message in messages:
            self._journal.frame_out(message)
            opcode = Opcode.TEXT if isinstance(message, str) else Opcode.BINARY
            self.write_raw(websocket.encode(opcode, message, os.urandom(4)))

    def write_raw(self, data: bytes) -> None:
        """Send bytes as they are, valid frames or not."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    async def drain(self, timeout: float) -> None:
        """Wait until what was written has left, or nearly. Raises Inconclusive."""
        try:
            await asyncio.wait_for(self._writable.wait(), timeout)
        except TimeoutError:
            raise Inconclusive(f"The peer did not read what was sent within {timeout:g} s.") from None

    def say_close(self, code: int | None = websocket.CloseCode.NORMAL) -> None:
        """Send a CLOSE frame, once."""
        if not self._said_close:
            self._said_close = True
            self._journal.frame_out(f"[CLOSE {code or ''}]")
            self.write_raw(websocket.encode_close(os.urandom(4), code))

    def abort(self) -> None:
        """Cut TCP now."""
        self._finish(Ending.LOCAL, "we cut the connection", None)
        if self._transport is not None:
            self._transport.abort()

    async def close(self, timeout: float) -> None:
        """The closing handshake, and TCP cut where the peer does not finish it in time."""
        if self._transport is None:
            return
        self.say_close()
        try:
            await asyncio.wait_for(self._gone.wait(), timeout)
        except TimeoutError:
            self.abort()
        await self._gone.wait()

    async def _connect(self) -> None:
        context = (self._ssl or ssl.create_default_context()) if self._address.tls else None
        loop = asyncio.get_running_loop()
        await loop.create_connection(
            lambda: self, self._address.host, self._address.port, ssl=context, happy_eyeballs_delay=_NEXT_ADDRESS
        )

    async def _check(self, url: str) -> None:
        """Raise what the answer stands for, where it is not a WebSocket."""
        match self._answer:
            case ProtocolViolation() as violation:
                raise TargetUnavailable(
                    f"{url} is no {self._wanted}: {violation} Expected {violation.expected}, got {violation.observed}."
                )
            case Exception() as error:
                raise unreachable(self._address, error)
            case HandshakeResponse(violation=websocket.UnaskedFor() as violation):
                raise violation
            case HandshakeResponse() as response if not response.accepted:
                raise judge(await self._refused(url, response), self._wanted)

    async def _refused(self, url: str, response: HandshakeResponse) -> HttpAnswer:
        """An answer that is not 101, with the beginning of its body, which is waited for only a moment."""
        with suppress(TimeoutError):  # what came is shown; that it is incomplete does not matter
            await asyncio.wait_for(self._refusal_is_read.wait(), _REFUSAL_PATIENCE)
        content, coding = (b"", "") if self._refusal is None else (self._refusal.content, self._refusal.unknown_coding)
        return HttpAnswer(
            url,
            response.status,
            response.header("Content-Type"),
            content.decode(errors="replace"),
            response.header("Location"),
            coding,
        )

    def _handshake(self, data: bytes) -> bytes:
        """Take bytes of the HTTP answer; give those that are frames already."""
        if self._answer is not None:
            self._read_refusal(data)
            return b""
        self._head += data
        try:
            response = websocket.handshake_response(self._head, self._key, self._subprotocols)
        except ProtocolViolation as violation:
            self._settle(violation)
            return b""
        if response is None:
            return b""
        self._accepted = response.accepted
        self._settle(response)
        if not response.accepted:
            self._read_refusal(response.rest, response)
            return b""
        self._listener.on_open()
        return response.rest

    def _read_refusal(self, data: bytes, response: HandshakeResponse | None = None) -> None:
        """Read the body of a refusal as far as it is shown; whether it is a good one does not matter."""
        try:
            if response is not None:
                self._refusal = Body(response, most=BODY_SHOWN)
            if self._refusal is not None and not self._refusal_is_read.is_set():
                self._refusal.feed(data)
        except ProtocolViolation:
            self._refusal_is_read.set()
        if self._refusal is None or self._refusal.is_complete:
            self._refusal_is_read.set()

    def _settle(self, answer: HandshakeResponse | Exception) -> None:
        if self._answer is None:
            self._answer = answer
            self._answered.set()

    def _take(self, opcode: Opcode, payload: str | bytes) -> None:
        match opcode, payload:
            case Opcode.TEXT | Opcode.BINARY, _:
                self._journal.frame_in(payload)
                if not self._ended:
                    self._listener.on_message(payload)
            case Opcode.PING, bytes():
                self._journal.frame_in("[PING]")
                if self._listener.on_ping(payload):
                    self._journal.frame_out("[PONG]")
                    self.write_raw(websocket.encode(Opcode.PONG, payload, os.urandom(4)))
            case Opcode.PONG, bytes():
                shown = payload.decode("ascii", errors="backslashreplace")
                self._journal.frame_in(f"[PONG {shown}]" if shown else "[PONG]")
            case Opcode.CLOSE, bytes():
                code, text = websocket.close_reason(payload)
                shown = f"{code} {text}".strip()
                self._journal.frame_in(f"[CLOSE {shown}]")
                self._finish(Ending.WEBSOCKET_CLOSE, f"the server sent a CLOSE frame ({shown})", code)
                self.say_close(None if code == websocket.CloseCode.NO_STATUS else code)
                self._shut()

    def _shut(self) -> None:
        """Close TCP once what was written has left."""
        if self._transport is not None:
            self._transport.close()

    def _finish(self, ending: Ending, reason: str, code: int | None) -> None:
        if not self._ended:
            self._ended = True
            if self._accepted:
                self._listener.on_end(self, ending, reason, code)
