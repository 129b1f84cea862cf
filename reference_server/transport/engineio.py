"""One Engine.IO session: long-polling, WebSocket, or on its way from the first to the second.

python-engineio's session has a queue without a bound, a task for every heartbeat, and leaves the TCP connection open
for up to a heartbeat after it was closed. This one writes at once, keeps one timer, and closes.
Quotations are from the Engine.IO protocol, version 4.
"""

import asyncio
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any, Final, Protocol

import structlog

from ..alarms import Alarm, Alarms
from ..limits import Limits
from ..reasons import Reason
from . import payloads
from .allowance import Allowance, TooMuch
from .frames import BINARY, TEXT, Message, frame
from .payloads import CLOSE, MESSAGE, NOOP, PING, PONG, SEPARATOR, ProtocolError
from .probe import Probe
from .websocket import Pipe

_log = structlog.get_logger("engine.io")


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
    alarms: Alarms
    passes_reserved_bits: bool

    def opened(self, session: "EngineSession", handshake: Mapping[str, Any]) -> None:
        """A session was opened, whose client said this on the way: its `query`, and its own `headers`."""

    def received(self, session: "EngineSession", message: Message) -> asyncio.Task[None] | None:
        """A message came. Gives what has to be waited for before the next one, if anything. Raises ProtocolError."""

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
        "allowance",
        "sid",
        "state",
    )

    def __init__(self, sid: str, host: Host, allowance: Allowance, pipe: Pipe | None = None) -> None:
        self.sid = sid
        self.allowance = allowance
        self.state = SessionState.POLLING if pipe is None else SessionState.WEBSOCKET
        self._host = host
        self._pipe: Pipe | None = None
        if pipe is not None:
            self._take(pipe)
        self._probe: Probe | None = None
        self._posting = False
        self._asked = False
        self._backlog: list[Message] = []
        self._backlog_size = 0
        self._fetch: asyncio.Future[None] | None = None
        self._timer: Alarm | None = None

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
        if self._pipe is not None:
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
            self._after(self._host.limits.ping_timeout, self._give_up)

    def _give_up(self) -> None:
        """No sign of life came in time; behind a packet that is still being worked on, one may wait to be read."""
        if self._posting or (self._pipe is not None and self._pipe.is_at_work):
            self._after(self._host.limits.ping_timeout, self._give_up)
        else:
            self.abort(Reason.PING_TIMEOUT)

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._host.alarms.after(seconds, act)

    # Receiving.

    def receive(self, packet: Message) -> asyncio.Task[None] | None:
        """Take one packet; gives what has to be waited for before the next one, if anything.

        Raises ProtocolError and TooMuch.
        """
        if self.state in (SessionState.CLOSING, SessionState.CLOSED):
            if packet == CLOSE and self.state is SessionState.CLOSING:
                self._finish()
            return None
        self.allowance.says(payloads.kind(packet), len(packet))
        if self._asked:
            self.begin_interval()
        if isinstance(packet, bytes):
            return self._host.received(self, packet)
        if packet[:1] == MESSAGE:
            return self._host.received(self, packet[1:])
        if packet[:1] == PONG:
            self._host.ponged(self)
        elif packet == CLOSE:
            self.abort(Reason.CLIENT_DISCONNECT)
        elif packet != NOOP:
            raise ProtocolError(packet[:20])
        return None

    # Polling.

    @property
    def has_no_news(self) -> bool:
        """Whether a GET has to wait."""
        return not self._backlog and self.state is SessionState.POLLING

    async def fetch(self) -> str | None:
        """The payload that answers a GET, or None where the session is gone.

        "A client MUST NOT have more than one active GET request. Should it happen, the server MUST return an HTTP 400
        error status and close the session."
        """
        if self._fetch is not None:
            self.close(Reason.TRANSPORT_ERROR)
            return None
        if self.has_no_news:
            self._fetch = asyncio.get_running_loop().create_future()
            try:
                await self._fetch
            finally:
                self._fetch = None
        packets = self._taken()
        if not packets and self.state is SessionState.CLOSING:
            self._finish()
            return CLOSE
        return payloads.joined(packets) or NOOP

    def _taken(self) -> list[Message]:
        packets, self._backlog, self._backlog_size = self._backlog, [], 0
        return packets

    async def post(self, payload: str) -> None:
        """Take the body of a POST, packet by packet as its client may go on.

        Raises TooMuch, and ProtocolError; also for a second POST at a time, as for a second GET.
        """
        if self._posting:
            raise ProtocolError("more than one active POST request")
        if payload.count(SEPARATOR) >= self._host.limits.max_packets:
            raise self.allowance.too_much("max_packets")
        self._posting = True
        try:
            for packet in payload.split(SEPARATOR):
                if not self.allowance.may_go_on():
                    await self.allowance.turn()
                waiting = self.receive(payloads.decoded(packet))
                if waiting is not None:
                    await waiting
        finally:
            self._posting = False

    # WebSocket.

    def heard(self, message: Message) -> asyncio.Task[None] | None:
        """A packet came by the session's WebSocket. Raises ProtocolError and TooMuch."""
        return self.receive(message)

    def failed(self, failure: BaseException) -> None:
        """The client broke the protocol or says too much, or the fault is ours."""
        if isinstance(failure, ProtocolError):
            self.close(Reason.TRANSPORT_ERROR)
        elif isinstance(failure, TooMuch):
            self.close(Reason.TOO_MUCH)
        else:
            _log.error("session-failed", sid=self.sid, exc_info=failure)
            self.close(Reason.INTERNAL_ERROR)

    def cut(self) -> None:
        """The client does not read what is sent."""
        self._host.cut(self)

    def left(self) -> None:
        """The session's WebSocket is over."""
        self.abort(Reason.TRANSPORT_CLOSE)

    def _take(self, pipe: Pipe) -> None:
        self._pipe = pipe
        pipe.listener = self

    def upgrade(self, pipe: Pipe) -> None:
        """A client asks for this WebSocket to move to: one at a time, for a session that polls."""
        if self.state is SessionState.POLLING and self._probe is None:
            self._probe = pipe.listener = Probe(self, pipe, self._host.limits.connect_timeout)
        else:
            pipe.close(Reason.TRANSPORT_ERROR)
        pipe.read()

    def probed(self, pipe: Pipe) -> None:
        """The client tries the WebSocket. Raises ProtocolError where it may not."""
        if self.state is not SessionState.POLLING:
            raise ProtocolError("no session to probe for")
        self._go(SessionState.PROBING)
        pipe.write(frame(TEXT, (PONG + "probe").encode()))
        # A pending GET is answered, with a noop packet if need be, so that the client can go on.
        self._wake()

    def move(self, pipe: Pipe) -> None:
        """Go on by the WebSocket, and send there what waits. Raises ProtocolError where that was not tried before."""
        if self.state not in (SessionState.PROBING, SessionState.CLOSING):
            raise ProtocolError("an upgrade that was not probed")
        self._take(pipe)
        self._probe = None
        for packet in self._taken():
            self._write(packet)
        if pipe.listener is None:
            return  # It is cut: what waited was more than its client takes.
        if self.state is SessionState.CLOSING:
            pipe.close(Reason.SERVER_DISCONNECT)
            self._finish()
        else:
            self._go(SessionState.WEBSOCKET)

    def unprobed(self, probe: Probe) -> None:
        """Nothing came of this probe: the session goes on polling."""
        if self._probe is probe:
            self._probe = None
            if self.state is SessionState.PROBING:
                self._go(SessionState.POLLING)

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

    def give_up(self, reason: Reason) -> None:
        """End it now: one that is closed already waits no longer for its client to fetch what was sent."""
        if self.state is SessionState.CLOSING:
            self._finish()
        else:
            self.abort(reason)

    def _finish(self) -> None:
        self._go(SessionState.CLOSED)
        if self._timer is not None:
            self._timer.cancel()
        if self._probe is not None:
            self._probe.close(Reason.SERVER_DISCONNECT)
        self._host.gone(self)
