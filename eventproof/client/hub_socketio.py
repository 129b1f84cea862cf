"""One Socket.IO connection on gevent's hub, over a WebSocket."""

import os
from collections.abc import Callable, Iterable
from typing import Any

import orjson

from eventproof.redaction import cut
from eventproof.wire import websocket
from eventproof.wire.connection import (
    AckReceived,
    Connected,
    Connection,
    ConnectRefused,
    Disconnected,
    EventReceived,
    Noop,
    Opened,
    PingReceived,
    PongReceived,
    Recovery,
    TransportClosed,
)
from eventproof.wire.engineio import Message
from eventproof.wire.states import SessionState
from eventproof.wire.websocket import Opcode

from .hub_connection import CloseReason, Home, HubConnection, Listener

__all__ = ["HubSocketIO"]

_DETAIL = 200
"""How many characters of a refusal are kept."""


class HubSocketIO(HubConnection):
    """One connection to one namespace. Its `recovery` is there where the server offers one."""

    __slots__ = ("_ask", "_auth", "_frames", "_head", "_key", "_namespace", "_session")

    def __init__(
        self,
        hub: Home,
        listener: Listener,
        auth: Any,
        namespace: str,
        name: Any,
        recover: Recovery | None,
        ask: Callable[[str], bytes],
    ) -> None:
        super().__init__(hub, listener, name, recover)
        self._auth = auth
        self._ask: Callable[[str], bytes] | None = ask
        self._namespace = namespace
        self._key = ""
        self._head = b""
        self._frames: websocket.FrameDecoder | None = None
        self._session: Connection | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the server has opened an Engine.IO session, and has not ended it."""
        return self._session is not None and self._session.state is not SessionState.OPENING

    def emit(self, name: str, *args: Any, ack_id: int | None = None) -> None:
        """Send an event; nothing happens where the connection is not open."""
        if self.is_open and self._session is not None:
            self._send(self._session.emit(self._namespace, name, *args, ack_id=ack_id))

    def ack(self, ack_id: int, *args: Any) -> None:
        """Acknowledge an event; nothing happens where the connection is not open."""
        if self.is_open and self._session is not None:
            self._send(self._session.ack(self._namespace, ack_id, *args))

    def close(self) -> None:
        """Say goodbye as far as the socket takes it at once, and close."""
        if self.is_open and self._session is not None:
            self._send(self._session.disconnect(self._namespace))
            self._write(websocket.encode_close(os.urandom(4)))
        self.drop()

    # What the stream tells.

    def connected(self) -> None:
        """Bytes can be sent: ask for a WebSocket."""
        self._key = websocket.new_key(os.urandom(16))
        if self._ask is not None:
            self._write(self._ask(self._key))
            self._ask = None

    def _take_bytes(self, data: bytes, at: float) -> None:
        if self._frames is None:
            data = self._handshake(data, at)
        if data and self._frames is not None:
            self._feed(self._frames, data, at)

    def _handshake(self, data: bytes, at: float) -> bytes:
        """Read the answer to the WebSocket handshake; give what follows it."""
        self._head += data
        response = websocket.handshake_response(self._head, self._key)
        if response is None:
            return b""
        self._head, self._key = b"", ""
        if response.violation is not None:
            raise response.violation
        if not response.accepted:
            self._end(CloseReason.REFUSED, f"HTTP {response.status} {response.reason}".rstrip(), at)
            return b""
        self._frames = websocket.FrameDecoder(max_message=self._hub.max_message)
        self._session = Connection(loads=orjson.loads)
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
            raise broken

    def _take(self, opcode: Opcode, payload: str | bytes, at: float) -> None:
        if self._gone or self._session is None:
            return
        if opcode is Opcode.TEXT or opcode is Opcode.BINARY:
            for event in self._session.receive(payload):
                _HANDLERS[type(event)](self, event, at)
        elif opcode is Opcode.PING:
            self._write(websocket.encode(Opcode.PONG, payload, os.urandom(4)))
        elif opcode is Opcode.CLOSE and isinstance(payload, bytes):
            self._write(websocket.encode(Opcode.CLOSE, payload, os.urandom(4)))
            code, text = websocket.close_reason(payload)
            self._end(CloseReason.CLOSE_FRAME, f"{code} {text}".rstrip(), at)

    def _on_opened(self, event: Opened, _at: float) -> None:
        self._patience = event.ping_interval + event.ping_timeout
        if self._session is not None:
            self._send(self._session.connect(self._namespace, self._auth, self.recovery))
        self._auth = None

    def _on_accepted(self, _event: Connected, at: float) -> None:
        self._has_opened(at)

    def _on_refused(self, event: ConnectRefused, at: float) -> None:
        said = event.data.get("message", event.data) if isinstance(event.data, dict) else event.data
        self._end(CloseReason.REFUSED, cut(str(said), _DETAIL), at)

    def _on_event(self, event: EventReceived, at: float) -> None:
        self._listener.received(self, event, at)

    def _on_ack(self, event: AckReceived, at: float) -> None:
        self._listener.acknowledged(self, event, at)

    def _on_disconnect(self, _event: Disconnected, at: float) -> None:
        self._listener.disconnected(self, at)
        self._end(CloseReason.DISCONNECT, "", at)

    def _on_ping(self, event: PingReceived, _at: float) -> None:
        if self._session is not None:
            self._send(self._session.pong(event.data))

    def _on_engine_close(self, _event: TransportClosed, at: float) -> None:
        self._end(CloseReason.ENGINE_CLOSE, "", at)

    def _on_nothing(self, _event: object, _at: float) -> None:
        """A packet that asks for nothing."""

    def _send(self, messages: Iterable[Message]) -> None:
        for message in messages:
            opcode = Opcode.TEXT if isinstance(message, str) else Opcode.BINARY
            self._write(websocket.encode(opcode, message, os.urandom(4)))

    def _let_go(self) -> Any:
        recovery = self._session.recovery(self._namespace) if self._session is not None else None
        self._session = self._frames = None
        return recovery


_HANDLERS: dict[type, Callable[[HubSocketIO, Any, float], None]] = {
    Opened: HubSocketIO._on_opened,
    Connected: HubSocketIO._on_accepted,
    ConnectRefused: HubSocketIO._on_refused,
    EventReceived: HubSocketIO._on_event,
    AckReceived: HubSocketIO._on_ack,
    Disconnected: HubSocketIO._on_disconnect,
    PingReceived: HubSocketIO._on_ping,
    TransportClosed: HubSocketIO._on_engine_close,
    PongReceived: HubSocketIO._on_nothing,
    Noop: HubSocketIO._on_nothing,
}
