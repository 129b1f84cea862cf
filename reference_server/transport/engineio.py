"""One Engine.IO session: long-polling, WebSocket, or on its way from the first to the second.

python-engineio's session has a queue without a bound, a task for every heartbeat, and leaves the TCP connection open
for up to a heartbeat after it was closed. This one writes at once, keeps one timer, and closes.
Quotations are from the Engine.IO protocol, version 4.
"""

import asyncio
import base64
import binascii
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import Enum, auto
from typing import Any, Final, Protocol

import structlog

from ..limits import Limits
from ..reasons import Reason
from .websocket import BINARY, TEXT, Pipe, frame

_log = structlog.get_logger("engine.io")

OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP = "0123456"
SEPARATOR: Final = "\x1e"
Message = str | bytes


class ProtocolError(Exception):
    """The client sent what the protocol forbids; the session ends."""


class SessionState(Enum):
    """Where a session is."""

    POLLING = auto()
    PROBING = auto()
    """A WebSocket has been probed; messages still go by polling."""
    WEBSOCKET = auto()
    CLOSING = auto()
    """Closed by us; what was sent before is still being fetched or flushed."""
    CLOSED = auto()


MOVES: Final[dict[SessionState, frozenset[SessionState]]] = {
    SessionState.POLLING: frozenset({SessionState.PROBING, SessionState.CLOSING, SessionState.CLOSED}),
    SessionState.PROBING: frozenset(
        {SessionState.POLLING, SessionState.WEBSOCKET, SessionState.CLOSING, SessionState.CLOSED}
    ),
    SessionState.WEBSOCKET: frozenset({SessionState.CLOSING, SessionState.CLOSED}),
    SessionState.CLOSING: frozenset({SessionState.CLOSED}),
    SessionState.CLOSED: frozenset(),
}


class Host(Protocol):
    """What stands on sessions: Socket.IO."""

    limits: Limits

    def opened(self, session: "EngineSession", handshake: Mapping[str, Any]) -> None:
        """A session was opened, whose client said this on the way: its `query`, and its own `headers`."""

    async def received(self, session: "EngineSession", message: Message) -> None:
        """A message came. Raises ProtocolError."""

    def pinged(self, session: "EngineSession") -> None:
        """A ping goes out."""

    def ponged(self, session: "EngineSession") -> None:
        """A pong came."""

    def cut(self, session: "EngineSession") -> None:
        """Its client does not read what is sent, and is cut off."""

    def ended(self, session: "EngineSession") -> None:
        """Nothing more is taken from the client; called once."""

    def gone(self, session: "EngineSession") -> None:
        """Nothing more is sent either; called once."""


