"""WebSocket, the server's side: one open connection.

aiohttp reads the handshake's request, and then lets go of the connection. What comes is read as far as it goes and
handed on at once; only what has to wait for something is done in a task. Nothing more is read meanwhile, nor where the
client has had its turn or says more than it may. A frame is made once for all its recipients, and writing it neither
waits nor needs a task. What the socket does not take waits in the transport's buffer, up to `Limits.max_backlog`;
whoever lets it grow beyond is let go and delays nobody else.
"""

import asyncio
from typing import Final, Protocol

from ..reasons import Reason
from . import frames
from .allowance import Allowance, Kind, TooMuch
from .frames import Close, FrameError, Frames, Message, Part, Ping, Pong, close_frame, frame
from .handshake import check
from .http import Request, close_transport, hand_over, has_left, release
from .lines import Lines

_READ: Final = 16 * 1024
"""Bytes that are read at once: what is read and may not be worked on yet, is kept."""
CLOSE_CODES: Final = {
    Reason.GOING_AWAY: frames.GOING_AWAY,
    Reason.CLIENT_DISCONNECT: frames.NORMAL,
    Reason.TRANSPORT_ERROR: frames.PROTOCOL_ERROR,
    Reason.INTERNAL_ERROR: frames.INTERNAL_ERROR,
    Reason.UNACCEPTABLE: frames.UNSUPPORTED_DATA,
}
"""Close codes by reason; any other reason is a policy of ours (1008)."""
_HELD_BACK: Final = 16 * 1024
"""From so many bytes on, nothing is held back."""


class Listener(Protocol):
    """Whom an open WebSocket tells what comes."""

    def heard(self, message: Message) -> asyncio.Task[None] | None:
        """A message came. Gives what has to be waited for before the next one. Raises TooMuch."""

    def failed(self, failure: BaseException) -> None:
        """Hearing a message failed."""

    def cut(self) -> None:
        """The client does not read what is sent, and is let go."""

    def left(self) -> None:
        """Nothing more comes; called once."""


