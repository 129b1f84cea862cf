"""The door: connections are let in as long as there is a place for them, and everyone else waits outside.

asyncio's own server goes on accepting when the process may open no more files: it logs a stack trace for each of up to
4,096 attempts, and again each second. This one stops at a number below that. Then whoever has waited longest without
having logged in makes room, and one line tells of it every few seconds. Those outside wait in the kernel's queue.
"""

import asyncio
import errno
import socket
from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog

from ..logs import Seldom
from ..metrics import Metrics
from ..places import Places
from .callers import Callers
from .http import HttpProtocol

_AT_ONCE: Final = 64
"""Connections that are accepted, or closed, before anything else has its turn."""
_MISSING: Final = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})
"""What the system says of an address whose family, or which itself, it has not."""
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""What the system says where it is the one that has no room."""
_RECOVERY: Final = 1.0
"""Seconds for which it is not asked again then."""
_LOOK: Final = 0.25
"""Seconds from one look for somebody who makes room to the next."""
_GRACE: Final = 1.0
"""Seconds for which nobody is asked to make room."""
_SHARE: Final = 16
"""One of so many is asked at a time."""
_BACKLOG: Final = 4096
_log = structlog.get_logger("door")


class Door:
    """Listens on these sockets; whoever comes in speaks the protocol that `greet` gives."""

    def __init__(
        self,
        listening: Sequence[socket.socket],
        greet: Callable[[], HttpProtocol],
        places: Places,
        callers: Callers[HttpProtocol],
        metrics: Metrics,
        head_timeout: float,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.listening = listening
        self._greet = greet
        self._places = places
        self._callers = callers
        self._metrics = metrics
        self._head_timeout = head_timeout
        self._tell = Seldom(_log.warning)
        self._ajar = False
        """Whether connections are accepted."""
        self._look: asyncio.TimerHandle | None = None
        self._sweep: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """Begin to let people in. Raises OSError where another program listens there."""
        try:
            for listener in self.listening:
                listener.setblocking(False)
                listener.listen(_BACKLOG)
        except OSError:
            self.close()
            raise
        self._reopen()
        self._hurry()

    def close(self) -> None:
        """Let nobody in any more; those who are in stay."""
        self._shut()
        for timer in (self._look, self._sweep):
            if timer is not None:
                timer.cancel()
        self._look = None
        for listener in self.listening:
            listener.close()

    # Accepting.

    def _accept(self, listener: socket.socket) -> None:
        if self._places.full:
            self._metrics.met("max_connections")
            self._shut()
            self._make_room()
            self._look_in(_LOOK)
            return
        for _ in range(_AT_ONCE):
            try:
                accepted, _address = listener.accept()
            except OSError as failure:
                if failure.errno in _EXHAUSTED:
                    self._out_of_files(failure)
                # Anything else is about that one connection, or about none: accept(2).
                return
            self._places.take()
            self._let_in(_Counted(accepted, self._left))
            if self._places.full:
                break
        if self._places.crowded:
            self._make_room()

    def _let_in(self, accepted: "_Counted") -> None:
        """As asyncio's own server does, but for the task in which that waits until the protocol has been told."""
        loop: Any = self._loop
        try:
            loop._make_socket_transport(accepted, self._greet())
        except OSError:  # It has gone already.
            accepted.close()

    def _left(self) -> None:
        """A connection is closed, and its place is free."""
        self._places.free()
        if self._look is not None and not self._places.full:
            self._reopen()

    def _out_of_files(self, failure: OSError) -> None:
        self._metrics.met("max_connections")
        self._tell("out-of-files", connections=self._places.taken, error=failure.strerror)
        self._shut()
        self._look_in(_RECOVERY)

    # Full.

    def _shut(self) -> None:
        if self._ajar:
            self._ajar = False
            for listener in self.listening:
                self._loop.remove_reader(listener)

    def _reopen(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None
        self._ajar = True
        for listener in self.listening:
            self._loop.add_reader(listener, self._accept, listener)

    def _look_in(self, seconds: float) -> None:
        self._look = self._loop.call_later(seconds, self._look_again)

    def _look_again(self) -> None:
        self._look = None
        if self._places.full:
            self._make_room()
            self._look_in(_LOOK)
        else:
            self._reopen()

    def _make_room(self) -> None:
        """There are more than may stay: close a few of those whose turn it is and who do nothing."""
        few = max(1, min(_AT_ONCE, self._places.most // _SHARE))
        leaving = self._callers.waiting(self._loop.time() - _GRACE, few)
        self._let_go(leaving, "max_connections")
        self._tell("full", connections=self._places.taken, most=self._places.most, closed=len(leaving))

    # Those who are in, and do not go on.

    def _hurry(self) -> None:
        """Close those who have not gone on in time, of a crowd a few in each round."""
        leaving = self._callers.waiting(self._loop.time() - self._head_timeout, _AT_ONCE)
        self._let_go(leaving, "head_timeout")
        seconds = 0.0 if len(leaving) == _AT_ONCE else min(1.0, self._head_timeout / 4)
        self._sweep = self._loop.call_later(seconds, self._hurry)

    def _let_go(self, leaving: Sequence[HttpProtocol], limit: str) -> None:
        for caller in leaving:
            self._callers.forget(caller)
            self._metrics.met(limit)
            caller.cut()


class _Counted(socket.socket):
    """A socket whose end is told once, whoever closes it and whatever was spoken on it."""

    __slots__ = ("_on_closed",)

    def __init__(self, accepted: socket.socket, on_closed: Callable[[], None]) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        self.setblocking(False)
        self._on_closed: Callable[[], None] | None = on_closed

    def close(self) -> None:
        super().close()
        on_closed, self._on_closed = self._on_closed, None
        if on_closed is not None:
            on_closed()


async def bound(host: str, port: int) -> list[socket.socket]:
    """Sockets on every address of this host, not listening yet.

    Those that the system has not are passed over where it has another. Raises OSError where one cannot be had.
    """
    found: list[socket.socket] = []
    missing: OSError | None = None
    loop = asyncio.get_running_loop()
    addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    try:
        for family, kind, protocol, _, address in dict.fromkeys(addresses):
            try:
                found.append(_bound(family, kind, protocol, address))
            except OSError as failure:
                if failure.errno not in _MISSING:
                    raise
                missing = failure
        if missing is not None and not found:
            raise missing
    except BaseException:
        for listener in found:
            listener.close()
        raise
    return found


def _bound(family: int, kind: int, protocol: int, address: Any) -> socket.socket:
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # Those that it accepts have it from here.
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
    except BaseException:
        listener.close()
        raise
    return listener
