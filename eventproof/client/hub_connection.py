"""One Socket.IO connection on gevent's hub: what its stream brings goes through the protocol to its listener.

The listener's methods run in gevent's hub and must not block. Nothing reconnects by itself: what a server ends stays
ended, and the listener hears why.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from time import monotonic
from typing import Any, Protocol

import orjson

from eventproof.errors import ProtocolViolation
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
from eventproof.wire.websocket import CloseCode, Opcode

from .stream import Dial, End, Stream

__all__ = ["CloseReason", "Closed", "Home", "HubSocketIO", "Listener"]

_DETAIL = 200
"""How many characters of a refusal are kept."""


class CloseReason(Enum):
    """Why a connection ended."""

    OURS = "closed by us"
    REFUSED = "refused"
    UNREACHABLE = "not reachable"
    CLOSE_FRAME = "close frame"
    ENGINE_CLOSE = "Engine.IO CLOSE"
    DISCONNECT = "DISCONNECT"
    END = "end of stream"
    RESET = "connection reset"
    SILENT = "no heartbeat"
    NOT_OPENED = "not opened in time"
    CONGESTED = "the peer reads nothing"
    VIOLATION = "protocol violation"
    OVERSIZED = "a larger message than we take"


_ENDS = {
    End.UNREACHABLE: CloseReason.UNREACHABLE,
    End.CLOSED: CloseReason.END,
    End.RESET: CloseReason.RESET,
    End.CONGESTED: CloseReason.CONGESTED,
}


@dataclass(frozen=True, slots=True)
class Closed:
    """How a connection ended, with what the peer said about it."""

    reason: CloseReason
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason.value}: {self.detail}" if self.detail else self.reason.value


class Listener(Protocol):
    """Who hears of connections; `at` is seconds on the monotonic clock, taken when the bytes were read."""

    def opened(self, connection: "HubSocketIO", at: float) -> None:
        """The namespace accepted us."""

    def received(self, connection: "HubSocketIO", event: EventReceived, at: float) -> None:
        """An event arrived."""

    def acknowledged(self, connection: "HubSocketIO", ack: AckReceived, at: float) -> None:
        """An event of ours was acknowledged."""

    def disconnected(self, connection: "HubSocketIO", at: float) -> None:
        """The server sent DISCONNECT; the end follows: no other namespace keeps the transport, so we close it."""

    def closed(self, connection: "HubSocketIO", how: Closed, at: float) -> None:
        """The transport is gone; nothing follows."""


class Home(Protocol):
    """What a connection belongs to: the `Hub`."""

    patience: float
    """Seconds in which a connection must be open."""
    max_message: int
    """How many bytes a message may have."""
    on_fault: Callable[[Exception], None] | None
    """Told of what a listener raises; gevent is where this is None."""
    dial: Dial

    def has_opened(self, connection: "HubSocketIO") -> None:
        """A connection is open."""

    def has_ended(self, connection: "HubSocketIO") -> None:
        """A connection is gone."""


class HubSocketIO:
    """One connection. `name` is the caller's to use; `due` is when silence becomes its end.

    `recovery` is set at the end, where the server offers that another connection goes on from there.
    """

    __slots__ = (
        "_ask",
        "_auth",
        "_frames",
        "_gone",
        "_head",
        "_hub",
        "_key",
        "_listener",
        "_namespace",
        "_patience",
        "_session",
        "_stream",
        "due",
        "is_open",
        "name",
        "recovery",
    )

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
        self.name = name
        self.due = float("inf")
        self.recovery = recover
        self.is_open = self._gone = False
        self._hub = hub
        self._listener = listener
        self._auth = auth
        self._ask: Callable[[str], bytes] | None = ask
        self._namespace = namespace
        self._patience = hub.patience
        self._stream: Stream | None = None
        self._key = ""
        self._head = b""
        self._frames: websocket.FrameDecoder | None = None
        self._session: Connection | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the server has opened an Engine.IO session, and has not ended it."""
        return self._session is not None and self._session.state is not SessionState.OPENING

    @property
    def unsent(self) -> int:
        """How many bytes wait until the peer reads."""
        return 0 if self._stream is None else self._stream.unsent

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

    def drop(self) -> None:
        """Close without a word."""
        self._end(CloseReason.OURS, "", monotonic())

    # What the stream tells.

    def connected(self) -> None:
        """Bytes can be sent: ask for a WebSocket."""
        self._key = websocket.new_key(os.urandom(16))
        if self._ask is not None:
            self._write(self._ask(self._key))
            self._ask = None

    def arrived(self, data: bytes, at: float) -> None:
        """Bytes were read."""
        if self._gone:
            return
        if self.is_open:
            self.due = at + self._patience
        try:
            if self._frames is None:
                data = self._handshake(data, at)
            if data and self._frames is not None:
                self._feed(self._frames, data, at)
        except ProtocolViolation as violation:
            detail = f"{violation} Expected {violation.expected}, got {violation.observed}"
            is_large = isinstance(violation, websocket.FrameViolation) and violation.close_code is CloseCode.TOO_BIG
            self._end(CloseReason.OVERSIZED if is_large else CloseReason.VIOLATION, detail, at)
        except Exception as error:
            if self._hub.on_fault is None:
                raise
            self._hub.on_fault(error)

    def ended(self, end: End, detail: str, at: float) -> None:
        """The stream is gone."""
        self._end(_ENDS[end], detail, at)

    # What the hub tells.

    def start(self) -> None:
        """Begin to connect."""
        self.due = monotonic() + self._patience
        try:
            self._stream = Stream(self._hub.dial, self)
        except OSError as failure:
            self._end(CloseReason.UNREACHABLE, failure.strerror or "", monotonic())

    def expire(self) -> None:
        """The next sign of life is overdue."""
        self._end(CloseReason.SILENT if self.is_open else CloseReason.NOT_OPENED, "", monotonic())

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
        self.is_open = True
        self.due = at + self._patience
        self._hub.has_opened(self)
        self._listener.opened(self, at)

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

    def _write(self, data: bytes) -> None:
        if self._stream is not None:
            self._stream.send(data)

    def _end(self, reason: CloseReason, detail: str, at: float) -> None:
        if self._gone:
            return
        self._gone, self.is_open = True, False
        if self._session is not None:
            self.recovery = self._session.recovery(self._namespace) or self.recovery
        if self._stream is not None:
            self._stream.close()
        self._stream = self._session = self._frames = None
        self._hub.has_ended(self)
        try:
            self._listener.closed(self, Closed(reason, detail), at)
        except Exception as error:
            if self._hub.on_fault is None:
                raise
            self._hub.on_fault(error)


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