class Pipe(asyncio.Protocol):
    """One open WebSocket.

    `close`, `_answer_close` and a broken frame call `_say_goodbye`, whose timer calls `_end`. `_cut` calls `close`; it
    and `_answer_close` call `_end` at once, and `_leave`, as a broken frame and a lost connection do. `abort` calls
    none of these.
    """

    __slots__ = (
        *("_allowance", "_busy", "_clogged", "_ended", "_frames", "_held", "_limits", "_lines", "_out", "_timer"),
        *("_transport", "fresh", "listener", "refused_with"),
    )

    def __init__(
        self,
        request: Request,
        lines: Lines,
        allowance: Allowance,
        first: bytes = b"",
        *,
        passes_reserved_bits: bool = False,
    ) -> None:
        """Answer a handshake, and send these first frames with it.

        Raises Refusal where the request is no handshake, ClientGone where the client has gone.
        """
        answer = check(request)
        self._limits = limits = allowance.limits
        self._lines = lines
        self._allowance = allowance
        self._frames: Frames | None = Frames(limits.max_message, passes_reserved_bits)
        """None once the client broke the protocol: what follows means nothing."""
        self.listener: Listener | None = None
        """Whom it tells; None once it has told that nothing more comes."""
        self.refused_with: int | None = None
        """The close code of what the client sent that ended it."""
        self._busy = True
        """Nothing is handed on: nobody reads yet, or a message is still being worked on."""
        self._ended = False
        """Nothing more will come from the client."""
        self._timer: asyncio.TimerHandle | None = None
        """Ends it, once the closing handshake has begun."""
        self._held: bytes | bytearray | None = None
        """What is sent while that which came is worked on, or in a later turn: it goes out in one piece then."""
        self.fresh = False
        """Something came since this was set to False."""
        transport, early = hand_over(request, self)
        transport.max_size = _READ  # type: ignore[attr-defined]  # asyncio's own have it
        transport.set_write_buffer_limits(high=0)
        self._clogged = False
        """Something waits, as the socket does not take it."""
        self._transport: asyncio.Transport | None = transport
        """None once it is lost."""
        self._out: asyncio.Transport | None = transport
        """The same, as long as frames are sent there."""
        lines.add(transport)
        transport.write(answer + first)
        self._frames.feed(early)

    # Reading.

    def read(self) -> None:
        """Tell its listener from now on what comes."""
        self._go_on()

    @property
    def is_at_work(self) -> bool:
        """Whether what came is still being worked on: nothing more is read meanwhile."""
        return self._busy

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
        if self._held is None:
            self._held = bytearray()
        goes_on = False
        try:
            while not self._busy and self._frames is not None and not self._frames.is_empty:
                if not self._allowance.may_go_on():
                    self._give_way(goes_on=goes_on)
                    return
                found = self._frames.next()
                if found is None:
                    return
                goes_on = True
                if isinstance(found, str | bytes):
                    self._hand_on(found)
                elif isinstance(found, Close):
                    self._answer_close(found)
                else:
                    self._take_note(found)
        except FrameError as broken:
            self._frames = None
            self.refused_with = broken.code
            self._say_goodbye(close_frame(broken.code))
            self._leave()
        finally:
            self._let_go()

    def _hand_on(self, message: Message) -> None:
        listener = self.listener  # It may have left by the time at which hearing fails.
        if self._out is None or listener is None:
            return
        try:
            waiting = listener.heard(message)
        except Exception as failure:
            listener.failed(failure)
            return
        if waiting is not None:
            self._busy = True
            waiting.add_done_callback(self._done)

    def _give_way(self, *, goes_on: bool) -> None:
        """Hand nothing more on until the client may say more, or has another turn."""
        self._busy = True
        seconds = self._allowance.owes()
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self._resume)
        else:
            self._allowance.later(self._go_on, goes_on=goes_on)

    def _resume(self) -> None:
        """Go on with what a client said too fast, unless it is not there any more: that, nobody tells meanwhile."""
        if self._transport is not None and has_left(self._transport):
            self._transport.abort()
        else:
            self._go_on()

    def _take_note(self, found: Ping | Pong | Part) -> None:
        """What means nothing to the listener costs its client something all the same."""
        try:
            self._allowance.says(Kind.PACKET if isinstance(found, Part) else Kind.HEARTBEAT)
        except TooMuch as failure:
            if self.listener is not None:
                self.listener.failed(failure)
        if isinstance(found, Ping):
            self.write(frame(frames.PONG, found.payload))

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
        self._say_goodbye(close_frame(close.code))
        self._end()
        self._leave()

    def eof_received(self) -> bool:
        """Part of asyncio's protocol: what came before is still worked on."""
        self._ended = True
        if not self._busy:
            self._out = None
        return self._busy

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio gives it
        """Part of asyncio's protocol: it is over."""
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._lines.lost(self._transport)
            release(self._transport)
        self._transport = self._out = self._frames = None
        self._leave()

    def _leave(self) -> None:
        listener, self.listener = self.listener, None
        if listener is not None:
            listener.left()

    # Writing.

    def write(self, data: bytes) -> None:
        """Write a whole frame."""
        if self._out is None:
            return
        if self._held is None:
            if self._allowance.turn_is_over():
                self._held = data
                self._allowance.later(self._let_go, goes_on=True)
            else:
                self._put(data)
        elif len(self._held) < _HELD_BACK:
            self._held += data
        else:
            self._let_go()
            self._put(data)

    def _let_go(self) -> None:
        """Send what was held back."""
        if self._held is not None:
            held, self._held = self._held, None
            if held:
                self._put(held)

    def _put(self, data: bytes | bytearray) -> None:
        out = self._out
        if out is None:
            return
        if not self._clogged or out.get_write_buffer_size() + len(data) <= self._limits.max_backlog:
            out.write(data)
        else:
            self._cut()

    def pause_writing(self) -> None:
        """Part of asyncio's protocol: something waits."""
        self._clogged = True

    def resume_writing(self) -> None:
        """Part of asyncio's protocol: nothing waits."""
        self._clogged = False

    def _cut(self) -> None:
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
        self._say_goodbye(close_frame(CLOSE_CODES.get(reason, frames.POLICY_VIOLATION), reason.value))

    def _say_goodbye(self, said: bytes) -> None:
        self._let_go()
        out, self._out = self._out, None
        if out is not None:
            out.write(said)
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._limits.close_timeout, self._end)

    def abort(self) -> None:
        """Cut the connection off."""
        self._out = None
        if self._transport is not None:
            self._transport.abort()

    def _end(self) -> None:
        """End the TCP connection; what waits may still go out for a while."""
        self._out = None
        if self._timer is not None:
            self._timer.cancel()
        close_transport(self._transport, self._limits.linger)
