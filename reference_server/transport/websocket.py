"""WebSocket, the server's side: one open connection.

aiohttp reads the handshake's request, and then lets go of the connection. What comes is read as far as it goes and
handed on at once; only what has to wait for something is done in a task, and nothing more is read meanwhile. A frame is
made once for all its recipients, and writing it neither waits nor needs a task. What the socket does not take waits in
the transport's buffer, up to `Limits.max_backlog`; whoever lets it grow beyond is let go and delays nobody else.
"""

import asyncio
from typing import Final, Protocol

from aiohttp import web

from ..limits import Limits
from ..reasons import Reason
from . import frames
from .frames import Close, FrameError, Frames, Message, Ping, close_frame, frame
from .handshake import check
from .http import close_transport, hand_over
from .lines import Lines

CLOSE_CODES: Final = {
    Reason.GOING_AWAY: frames.GOING_AWAY,
    Reason.CLIENT_DISCONNECT: frames.NORMAL,
    Reason.TRANSPORT_ERROR: frames.PROTOCOL_ERROR,
    Reason.INTERNAL_ERROR: frames.INTERNAL_ERROR,
    Reason.UNACCEPTABLE: frames.UNSUPPORTED_DATA,
}
"""Close codes by reason; any other reason is a policy of ours (1008)."""


class Listener(Protocol):
    """Whom an open WebSocket tells what comes."""

    def heard(self, message: Message) -> asyncio.Task[None] | None:
        """A message came. Gives what has to be waited for before the next one."""

    def failed(self, failure: BaseException) -> None:
        """Hearing a message failed."""

    def cut(self) -> None:
        """The client does not read what is sent, and is let go."""

    def left(self) -> None:
        """Nothing more comes; called once."""


class Pipe(asyncio.Protocol):
    """One open WebSocket."""

    __slots__ = ("_busy", "_ended", "_frames", "_limits", "_lines", "_timer", "_transport", "fresh", "listener")

    def __init__(self, request: web.Request, limits: Limits, lines: Lines, passes_reserved_bits: bool = False) -> None:
        """Answer a handshake. Raises Refusal where the request is none, ConnectionError where the client has gone."""
        answer = check(request)
        self._limits = limits
        self._lines = lines
        self._frames: Frames | None = Frames(limits.max_message, passes_reserved_bits)
        """None once the client broke the protocol: what follows means nothing."""
        self.listener: Listener | None = None
        """Whom it tells; None once it has told that nothing more comes."""
        self._busy = True
        """Nothing is handed on: nobody reads yet, or a message is still being worked on."""
        self._ended = False
        """Nothing more will come from the client."""
        self._timer: asyncio.TimerHandle | None = None
        """Ends it; where there is one, the closing handshake has begun."""
        self.fresh = False
        """Something came since this was set to False."""
        transport, early = hand_over(request, self)
        self._transport: asyncio.Transport | None = transport
        lines.add(transport)
        transport.write(answer)
        self._frames.feed(early)

    # Reading.

    def read(self) -> None:
        """Tell its listener from now on what comes."""
        self._go_on()

    def data_received(self, data: bytes) -> None:
        """Part of asyncio's protocol."""
        self.fresh = True
        if self._frames is None or self._transport is None:
            return
        self._frames.feed(data)
        if self._busy:
            self._transport.pause_reading()
        else:
            self._work()

    def _work(self) -> None:
        """Hand on what has come, as far as it needs no waiting."""
        try:
            while self._frames is not None and (found := self._frames.next()) is not None:
                if isinstance(found, str | bytes):
                    waiting = self._hand_on(found)
                    if waiting is not None:
                        self._busy = True
                        waiting.add_done_callback(self._done)
                        return
                elif isinstance(found, Ping):
                    self.write(frame(frames.PONG, found.payload))
                elif isinstance(found, Close):
                    self._answer_close(found)
        except FrameError as broken:
            self._frames = None
            self._say_goodbye(close_frame(broken.code))
            self._leave()

    def _hand_on(self, message: Message) -> asyncio.Task[None] | None:
        if self._timer is not None or self.listener is None:
            return None
        try:
            return self.listener.heard(message)
        except Exception as failure:
            self.listener.failed(failure)
            return None

    def _done(self, task: asyncio.Task[None]) -> None:
        """What a message had to wait for is there."""
        failure = None if task.cancelled() else task.exception()
        if failure is not None and self.listener is not None:
            self.listener.failed(failure)
        self._go_on()

    def _go_on(self) -> None:
        self._busy = False
        self._work()
        transport = self._transport
        if self._busy or transport is None:
            return
        if self._ended:
            self._end()
        else:
            transport.resume_reading()

    def _answer_close(self, close: Close) -> None:
        """5.5.1: "If an endpoint receives a Close frame and did not previously send a Close frame, the endpoint MUST
        send a Close frame in response." "The server MUST close the underlying TCP connection immediately".
        """
        self._frames = None
        if self._timer is None:
            self._say_goodbye(close_frame(close.code))
        self._end()
        self._leave()

    def eof_received(self) -> bool:
        """Part of asyncio's protocol: what came before is still worked on."""
        self._ended = True
        return self._busy

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio gives it
        """Part of asyncio's protocol: it is over."""
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._lines.lost(self._transport)
        self._transport = self._frames = None
        self._leave()

    def _leave(self) -> None:
        listener, self.listener = self.listener, None
        if listener is not None:
            listener.left()

    # Writing.

    def write(self, data: bytes) -> None:
        """Write a whole frame."""
        transport = self._transport
        if transport is None or self._timer is not None or transport.is_closing():
            return
        if transport.get_write_buffer_size() + len(data) <= self._limits.max_backlog:
            transport.write(data)
            return
        if self.listener is not None:
            self.listener.cut()
        self.close(Reason.SLOW_READER)
        self._end()
        self._leave()

    def ping(self) -> None:
        """Ask for a sign of life."""
        self.write(frame(frames.PING, b""))

    def close(self, reason: Reason) -> None:
        """Begin the closing handshake, behind what was sent; whoever does not answer it in time is cut off."""
        if self._timer is None:
            self._say_goodbye(close_frame(CLOSE_CODES.get(reason, frames.POLICY_VIOLATION), reason.value))

    def _say_goodbye(self, said: bytes) -> None:
        if self._transport is not None and self._timer is None:
            self._transport.write(said)
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._limits.close_timeout, self._end)

    def abort(self) -> None:
        """Cut the connection off."""
        if self._transport is not None:
            self._transport.abort()

    def _end(self) -> None:
        """End the TCP connection; what waits may still go out for a while."""
        close_transport(self._transport, self._limits.linger)
