"""Server-Sent Events, as the HTML standard says (section 9.2.6): bytes of `text/event-stream` in, events out.

Comments are given too: they keep an idle stream alive, which a contract may ask for.
"""

import re
from codecs import getincrementaldecoder
from dataclasses import dataclass
from typing import Final, NamedTuple

from eventproof.errors import ProtocolViolation

__all__ = ["Comment", "Decoder", "ServerSentEvent"]

_BYTE_ORDER_MARK = "\ufeff"
_USUAL: Final = re.compile(rb"(?:id: ?([^\r\n\0]*)\n)?data: ?([^\r\n]*)\n\n")
"""A block as most servers write them: one line of data, perhaps behind an id."""


class ServerSentEvent(NamedTuple):
    """One dispatched event. `id` is the stream's last event id; `retry` is what this block itself said, in ms."""

    event: str
    data: str
    id: str
    retry: int | None


@dataclass(frozen=True, slots=True)
class Comment:
    """A line that begins with a colon."""

    text: str


class Decoder:
    """One stream. A block that the stream's end cuts off is never dispatched.

    `last_event_id` and `retry` (milliseconds) are what a client would reconnect with. An id counts once its block is
    dispatched, whether it has data or not: with that of a block which was cut off, a client would lose the event.
    """

    def __init__(self, *, max_event: int = 16 * 1024 * 1024) -> None:
        self.last_event_id = ""
        self.retry: int | None = None
        self._max_event = max_event
        self._utf8 = getincrementaldecoder("utf-8")(errors="replace")
        self._began = False
        self._after_return = False
        self._line: list[str] = []
        self._size = 0
        self._id = ""
        self._event = ""
        self._data: list[str] = []
        self._retry: int | None = None
        self._is_between = False
        """Whether all that came is dispatched, and the next byte begins a block."""

    def feed(self, chunk: bytes) -> list[ServerSentEvent | Comment]:
        """What this chunk completes, in its order."""
        found: list[ServerSentEvent | Comment] = []
        if self._is_between and len(chunk) <= self._max_event:
            begins = 0
            while usual := _USUAL.match(chunk, begins):
                found.append(self._usual(usual))
                begins = usual.end()
            if begins == len(chunk):
                return found
            chunk = chunk[begins:]
        found += self._feed(chunk)
        self._is_between = not (self._size or self._after_return) and chunk.endswith(b"\n")
        return found

    def _usual(self, block: re.Match[bytes]) -> ServerSentEvent:
        """The same as the rest would give for a usual block that comes whole, in a third of the time."""
        told, data = block.groups()
        if told is not None:
            self._id = told.decode("utf-8", "replace")
        self.last_event_id = self._id
        return ServerSentEvent("message", data.decode("utf-8", "replace"), self._id, None)

    def _feed(self, chunk: bytes) -> list[ServerSentEvent | Comment]:
        text = self._utf8.decode(chunk)
        if text and not self._began:
            self._began = True
            text = text.removeprefix(_BYTE_ORDER_MARK)
        if self._after_return and text:
            self._after_return = False
            text = text.removeprefix("\n")
        if not text:
            return []
        self._after_return = text.endswith("\r")
        *complete, rest = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        found: list[ServerSentEvent | Comment] = []
        for line in complete:
            self._grow(line)
            whole = "".join(self._line)
            self._line.clear()
            item = self._take(whole)
            if item is not None:
                found.append(item)
        self._grow(rest)
        return found

    def _grow(self, piece: str) -> None:
        if not piece:
            return
        self._line.append(piece)
        self._size += len(piece)
        if self._size > self._max_event:
            raise ProtocolViolation(
                "A server-sent event is too big.", expected=f"at most {self._max_event} characters", observed="more"
            )

    def _take(self, line: str) -> ServerSentEvent | Comment | None:
        if not line:
            return self._dispatch()
        if line.startswith(":"):
            self._size -= len(line)
            return Comment(line[1:].removeprefix(" "))
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "event":
                self._event = value
            case "data":
                self._data.append(value)
            case "id" if "\0" not in value:
                self._id = value
            case "retry" if value.isascii() and value.isdigit() and len(value) <= 15:
                self.retry = self._retry = int(value)
        return None

    def _dispatch(self) -> ServerSentEvent | None:
        event = None
        self.last_event_id = self._id
        if self._data:
            event = ServerSentEvent(self._event or "message", "\n".join(self._data), self.last_event_id, self._retry)
        self._clear()
        return event

    def _clear(self) -> None:
        self._event = ""
        self._data = []
        self._retry = None
        self._size = 0
