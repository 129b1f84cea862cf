"""Server-Sent Events: the framing of the HTML standard, and a stream that ends when the server says so.

aiohttp reads the request, and then lets go of the connection: an event is made once for all streams, and writing it
neither waits nor needs a task.
"""

import asyncio
import re
from dataclasses import dataclass
from typing import Final

from aiohttp import HttpVersion11

from ..alarms import Alarm
from ..delivery.connections import Connection
from ..delivery.emission import Emission
from ..reasons import Reason
from ..services import Services
from .allowance import Fairness
from .http import Request, close_transport, hand_over, release
from .lines import Lines
from .reply import CLOSES, written_head

_LINE: Final = re.compile(r"\r\n|\r|\n")
_HEADERS: Final = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}
RETRY: Final = b"retry: 3000\n\n"
COMMENT: Final = b":\n\n"
_HELD_BACK: Final = 16 * 1024
"""From so many bytes on, nothing is held back."""
_LAST_CHUNK: Final = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Fields:
    """Which fields the events of a stream have beside their data."""

    event: bool = True
    """The name; without it, a browser gives all events to `onmessage`."""
    id: bool = False
    """The place in the journal."""

    def block(self, emission: Emission) -> bytes:
        """One event, as 9.2.6 of the HTML standard has it: a field a line, and a blank line at the end."""
        lines = [f"data: {line}" for line in _LINE.split(emission.text)]
        if self.event:
            lines.insert(0, f"event: {emission.name}")
        if self.id and emission.seq is not None:
            lines.append(f"id: {emission.seq}")
        return ("\n".join(lines) + "\n\n").encode()


NAMED: Final = Fields()


class StreamLink(asyncio.Protocol):
    """A connection's stream. What is sent goes to the socket at once; what that does not take waits, up to a bound."""

    __slots__ = (
        *("_chunked", "_clogged", "_connection", "_ended", "_fields", "_held", "_kind", "_limits", "_lines"),
        *("_services", "_spoke", "_timer", "_transport", "_turns"),
    )

    transport = "sse"

    def __init__(
        self, request: Request, services: Services, fairness: Fairness, lines: Lines, fields: Fields = NAMED
    ) -> None:
        self._services = services
        self._limits = fairness.limits
        self._turns = fairness.members
        self._held: bytes | bytearray | None = None
        """What goes out in a later turn."""
        self._lines = lines
        self._fields = fields
        self._chunked = request.version >= HttpVersion11
        self._kind = f"sse {fields} {self._chunked}"
        self._connection: Connection | None = None
        self._transport: asyncio.Transport | None = None
        self._ended = False
        self._clogged = False
        """Something waits, as the socket does not take it."""
        self._spoke = 0.0
        """When something was sent, on the loop's clock."""
        self._timer: Alarm | None = None

    @property
    def pipe(self) -> asyncio.Transport | None:
        """What it is written to; None unless it is open."""
        return self._transport

    def open(self, request: Request, connection: Connection) -> None:
        """Begin the answer. Raises ClientGone, and ValueError where a header would end its line."""
        conduct = self._services.conduct
        coding = {"Transfer-Encoding": "chunked"} if self._chunked else {}
        headers = {**conduct.stream_headers(_HEADERS), **coding, **request.shared}
        begun = written_head(request, 200, headers, CLOSES)
        self._transport, _ = hand_over(request, self)
        self._transport.resume_reading()
        self._transport.set_write_buffer_limits(high=0)
        self._lines.add(self._transport)
        self._connection = connection
        self._transport.write(begun + self._chunk(conduct.beginning(RETRY)))
        self._spoke = asyncio.get_running_loop().time()
        self._comment_in(self._limits.stream_comment)

    # Writing.

    def send(self, emission: Emission) -> None:
        """Send one event."""
        self._write(emission.framed(self._kind, self._framed))

    def _framed(self, emission: Emission) -> bytes:
        return self._chunk(self._services.conduct.block(emission.name, self._fields.block(emission)))

    def _chunk(self, data: bytes) -> bytes:
        """RFC 9112, 7.1: an empty one would be the last."""
        return b"%x\r\n%b\r\n" % (len(data), data) if self._chunked and data else data

    def _write(self, data: bytes) -> None:
        if self._ended:
            return
        if self._held is not None and len(self._held) < _HELD_BACK:
            self._held += data
        elif self._held is None and self._turns.over():
            self._held = data
            self._turns.later(self._let_go, goes_on=True)
        else:
            self._let_go()
            self._put(data)

    def _let_go(self) -> None:
        """Send what was held back."""
        held, self._held = self._held, None
        if held:
            self._put(held)

    def _put(self, data: bytes | bytearray) -> None:
        transport = self._transport
        if self._ended or transport is None:
            return
        if self._clogged and transport.get_write_buffer_size() + len(data) > self._limits.max_backlog:
            self._services.slow_readers.cut(self.transport, [self._connection] if self._connection else ())
            self._end()
            self._leave()
            return
        transport.write(data)
        self._spoke = asyncio.get_running_loop().time()

    def pause_writing(self) -> None:
        """Part of asyncio's protocol: something waits."""
        self._clogged = True

    def resume_writing(self) -> None:
        """Part of asyncio's protocol: nothing waits."""
        self._clogged = False

    def eof_received(self) -> None:
        """Part of asyncio's protocol: the client has gone."""
        self._ended = True

    def _comment_in(self, seconds: float) -> None:
        self._timer = self._services.alarms.after(seconds, self._comment)

    def _comment(self) -> None:
        """Say that the stream is alive, where nothing was said for long."""
        quiet = asyncio.get_running_loop().time() - self._spoke
        if quiet >= self._limits.stream_comment:
            self._write(self._chunk(COMMENT))
            quiet = 0.0
        self._comment_in(self._limits.stream_comment - quiet)

    # The end.

    def close(self, reason: Reason) -> None:  # noqa: ARG002 - a stream has no place for it
        """End the stream behind what was sent; a reader who takes none of it is not waited for."""
        if not self._ended:
            self._end()

    def _end(self) -> None:
        self._let_go()
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None and not self._transport.is_closing():
            if self._chunked:
                self._transport.write(_LAST_CHUNK)
            close_transport(self._transport, self._limits.linger)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio gives it
        """Part of asyncio's protocol: it is over."""
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._lines.lost(self._transport)
            release(self._transport)
            self._transport = None
        self._leave()

    def _leave(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._services.admission.leave(connection)
