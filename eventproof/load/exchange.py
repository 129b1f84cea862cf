"""One kept-alive HTTP connection of a swarm: a request out, its answer in, within one deadline and of a bounded size.

It blocks in sockets alone, which gevent makes wait without stopping anybody else.
"""

import socket
from collections.abc import Mapping
from time import monotonic
from urllib.parse import quote

from eventproof.errors import UsageError
from eventproof.wire.http import Body, Head, read_head

from .dial import HttpDial, left
from .greenlets import sleep

__all__ = ["HttpConnection", "Response"]

_RECEIVE_BYTES = 64 * 1024
_IN_A_TARGET = "%/:?#[]@!$&'()*+,;=~"


class Response:
    """A whole answer; its `content` is decoded."""

    def __init__(self, head: Head, content: bytes) -> None:
        self.status = head.status
        self.content = content
        self._head = head

    @property
    def headers(self) -> dict[str, str]:
        """Those of the answer, by their names in small letters; of several of one name, the last."""
        return {name.lower(): value for name, value in self._head.headers}


class HttpConnection:
    """One connection to a server, which carries one exchange at a time."""

    def __init__(self, dial: HttpDial) -> None:
        self._dial = dial
        self._socket: socket.socket | None = None
        self.is_reusable = False
        """Whether another exchange may follow: the last one ended as HTTP says, and nothing came behind it."""

    def exchange(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes | None, *, timeout: float
    ) -> Response:
        """Send a request and read its answer, within `timeout` seconds for all of it, connecting included.

        Raises OSError, ProtocolViolation, or UsageError for a request that cannot be written.
        """
        deadline = monotonic() + timeout
        request = _request(method, self._dial.address.authority, target, headers, content)
        self.is_reusable = False
        try:
            if self._socket is None:
                self._socket = self._dial.connect(deadline)
            self._socket.settimeout(left(deadline))
            self._socket.sendall(request)
            return self._answer(self._socket, deadline)
        finally:
            if not self.is_reusable:
                self.close()

    @property
    def is_alive(self) -> bool:
        """Whether the server has neither closed the connection nor said anything unasked."""
        if self._socket is None:
            return False
        self._socket.settimeout(0)
        try:
            # What there is to read is seen beneath TLS too, which itself does not let anybody peek.
            socket.socket.recv(self._socket, 1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """Close it; harmless when repeated."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self.is_reusable = False

    def _answer(self, connection: socket.socket, deadline: float) -> Response:
        received = b""
        while (found := read_head(received)) is None:
            received += self._received(connection, deadline)
        head, rest = found
        body = Body(head)
        body.feed(rest)
        while not body.is_complete:
            try:
                body.feed(self._received(connection, deadline))
            except ConnectionResetError:
                body.end()
        self.is_reusable = head.keeps_alive and body.is_delimited and not body.rest
        return Response(head, body.content)

    @staticmethod
    def _received(connection: socket.socket, deadline: float) -> bytes:
        sleep(0)  # a socket that has bytes does not wait: who floods us must not hold up everybody else
        connection.settimeout(left(deadline))
        data = connection.recv(_RECEIVE_BYTES)
        if not data:
            raise ConnectionResetError("the server closed the connection before its answer was complete")
        return data


def _request(method: str, authority: str, target: str, headers: Mapping[str, str], content: bytes | None) -> bytes:
    fields = {"Host": authority, **headers}
    if content is not None:
        fields["Content-Length"] = str(len(content))
    elif method not in ("GET", "HEAD", "DELETE"):
        fields["Content-Length"] = "0"
    lines = [
        f"{method} {quote(target, safe=_IN_A_TARGET)} HTTP/1.1",
        *(f"{key}: {text}" for key, text in fields.items()),
    ]
    if any(character in line for line in lines for character in "\r\n\0"):
        raise UsageError("A header of the request has a line break or a NUL in it, and cannot be sent.")
    try:
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (content or b"")
    except UnicodeEncodeError:
        raise UsageError("A header of the request has characters outside Latin-1, and cannot be sent.") from None
