"""A connection on gevent's hub that is a WebSocket, whatever its messages are: handshake, frames, pings, closing."""

import os
from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

from eventproof.wire import websocket
from eventproof.wire.websocket import Opcode

from .hub_connection import ClosureReason, Home, HubConnection, HubListener

__all__ = ["HubWebSocket"]


class HubWebSocket(HubConnection):
    """One WebSocket; `ask` makes the request for it of its key."""

    __slots__ = ("_ask", "_frames", "_head", "_key")

    def __init__(self, hub: Home, listener: HubListener, ask: Callable[[str], bytes], name: Any, recovery: Any) -> None:
        super().__init__(hub, listener, name, recovery)
        self._ask: Callable[[str], bytes] | None = ask
        self._key = ""
        self._head = b""
        self._frames: websocket.FrameDecoder | None = None

    def close(self) -> None:
        """Say goodbye as far as the socket takes it at once, and close."""
        if self.is_open:
            self._say_goodbye()
            self._write(websocket.encode_close(os.urandom(4)))
        self.drop()

    # What the stream tells.

    def connected(self) -> None:
        """Bytes can be sent: ask for a WebSocket."""
        self._key = websocket.new_key(os.urandom(16))
        if self._ask is not None:
            self._write(self._ask(self._key))
            self._ask = None

    @abstractmethod
    def _is_websocket(self, at: float) -> None:
        """The server accepted the handshake: messages may follow."""

    @abstractmethod
    def _take_message(self, message: str | bytes, at: float) -> None:
        """A whole message came."""

    def _say_goodbye(self) -> None:
        """What is to be said before the frame that closes."""

    def _take_bytes(self, data: bytes, at: float) -> None:
        if self._frames is None:
            data = self._handshake(data, at)
        if data and self._frames is not None:
            self._feed(self._frames, data, at)

    def _handshake(self, data: bytes, at: float) -> bytes:
        """Read the answer to the handshake; give what follows it."""
        self._head += data
        response = websocket.handshake_response(self._head, self._key)
        if response is None:
            return b""
        self._head, self._key = b"", ""
        if response.violation is not None:
            raise response.violation
        if not response.accepted:
            self._end(ClosureReason.REFUSED, f"HTTP {response.status} {response.reason}".rstrip(), at)
            return b""
        self._frames = websocket.FrameDecoder(max_message=self._hub.max_message)
        self._is_websocket(at)
        return response.rest

    def _feed(self, frames: websocket.FrameDecoder, data: bytes, at: float) -> None:
        """Take what is complete, also what came before a violation in the same bytes."""
        broken: websocket.FrameViolation | None = None
        messages: Iterable[websocket.Message]
        try:
            messages = frames.feed(data)
        except websocket.FrameViolation as violation:
            messages, broken = violation.before, violation
        for opcode, payload in messages:
            self._take(opcode, payload, at)
        if broken is not None:
            self._write(websocket.encode_close(os.urandom(4), broken.close_code))
            raise broken

    def _take(self, opcode: Opcode, payload: str | bytes, at: float) -> None:
        if self._gone:
            return
        if opcode is Opcode.TEXT or opcode is Opcode.BINARY:
            self._take_message(payload, at)
        elif opcode is Opcode.PING:
            self._write(websocket.encode(Opcode.PONG, payload, os.urandom(4)))
        elif opcode is Opcode.CLOSE and isinstance(payload, bytes):
            self._write(websocket.encode(Opcode.CLOSE, payload, os.urandom(4)))
            code, text = websocket.close_reason(payload)
            self._end(ClosureReason.CLOSE_FRAME, f"{code} {text}".rstrip(), at)

    def _send_message(self, message: str | bytes) -> None:
        opcode = Opcode.TEXT if isinstance(message, str) else Opcode.BINARY
        self._write(websocket.encode(opcode, message, os.urandom(4)))

    def _let_go(self) -> Any:
        self._frames = None
        return None