class EngineSession:
    """One session. Outgoing messages are encoded packets; `send` never waits."""

    __slots__ = (
        "_asked",
        "_backlog",
        "_backlog_size",
        "_fetch",
        "_host",
        "_pipe",
        "_posting",
        "_probe",
        "_timer",
        "sid",
        "state",
    )

    def __init__(self, sid: str, host: Host, pipe: Pipe | None = None) -> None:
        self.sid = sid
        self.state = SessionState.POLLING if pipe is None else SessionState.WEBSOCKET
        self._host = host
        self._pipe: Pipe | None = None
        if pipe is not None:
            self._take(pipe)
        self._probe: Pipe | None = None
        self._posting = False
        self._asked = False
        self._backlog: list[Message] = []
        self._backlog_size = 0
        self._fetch: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def transport(self) -> str:
        """`websocket` or `polling`."""
        return "polling" if self._pipe is None else "websocket"

    def _go(self, state: SessionState) -> None:
        if state not in MOVES[self.state]:
            raise RuntimeError(f"a session cannot go from {self.state.name} to {state.name}")
        self.state = state

    # Sending.

    def send(self, packet: Message) -> None:
        """Send one encoded packet."""
        if self.state is SessionState.WEBSOCKET:
            self._write(packet)
        elif self.state in (SessionState.POLLING, SessionState.PROBING):
            self._keep(packet)

    def send_framed(self, framed: bytes) -> None:
        """Send one packet that is a whole frame already; for a session in the state WEBSOCKET alone."""
        if self.state is SessionState.WEBSOCKET and self._pipe is not None:
            self._pipe.write(framed)

    def _write(self, packet: Message) -> None:
        assert self._pipe is not None  # noqa: S101 - WEBSOCKET has one
        self._pipe.write(frame(TEXT, packet.encode()) if isinstance(packet, str) else frame(BINARY, packet))

    def _keep(self, packet: Message) -> None:
        self._backlog.append(packet)
        self._backlog_size += len(packet)
        if self._backlog_size > self._host.limits.max_backlog:
            self._host.cut(self)
            self.abort(Reason.SLOW_READER)
        else:
            self._wake()

    def _wake(self) -> None:
        if self._fetch is not None and not self._fetch.done():
            self._fetch.set_result(None)

    # Heartbeats: "At a given interval (the `pingInterval` value sent in the handshake) the server sends a `ping` packet
    # and the client has a few seconds (the `pingTimeout` value) to send a `pong` packet back." Anything else that it
    # sends then is as good a sign of life.

    def begin_interval(self) -> None:
        """Begin the next interval."""
        self._asked = False
        self._after(self._host.limits.ping_interval, self._ping)

    def _ping(self) -> None:
        self._asked = True
        self._host.pinged(self)
        self.send(PING)
        if self.state not in (SessionState.CLOSING, SessionState.CLOSED):
            self._after(self._host.limits.ping_timeout, lambda: self.abort(Reason.PING_TIMEOUT))

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, act)

    # Receiving.

    async def receive(self, packet: Message) -> None:
        """Take one packet. Raises ProtocolError."""
        if self.state in (SessionState.CLOSING, SessionState.CLOSED):
            if packet == CLOSE and self.state is SessionState.CLOSING:
                self._finish()
            return
        if self._asked:
            self.begin_interval()
        if isinstance(packet, bytes):
            await self._host.received(self, packet)
        elif packet[:1] == MESSAGE:
            await self._host.received(self, packet[1:])
        elif packet[:1] == PONG:
            self._host.ponged(self)
        elif packet == CLOSE:
            self.abort(Reason.CLIENT_DISCONNECT)
        elif packet != NOOP:
            raise ProtocolError(packet[:20])

    # Polling.

    async def fetch(self) -> str | None:
        """The payload that answers a GET, or None where the session is gone.

        "A client MUST NOT have more than one active GET request. Should it happen, the server MUST return an HTTP 400
        error status and close the session."
        """
        if self._fetch is not None:
            self.close(Reason.TRANSPORT_ERROR)
            return None
        if not self._backlog and self.state is SessionState.POLLING:
            self._fetch = asyncio.get_running_loop().create_future()
            try:
                await self._fetch
            finally:
                self._fetch = None
        packets = self._taken()
        if not packets and self.state is SessionState.CLOSING:
            self._finish()
            return CLOSE
        return SEPARATOR.join(map(_textual, packets)) or NOOP

    def _taken(self) -> list[Message]:
        packets, self._backlog, self._backlog_size = self._backlog, [], 0
        return packets

    async def post(self, payload: str) -> None:
        """Take the body of a POST. Raises ProtocolError; also for a second POST at a time, as for a second GET."""
        if self._posting:
            raise ProtocolError("more than one active POST request")
        self._posting = True
        try:
            for packet in payload.split(SEPARATOR):
                await self.receive(_decoded(packet))
        finally:
            self._posting = False

    # WebSocket.

    async def serve(self, pipe: Pipe) -> None:
        """Read a WebSocket until it ends: the session's own, or one that it moves to."""
        try:
            if pipe is not self._pipe and not await self._upgrade(pipe):
                return
            async for packet in pipe.messages():
                await self.receive(packet)
        except ProtocolError:
            self.close(Reason.TRANSPORT_ERROR)
        except ConnectionError:
            raise
        except Exception:
            _log.exception("session-failed", sid=self.sid)
            self.close(Reason.INTERNAL_ERROR)
        finally:
            if pipe is self._pipe:
                self.abort(Reason.TRANSPORT_CLOSE)

    async def _upgrade(self, pipe: Pipe) -> bool:
        """Move to a WebSocket: probe, answer, and, once the client asks for it, send there what waits."""
        if self.state is SessionState.POLLING and self._probe is None:
            self._probe = pipe
            with suppress(TimeoutError):
                async with asyncio.timeout(self._host.limits.connect_timeout):
                    await self._be_probed(pipe)
            self._probe = None
        if self._pipe is pipe:
            return self.state is SessionState.WEBSOCKET
        pipe.close(Reason.TRANSPORT_ERROR)
        return False

    async def _be_probed(self, pipe: Pipe) -> None:
        try:
            async for packet in pipe.messages():
                if packet == PING + "probe" and self.state is SessionState.POLLING:
                    self._go(SessionState.PROBING)
                    pipe.write(frame(TEXT, (PONG + "probe").encode()))
                    # A pending GET is answered, with a noop packet if need be, so that the client can go on.
                    self._wake()
                    continue
                if packet == UPGRADE and self.state in (SessionState.PROBING, SessionState.CLOSING):
                    self._move(pipe)
                break
        finally:
            if self.state is SessionState.PROBING:
                self._go(SessionState.POLLING)

    def _take(self, pipe: Pipe) -> None:
        self._pipe = pipe
        pipe.on_slow = lambda: self._host.cut(self)

    def _move(self, pipe: Pipe) -> None:
        self._take(pipe)
        self._probe = None
        for packet in self._taken():
            self._write(packet)
        if self.state is SessionState.CLOSING:
            pipe.close(Reason.SERVER_DISCONNECT)
            self._finish()
        else:
            self._go(SessionState.WEBSOCKET)

    # The end.

    def close(self, reason: Reason) -> None:
        """Close from our side, behind what was sent.

        By polling, CLOSE comes alone, after the last messages were fetched: clients take it as the end of the transport
        before they have handled messages of the same payload, and a user would not see why they were logged out.
        """
        if self.state in (SessionState.CLOSING, SessionState.CLOSED):
            return
        self._go(SessionState.CLOSING)
        self._host.ended(self)
        if self._pipe is not None:
            self._pipe.close(reason)
            self._finish()
        else:
            self._wake()
            self._after(self._host.limits.linger, self._finish)

    def abort(self, reason: Reason) -> None:
        """The client has left, or is thrown out: nothing more is sent."""
        if self.state in (SessionState.CLOSING, SessionState.CLOSED):
            return
        if self._pipe is not None:
            self._pipe.close(reason)
        self._go(SessionState.CLOSING)
        self._backlog = [NOOP]
        self._host.ended(self)
        self._wake()
        self._finish()

    def _finish(self) -> None:
        self._go(SessionState.CLOSED)
        if self._timer is not None:
            self._timer.cancel()
        if self._probe is not None:
            self._probe.close(Reason.SERVER_DISCONNECT)
        self._host.gone(self)


def _textual(packet: Message) -> str:
    """A packet in a payload: "Binary payloads MUST be base64-encoded and prefixed with a `b` character"."""
    return packet if isinstance(packet, str) else "b" + base64.b64encode(packet).decode()


def _decoded(packet: str) -> Message:
    if not packet.startswith("b"):
        return packet
    try:
        return base64.b64decode(packet[1:], validate=True)
    except (binascii.Error, ValueError):
        raise ProtocolError("base64") from None
