"""One TCP or TLS stream on gevent's hub: a non-blocking socket, one watcher for reading, one for writing when needed.

What is to be sent goes out at once as far as the socket takes it; the rest waits in a buffer that is bounded.
"""

import os

# The bare socket of C: gevent's own would bring two watchers and a kilobyte of Python, which nobody here would use.
from _socket import IPPROTO_TCP, SO_ERROR, SO_RCVBUF, SOCK_STREAM, SOL_SOCKET, TCP_MAXSEG, TCP_NODELAY
from _socket import socket as Socket  # noqa: N812 - a class, whatever C calls it
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from errno import EADDRNOTAVAIL, EINPROGRESS
from time import monotonic
from typing import Any, Protocol

from .sources import Sources
from .tls import Tls

__all__ = ["Dial", "End", "Place", "Reader", "Stream"]

_READ, _WRITE = 1, 2
_NARROW = 2048
"""Bytes that the system keeps for a peer whom nobody reads."""
_SEGMENT = 88
"""Bytes of a narrow socket's segments: the least that Linux takes. With those of loopback, 64 kB, the peer may have
megabytes on their way before it has to wait."""
_RECEIVE_BYTES = 16 * 1024
"""At most so much is read at once: many peers that flood us must not keep the hub from its timers for seconds."""


class End(Enum):
    """How a stream ended without our doing."""

    UNREACHABLE = "not reachable"
    CLOSED = "end of stream"
    RESET = "connection reset"
    CONGESTED = "the peer reads nothing"


class Reader(Protocol):
    """Who hears of a stream, in gevent's hub: nothing here may block."""

    def connected(self) -> None:
        """Bytes can be sent."""

    def arrived(self, data: bytes, at: float) -> None:
        """Bytes were read, at this time of the monotonic clock."""

    def ended(self, end: End, detail: str, at: float) -> None:
        """The stream is gone."""


@dataclass(frozen=True, slots=True)
class Place:
    """One address of a server, and the local ones that it is reached from."""

    family: int
    address: Any
    sources: Sources
    is_narrow: bool = False
    """Whether little is on its way to a socket that nobody reads."""

    def socket(self) -> Socket:
        """A socket on its way there. Raises OSError where there is none to be had."""
        while True:
            socket = Socket(self.family, SOCK_STREAM)
            try:
                socket.setblocking(False)
                socket.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
                if self.is_narrow:
                    _narrow(socket)
                self.sources.bind(socket)
                error = socket.connect_ex(self.address)
                if error in (0, EINPROGRESS):
                    return socket
                if error != EADDRNOTAVAIL or not self.sources.further():
                    raise OSError(error, os.strerror(error))
            except OSError:
                socket.close()
                raise
            socket.close()


class Dial:
    """How streams to one server come about: they begin with the address that took the last one."""

    __slots__ = ("first", "loop", "max_unsent", "places", "tls")

    def __init__(self, loop: Any, places: Sequence[Place], tls: Callable[[], Tls] | None, max_unsent: int) -> None:
        self.loop = loop
        self.places = tuple(places)
        self.first = 0
        self.tls = tls
        self.max_unsent = max_unsent

    def narrow(self) -> "Dial":
        """The same for those who will read nothing: the peer's side has to wait for them as soon as it can."""
        places = [replace(place, is_narrow=True) for place in self.places]
        return Dial(self.loop, places, self.tls, self.max_unsent)


