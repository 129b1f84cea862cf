"""HTTP/1 answers as a client reads them (RFC 9112), without I/O: bytes in, a head and a body out, all of it bounded."""

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from eventproof.errors import ProtocolViolation, UsageError

from .excerpt import excerpt

__all__ = ["MAX_BODY", "Body", "Coding", "Head", "get_request", "read_head", "too_big"]

MAX_BODY = 16 * 1024 * 1024
"""Bytes of one body, decoded."""
_MAX_HEAD = 64 * 1024
_MAX_LINE = 8 * 1024
_MAX_CODINGS = 4
"""Codings of one body: each costs time and memory for every byte that comes."""
_SWITCHING_PROTOCOLS = 101
_BODILESS = frozenset({204, 304})
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS_LINE = re.compile(r"HTTP/(1\.[01]) ([1-9][0-9]{2})(?: (.*))?")
_USUAL_CHUNK = re.compile(rb"([1-9A-Fa-f][0-9A-Fa-f]{0,6})\r\n")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)


def get_request(host: str, target: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """A GET request; `host` with its port where it is not the scheme's, `target` with its query.

    Raises UsageError where a header or the target cannot be written.
    """
    lines = [f"GET {target} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers)]
    if any("\r" in line or "\n" in line for line in lines):
        raise UsageError("A header or path of a connection has a line break in it.")
    try:
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    except UnicodeEncodeError:
        raise UsageError("A header or path of a connection has characters outside Latin-1.") from None


@dataclass(frozen=True, slots=True)
class Head:
    """The status line and the headers of an answer."""

    version: str
    """`1.0` or `1.1`."""
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str:
        """The header of that name, several joined by commas; empty where there is none."""
        return ", ".join(value for key, value in self.headers if key.lower() == name.lower())

    def has(self, name: str) -> bool:
        """Whether there is a header of that name, an empty one included."""
        return any(key.lower() == name.lower() for key, _ in self.headers)

    def tokens(self, name: str) -> list[str]:
        """The header of that name as a list of tokens, in lower case."""
        return [token for part in self.header(name).split(",") if (token := part.strip().lower())]

    @property
    def keeps_alive(self) -> bool:
        """Whether the connection may carry another answer after this one."""
        options = self.tokens("Connection")
        if self.version == "1.0":
            # Where chunks end is doubtful in an older version: RFC 9112 6.1.
            return "close" not in options and "keep-alive" in options and not self.has("Transfer-Encoding")
        return "close" not in options


def read_head(data: bytes) -> tuple[Head, bytes] | None:
    """The head of the final answer in all that came so far, and what came after it; None while it is incomplete.

    Interim answers (1xx, as RFC 9110 15.2 has them) are passed over; 101 is a final one. Raises ProtocolViolation.
    """
    start = 0
    while True:
        if not (data.startswith(b"HTTP/1.", start) or b"HTTP/1.".startswith(data[start : start + 7])):
            raise _violation("HTTP/1.1", data[start:])
        end = _HEAD_END.search(data, start)
        if (len(data) if end is None else end.start()) > _MAX_HEAD:
            raise _violation(f"a head of at most {_MAX_HEAD} bytes", data)
        if end is None:
            return None
        head = _head(data[start : end.start()].decode("latin-1"))
        start = end.end()
        if head.status >= 200 or head.status == _SWITCHING_PROTOCOLS:
            return head, data[start:]


def _head(text: str) -> Head:
    first, *lines = re.split("\r?\n", text)
    status_line = _STATUS_LINE.fullmatch(first)
    if status_line is None:
        raise _violation("a status line such as `HTTP/1.1 200 OK`", first.encode("latin-1"))
    version, status, reason = status_line.groups()
    fields: list[tuple[str, str]] = []
    for line in lines:
        if line[:1] in (" ", "\t") and fields:
            # A folded line (RFC 9112 5.2) goes on with the value before it.
            name, value = fields.pop()
            fields.append((name, f"{value} {line.strip()}".strip()))
            continue
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise _violation("header lines `name: value`", line.encode("latin-1"))
        fields.append((name, value.strip()))
    return Head(version, int(status), reason or "", tuple(fields))


class Coding:
    """Undoes the content codings of a body, in pieces. Each piece grows to at most `most` bytes.

    `unknown` names the coding that cannot be undone here, or tells that there are too many of them; bytes then stay as
    they are. It is empty where all can be undone.
    """

    def __init__(self, names: Iterable[str], most: int = MAX_BODY) -> None:
        codings = [name for part in names for token in part.split(",") if (name := token.strip().lower())]
        wanted = [name for name in codings if name != "identity"]
        self.unknown = next((name for name in wanted if name not in _WINDOWS), "")
        if len(wanted) > _MAX_CODINGS:
            self.unknown = f"{len(wanted)} codings"
        self._most = most
        self._steps = [] if self.unknown else [_Inflation(name) for name in reversed(wanted)]
        self.changes = bool(self._steps)
        """Whether bytes stand for others."""

    def feed(self, data: bytes) -> bytes:
        """What these bytes stand for. Raises ProtocolViolation where they are no such coding, or grow too much."""
        for step in self._steps:
            data = step.feed(data, self._most)
        return data

    def finish(self) -> None:
        """No more bytes come. Raises ProtocolViolation where some are lacking."""
        for step in self._steps:
            step.finish()


_WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
"""The codings that can be undone, by zlib's name for their format."""


class _Inflation:
    def __init__(self, name: str) -> None:
        self._name = name
        self._zlib: Any = None
        self._began = False

    def feed(self, data: bytes, most: int) -> bytes:
        inflated = bytearray()
        try:
            while data:
                if self._zlib is None:
                    self._zlib = zlib.decompressobj(self._window(data))
                inflated += self._zlib.decompress(data, most + 1 - len(inflated))
                if len(inflated) > most:
                    raise too_big(most)
                data = self._zlib.unused_data
                if self._zlib.eof:
                    self._zlib = None  # a file of gzip may have several members
        except zlib.error:
            raise ProtocolViolation(
                f"A body is not {self._name}, though its header says so.", expected=self._name, observed=excerpt(data)
            ) from None
        return bytes(inflated)

    def finish(self) -> None:
        if self._zlib is not None:
            raise ProtocolViolation(
                f"A body ended before its {self._name} was complete.",
                expected=f"the end of {self._name}",
                observed="the end of the body",
            )

    def _window(self, data: bytes) -> int:
        """Some servers send `deflate` without the zlib header that RFC 9110 8.4.1.2 wants; clients take both."""
        if self._name == "deflate" and data[0] & 0x0F != zlib.DEFLATED:
            return -zlib.MAX_WBITS
        return _WINDOWS[self._name]


class Body:
    """The body that follows a head, of at most `most` bytes once it is decoded, and not many more before that.

    It ends as RFC 9112 6.3 says: with its chunks, its length, or the connection. `content` is what came so far.
    """

    def __init__(self, head: Head, *, most: int = MAX_BODY) -> None:
        transfer = head.tokens("Transfer-Encoding")
        self._is_chunked = bool(transfer) and transfer[-1] == "chunked"
        self._most = most
        self._coding = Coding(
            (head.header("Content-Encoding"), *(name for name in transfer if name != "chunked")), most
        )
        self._content = bytearray()
        self._buffer = bytearray()
        self._most_coded, self._fed = 2 * most + _MAX_HEAD, 0
        self._left: int | None = None
        """Bytes that the body, or its present chunk, still has; None where only the end of the connection tells."""
        self._trailing = self._closes_chunk = False
        self.is_complete = False
        self.is_delimited = True
        """Whether the answer itself tells where it ends."""
        if head.status in _BODILESS:
            self.is_complete = True
        elif not self._is_chunked:
            self._left = None if transfer else _length(head)
            self.is_delimited = self._left is not None
            self.is_complete = self._left == 0

    @property
    def content(self) -> bytes:
        """What came so far, decoded."""
        return bytes(self._content)

    @property
    def unknown_coding(self) -> str:
        """The name of the coding that could not be undone; empty where there is none."""
        return self._coding.unknown

    @property
    def rest(self) -> bytes:
        """What came after the end: nothing, from a server that keeps to the protocol."""
        return bytes(self._buffer) if self.is_complete else b""

    def take(self) -> bytes:
        """What came since the last call, decoded: of a body without end, `most` bounds what nobody has taken."""
        taken = bytes(self._content)
        self._content.clear()
        self._fed = len(self._buffer)
        return taken

    def feed(self, data: bytes) -> None:
        """Take bytes of the connection. Raises ProtocolViolation for what is no body, or too big a one."""
        if not self._buffer and self._is_taken_at_once(data):
            return
        self._buffer += data
        self._fed += len(data)
        if self._is_chunked:
            self._take_chunks()
        elif not self.is_complete:
            self._take()
            self.is_complete = self._left == 0
        if self._fed > self._most_coded:
            # Trailers, the lines between chunks and empty blocks are bytes too, though nothing comes of them.
            raise too_big(self._most_coded)
        if self.is_complete:
            self._coding.finish()

    def end(self) -> None:
        """The connection has ended. Raises ProtocolViolation where the body had not."""
        if not self.is_complete and self.is_delimited:
            raise ProtocolViolation(
                "An HTTP answer ended before its body was complete.",
                expected="the rest of the body",
                observed=f"{len(self._content)} bytes",
            )
        self.is_complete = True
        self._coding.finish()

    def _is_taken_at_once(self, data: bytes) -> bool:
        """Whether these were usual bytes of a stream: nothing is coded, and a chunk comes whole where there are chunks.

        The same as the rest would do with them, in a third of the time.
        """
        if self._coding.changes or self._left or self.is_complete or self._trailing or self._closes_chunk:
            return False
        if self._is_chunked:
            head = _USUAL_CHUNK.match(data)
            if head is None or len(data) != head.end() + int(head[1], 16) + 2 or not data.endswith(b"\r\n"):
                return False
            data = data[head.end() : -2]
        if len(self._content) + len(data) > self._most:
            return False
        self._content += data
        return True

    def _take(self) -> None:
        taken = bytes(self._buffer[: self._left])
        del self._buffer[: len(taken)]
        if self._left is not None:
            self._left -= len(taken)
        self._content += self._coding.feed(taken)
        if len(self._content) > self._most:
            del self._content[self._most :]
            raise too_big(self._most)

    def _take_chunks(self) -> None:
        while not self.is_complete:
            if self._left:
                self._take()
                if self._left:
                    return
                self._closes_chunk = True
            line = self._line()
            if line is None:
                return
            if self._trailing:
                self.is_complete = not line
            elif self._closes_chunk:
                if line:
                    raise _violation("the end of a chunk", line)
                self._closes_chunk = False
            else:
                size = _CHUNK_SIZE.fullmatch(line)
                if size is None:
                    raise _violation("the size of a chunk in hexadecimal", line)
                self._left = int(size[1], 16)
                self._trailing = self._left == 0

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\n", 0, _MAX_LINE)
        if end < 0:
            if len(self._buffer) >= _MAX_LINE:
                raise _violation(f"lines between chunks of at most {_MAX_LINE} bytes", bytes(self._buffer[:_MAX_LINE]))
            return None
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        return line


def _length(head: Head) -> int | None:
    """The Content-Length, which may be repeated but not differ; None where there is none."""
    lengths = set(head.tokens("Content-Length"))
    if not lengths:
        return None
    length = lengths.pop()
    if lengths or not (length.isascii() and length.isdigit() and len(length) <= 18):
        raise _violation("a Content-Length in digits", head.header("Content-Length").encode("latin-1"))
    return int(length)


def too_big(most: int) -> ProtocolViolation:
    """A body has more bytes than a client takes."""
    return ProtocolViolation(
        "The body of an answer is too big.", expected=f"at most {most} bytes", observed="more than that"
    )


def _violation(expected: str, observed: bytes) -> ProtocolViolation:
    return ProtocolViolation("An answer is not valid HTTP.", expected=expected, observed=excerpt(observed))
