"""A connection on gevent's hub, whatever its protocol: what its stream brings goes through that to its listener.

The listener's methods run in gevent's hub and must not block. Nothing reconnects by itself: what a server ends stays
ended, and the listener hears why.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from time import monotonic
from typing import Any, Protocol

from eventproof.errors import ProtocolViolation
from eventproof.wire.connection import AckReceived, EventReceived
from eventproof.wire.websocket import CloseCode, FrameViolation

from .stream import Dial, End, Stream

__all__ = ["Closure", "ClosureReason", "Home", "HubConnection", "HubListener"]


class ClosureReason(Enum):
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
    End.UNREACHABLE: ClosureReason.UNREACHABLE,
    End.CLOSED: ClosureReason.END,
    End.RESET: ClosureReason.RESET,
    End.CONGESTED: ClosureReason.CONGESTED,
}


@dataclass(frozen=True, slots=True)
class Closure:
    """How a connection ended, with what the peer said about it."""

    reason: ClosureReason
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason.value}: {self.detail}" if self.detail else self.reason.value


class HubListener(Protocol):
    """Who hears of connections; `at` is seconds on the monotonic clock, taken when the bytes were read."""

    def opened(self, connection: "HubConnection", at: float) -> None:
        """The namespace accepted us."""

    def received(self, connection: "HubConnection", event: EventReceived, at: float) -> None:
        """An event arrived."""

    def acknowledged(self, connection: "HubConnection", ack: AckReceived, at: float) -> None:
        """An event of ours was acknowledged."""

    def disconnected(self, connection: "HubConnection", at: float) -> None:
        """The server sent DISCONNECT; the end follows: no other namespace keeps the transport, so we close it."""

    def closed(self, connection: "HubConnection", how: Closure, at: float) -> None:
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
    narrow: Dial
    """How those are reached who will read nothing."""

    def has_opened(self, connection: "HubConnection") -> None:
        """A connection is open."""

    def has_ended(self, connection: "HubConnection") -> None:
        """A connection is gone."""


class HubConnection(ABC):
    """One connection. `name` is the caller's to use; `due` is when silence becomes its end.

    `recovery` is set at the end, where another connection can go on from there: what it is, its protocol says.
    """

    __slots__ = (
        "_gone",
        "_hub",
        "_is_narrow",
        "_listener",
        "_patience",
        "_stream",
        "due",
        "is_open",
        "name",
        "recovery",
    )

    def __init__(self, hub: Home, listener: HubListener, name: Any, recovery: Any) -> None:
        self.name = name
        self.due = float("inf")
        self.recovery: Any = recovery
        self.is_open = self._gone = self._is_narrow = False
        self._hub = hub
        self._listener = listener
        self._patience = hub.patience
        self._stream: Stream | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the server has answered as one of this protocol does."""
        return self.is_open

    @property
    def unsent(self) -> int:
        """How many bytes wait until the peer reads."""
        return 0 if self._stream is None else self._stream.unsent

    @abstractmethod
    def emit(self, name: str, *args: Any, ack_id: int | None = None) -> None:
        """Send an event; nothing happens where the connection is not open, or its protocol has no such thing."""

    def ack(self, ack_id: int, *args: Any) -> None:  # noqa: B027 - most protocols have none
        """Acknowledge an event by the wire; nothing happens where its protocol has no such thing."""

    def close(self) -> None:
        """Say goodbye as far as the socket takes it at once, and close."""
        self.drop()

    def drop(self) -> None:
        """Close without a word."""
        self._end(ClosureReason.OURS, "", monotonic())

    def narrow(self) -> None:
        """Have the way hold little of what nobody reads: for one who is to stall, before it begins."""
        self._is_narrow = True

    def stall(self) -> None:
        """Read nothing more, as one whose machine sleeps; the connection stays."""
        self.due = float("inf")
        if self._stream is not None:
            self._stream.pause()

    # What the stream tells.

    @abstractmethod
    def connected(self) -> None:
        """Bytes can be sent."""

    def arrived(self, data: bytes, at: float) -> None:
        """Bytes were read."""
        if self._gone:
            return
        if self.is_open:
            self.due = at + self._patience
        try:
            self._take_bytes(data, at)
        except ProtocolViolation as violation:
            detail = f"{violation} Expected {violation.expected}, got {violation.observed}"
            is_large = isinstance(violation, FrameViolation) and violation.close_code is CloseCode.TOO_BIG
            self._end(ClosureReason.OVERSIZED if is_large else ClosureReason.VIOLATION, detail, at)
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
            self._stream = Stream(self._hub.narrow if self._is_narrow else self._hub.dial, self)
        except OSError as failure:
            self._end(ClosureReason.UNREACHABLE, failure.strerror or "", monotonic())

    def expire(self) -> None:
        """The next sign of life is overdue."""
        self._end(ClosureReason.SILENT if self.is_open else ClosureReason.NOT_OPENED, "", monotonic())

    @abstractmethod
    def _take_bytes(self, data: bytes, at: float) -> None:
        """What they say. Raises ProtocolViolation."""

    @abstractmethod
    def _let_go(self) -> Any:
        """Forget what only a connection needs; what another one can go on from."""

    def _has_opened(self, at: float) -> None:
        self.is_open = True
        self.due = at + self._patience
        self._hub.has_opened(self)
        self._listener.opened(self, at)

    def _write(self, data: bytes) -> None:
        if self._stream is not None:
            self._stream.send(data)

    def _end(self, reason: ClosureReason, detail: str, at: float) -> None:
        if self._gone:
            return
        self._gone, self.is_open = True, False
        self.recovery = self._let_go() or self.recovery
        if self._stream is not None:
            self._stream.close()
        self._stream = None
        self._hub.has_ended(self)
        try:
            self._listener.closed(self, Closure(reason, detail), at)
        except Exception as error:
            if self._hub.on_fault is None:
                raise
            self._hub.on_fault(error)
