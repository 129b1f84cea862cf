"""Server-Sent Events: the framing of the HTML standard, and a stream that ends when the server says so."""

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from ..delivery.conduct import Conduct
from ..delivery.emission import Emission
from ..limits import Limits
from ..reasons import Reason
from .http import close_transport, when_lost

_LINE: Final = re.compile(r"\r\n|\r|\n")
_HEADERS: Final = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}
RETRY: Final = b"retry: 3000\n\n"
COMMENT: Final = b":\n\n"


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
_RIGHT: Final = Conduct()


class StreamLink:
    """A connection's stream. What is sent waits, in a bounded queue, for the request's own task to write it."""

    transport = "sse"

    def __init__(
        self,
        limits: Limits,
        fields: Fields = NAMED,
        conduct: Conduct = _RIGHT,
    ) -> None:
        self._limits = limits
        self._fields = fields
        self._conduct = conduct
        self.on_slow: Callable[[], None] | None = None
        """Called where the client does not read what is sent, and is cut off."""
        self._waiting = [conduct.beginning(RETRY)]
        self._size = len(RETRY)
        self._ended = False
        self._wake = asyncio.Event()
        self._transport: asyncio.Transport | None = None

    def send(self, emission: Emission) -> None:
        """Send one event."""
        if self._ended:
            return
        data = emission.framed(f"sse {self._fields}", self._framed)
        self._size += len(data)
        if self._size > self._limits.max_backlog:
            if self.on_slow is not None:
                self.on_slow()
            self._end()
            self._close_transport(0)
        else:
            self._waiting.append(data)
            self._wake.set()

    def _framed(self, emission: Emission) -> bytes:
        return self._conduct.block(emission.name, self._fields.block(emission))

    @property
    def pipe(self) -> asyncio.Transport | None:
        """What it is written to; None before it is served."""
        return self._transport

    def close(self, reason: Reason) -> None:  # noqa: ARG002 - a stream has no place for it
        """End the stream behind what was sent; a reader who takes none of it is not waited for."""
        self._end()
        asyncio.get_running_loop().call_later(self._limits.close_timeout, self._close_transport, self._limits.linger)

    def _end(self) -> None:
        self._ended = True
        self._wake.set()

    def _close_transport(self, linger: float) -> None:
        close_transport(self._transport, linger)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer the request with the stream, until either side ends it."""
        self._transport = request.transport
        response = web.StreamResponse(headers=self._conduct.stream_headers(_HEADERS))
        response.force_close()
        with suppress(ConnectionError), when_lost(request, self._end):
            await response.prepare(request)
            while self._waiting or not self._ended:
                data, self._waiting, self._size = b"".join(self._waiting), [], 0
                await response.write(data)
                if not self._waiting and not self._ended:
                    await self._more()
            await response.write_eof()
        return response

    async def _more(self) -> None:
        """Wait for more to write: an event, a comment when there was none for long, or the end."""
        try:
            async with asyncio.timeout(self._limits.stream_comment):
                await self._wake.wait()
        except TimeoutError:
            self._waiting.append(COMMENT)
        self._wake.clear()