class Stream:
    """One stream, from the beginning of its connecting until its end."""

    __slots__ = (
        "_dial",
        "_is_connected",
        "_owner",
        "_place",
        "_reader",
        "_socket",
        "_tls",
        "_tries",
        "_unsent",
        "_writer",
    )

    def __init__(self, dial: Dial, owner: Reader) -> None:
        """Begin to connect. Raises OSError where that cannot even begin."""
        self._dial = dial
        self._owner = owner
        self._tls: Tls | None = None
        self._unsent: bytearray | None = None
        self._reader: Any = None
        self._writer: Any = None
        self._socket: Socket | None = None
        self._is_connected = False
        self._place, self._tries = dial.first, len(dial.places)
        self._connect()

    @property
    def unsent(self) -> int:
        """How many bytes wait until the socket takes them."""
        return len(self._unsent or b"")

    def send(self, data: bytes) -> None:
        """Send these bytes, now or when the socket takes them; a peer that leaves too many lying is given up."""
        if self._tls is not None:
            data = self._tls.send(data)
        if self._unsent:
            self._unsent += data
        elif sent := self._sent(data):
            if sent < len(data):
                self._hold(data[sent:])
        elif data:
            self._hold(data)
        if self._unsent and len(self._unsent) > self._dial.max_unsent:
            self._end(End.CONGESTED, f"{len(self._unsent)} bytes are not sent")

    def pause(self) -> None:
        """Read nothing more: what comes fills the buffers on the way, ours a small one, and then stops the peer."""
        if self._reader is not None and self._socket is not None:
            self._reader.stop()
            self._socket.setsockopt(SOL_SOCKET, SO_RCVBUF, _NARROW)

    def close(self) -> None:
        """Close the socket; the owner is not told."""
        for watcher in (self._reader, self._writer):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        self._reader = self._writer = self._unsent = self._tls = None
        if self._socket is not None and not self._is_connected:
            self._pass_over()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connect(self) -> None:
        """Begin with the next address that can be tried. Raises OSError where that was the last one."""
        while self._socket is None:
            self._tries -= 1
            try:
                self._socket = self._dial.places[self._place].socket()
            except OSError:
                self._pass_over()
                if not self._tries:
                    raise
        self._writer = self._dial.loop.io(self._socket.fileno(), _WRITE)
        self._writer.start(self._on_connected)

    def _pass_over(self) -> None:
        """The next connection, of this stream or of another one, is not tried here first."""
        after = (self._place + 1) % len(self._dial.places)
        if self._dial.first == self._place:
            self._dial.first = after
        self._place = after

    def _on_connected(self) -> None:
        assert self._socket is not None  # noqa: S101 - only the watcher of an open socket calls this
        error = self._socket.getsockopt(SOL_SOCKET, SO_ERROR)
        if error:
            self._not_connected(error)
            return
        self._is_connected, self._dial.first = True, self._place
        self._stop_writing()
        self._reader = self._dial.loop.io(self._socket.fileno(), _READ)
        self._reader.start(self._on_readable)
        if self._dial.tls is not None:
            self._tls = self._dial.tls()
        self._owner.connected()

    def _not_connected(self, error: int) -> None:
        """This address does not take us: go on with the next one, where there is one."""
        self.close()
        if self._tries:
            try:
                self._connect()
            except OSError as failure:
                error = failure.errno or error
            else:
                return
        self._owner.ended(End.UNREACHABLE, os.strerror(error), monotonic())

    def _on_readable(self) -> None:
        assert self._socket is not None  # noqa: S101 - only the watcher of an open socket calls this
        try:
            data = self._socket.recv(_RECEIVE_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as failure:
            self._end(End.RESET, failure.strerror or "")
            return
        at = monotonic()
        if not data:
            self._end(End.CLOSED)
            return
        if self._tls is not None:
            try:
                data = self._tls.receive(data)
            except OSError as failure:
                self._end(End.UNREACHABLE, f"TLS: {failure}")
                return
            self.send(b"")
        self._owner.arrived(data, at)

    def _sent(self, data: bytes | bytearray) -> int:
        if self._socket is None or not data:
            return len(data)
        try:
            return self._socket.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            # What the peer said before it closed is still to be read; reading finds the end after it.
            return len(data)

    def _hold(self, data: bytes) -> None:
        self._unsent = bytearray(data)
        if self._writer is None and self._socket is not None:
            self._writer = self._dial.loop.io(self._socket.fileno(), _WRITE)
            self._writer.start(self._on_writable)

    def _on_writable(self) -> None:
        if self._unsent:
            del self._unsent[: self._sent(self._unsent)]
        if not self._unsent:
            self._unsent = None
            self._stop_writing()

    def _stop_writing(self) -> None:
        self._writer.stop()
        self._writer.close()
        self._writer = None

    def _end(self, end: End, detail: str = "") -> None:
        self.close()
        self._owner.ended(end, detail, monotonic())


def _narrow(socket: Socket) -> None:
    socket.setsockopt(SOL_SOCKET, SO_RCVBUF, _NARROW)
    with suppress(OSError):  # not every system lets a segment be so small
        socket.setsockopt(IPPROTO_TCP, TCP_MAXSEG, _SEGMENT)
