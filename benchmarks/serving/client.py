"""The client: raw sockets and one epoll, so that one core of Python can keep a fast server busy.

It answers heartbeats, follows no other rule of the protocols, and waits for nothing longer than its deadline.
"""

import json
import os
import select
import socket
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from . import frames

__all__ = ["Call", "Client", "Connection", "Failed", "Request"]

_AT_ONCE: Final = 64
_SCENE_LASTS: Final = 120.0
_SOURCES: Final = 5_000
"""Connections from one address: there are 28,000 ports."""
_READ: Final = 1 << 18
_READY: Final = select.EPOLLIN | select.EPOLLRDHUP
_BIND_ADDRESS_NO_PORT: Final = 24
_KEY: Final = "dGhlIHNhbXBsZSBub25jZQ=="
_UPGRADE: Final = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {host}\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Key: {_KEY}\r\nSec-WebSocket-Version: 13\r\n{{offer}}\r\n"
)
_OFFER: Final = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"


class Failed(Exception):
    """The server did not do in time what is measured, or did something else; says what."""


class Connection:
    """One socket. `rest` is what came and is not whole yet; `inflate` is for what the server compresses."""

    __slots__ = ("fileno", "inflate", "rest", "send", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.fileno = sock.fileno()
        self.send = sock.send
        self.rest = b""
        self.inflate: Callable[[bytes], bytes] | None = None

    def count(self, data: bytes) -> int:
        """How many frames this completes; a heartbeat is answered, and none of them."""
        whole, pings, self.rest = frames.count(self.rest + data if self.rest else data)
        if pings:
            self.send(frames.PONG * pings)
        return whole - pings

    def said(self) -> list[bytes]:
        """What the whole frames of `rest` say."""
        said, self.rest = frames.payloads(self.rest, self.inflate)
        return said


@dataclass(frozen=True, slots=True)
class Request:
    """A request of HTTP/1.1, ready to be sent."""

    data: bytes

    @classmethod
    def of(cls, method: str, path: str, token: str, body: Mapping[str, Any] | None = None) -> Self:
        """One with this token, and with this body as JSON."""
        content = b"" if body is None else json.dumps(body).encode()
        kind = "" if body is None else "Content-Type: application/json\r\n"
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n{kind}"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        return cls(head.encode() + content)


class Call:
    """Calls on a connection that stays open, one at a time."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.status = 0
        self.body = b""
        self._received = b""

    def send(self, request: Request) -> None:
        """Begin."""
        self._received = b""
        self.connection.send(request.data)

    def answered(self, data: bytes) -> bool:
        """Whether this completes the answer. Raises Failed where it is no 2xx."""
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return False
        lines = head.decode("latin-1").lower().split("\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith("content-length:")), 0)
        if len(body) < length:
            return False
        self.status, self.body = int(lines[0].split()[1]), body
        if not 200 <= self.status < 300:
            raise Failed(f"the server answered {self.status}: {body[:200].decode(errors='replace')}")
        return True


class Client:
    """All connections to one server; `seconds` is how long a scene may take."""

    def __init__(self, host: str, port: int, seconds: float) -> None:
        self._address = (host, port)
        self._upgrade = {
            offers: _UPGRADE.format(host=f"{host}:{port}", offer=_OFFER if offers else "").encode()
            for offers in (False, True)
        }
        self._until = time.perf_counter() + seconds
        self._seconds = seconds
        self._epoll = select.epoll()
        self._connections: dict[int, Connection] = {}
        self._made = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in list(self._connections.values()):
            self.close(connection)
        self._epoll.close()

    # Connections.

    def dial(self) -> Connection:
        """A TCP connection. Raises OSError."""
        sock = socket.socket()
        sock.settimeout(5)
        sock.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
        sock.bind((f"127.0.1.{1 + self._made // _SOURCES % 250}", 0))
        self._made += 1
        sock.connect(self._address)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(sock)
        self._connections[connection.fileno] = connection
        self._epoll.register(connection.fileno, _READY)
        return connection

    def drop(self, connection: Connection) -> None:
        """Take no more notice of it, and leave it open."""
        self._epoll.unregister(connection.fileno)
        del self._connections[connection.fileno]

    def close(self, connection: Connection) -> None:
        """End it."""
        self.drop(connection)
        connection.sock.close()

    def poll(self, seconds: float) -> Iterator[tuple[Connection, bytes]]:
        """What came within this time, at once where anything has. What the server has ended is closed, and gives b"".

        Raises Failed behind the deadline.
        """
        if time.perf_counter() > self._until:
            raise Failed(f"it took more than {self._seconds:.0f} s")
        known = self._connections
        for fileno, _ in self._epoll.poll(seconds, 1024):
            connection = known.get(fileno)
            if connection is None:
                continue
            try:
                data = connection.sock.recv(_READ)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                self.close(connection)
            yield connection, data

    def rest(self, seconds: float) -> None:
        """Do what heartbeats ask for, and nothing else."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            for connection, data in self.poll(left):
                connection.count(data)

    # Socket.IO.

    def connect(self, tokens: Sequence[str], *, offers: bool = False, at_once: int = _AT_ONCE) -> list[Connection]:
        """A connection a token, in their order, on Socket.IO by WebSocket and authenticated; so many at once.

        `offers` permessage-deflate. Raises Failed where one is refused or ended, OSError.
        """
        joins = [frames.masked(f'40{{"token":"{token}"}}') for token in tokens]
        opened: dict[int, Connection] = {}
        upgrade, wanted, coming = self._upgrade[offers], len(joins), iter(range(len(joins)))
        waiting: dict[Connection, int] = {}
        """Whose turn it is; with a minus (and one more) once it has said its token."""

        def begin() -> None:
            for number in coming:
                connection = self.dial()
                waiting[connection] = number
                connection.send(upgrade)
                break

        for _ in range(at_once):
            begin()
        while len(opened) < wanted:
            for connection, data in self.poll(1.0):
                number = waiting.get(connection)
                if number is None:
                    connection.count(data)
                    continue
                if not data:
                    raise Failed("the server ended a connection before it was in")
                connection.rest += data
                if number >= 0:
                    if _open_packet(connection):
                        waiting[connection] = ~number
                        connection.send(joins[number])
                elif _joined(connection):
                    del waiting[connection]
                    opened[~number] = connection
                    begin()
        return [opened[number] for number in range(wanted)]

    # HTTP.

    def call(self, call: Call, request: Request) -> Any:
        """Make one call, and give its answer's JSON. Raises Failed."""
        call.send(request)
        until = time.perf_counter() + 10
        while time.perf_counter() < until:
            for connection, data in self.poll(1.0):
                if connection is not call.connection:
                    connection.count(data)
                elif call.answered(data):
                    return json.loads(call.body) if call.body else None
        raise Failed("a call was not answered within 10 s")

    def streams(self, path: str, tokens: Sequence[str], at_once: int = _AT_ONCE) -> list[Connection]:
        """A stream (Server-Sent Events) a token, each greeted. Raises Failed, OSError."""
        pending = list(reversed(tokens))
        opened: list[Connection] = []
        waiting: set[int] = set()

        def begin() -> None:
            connection = self.dial()
            waiting.add(connection.fileno)
            head = f"GET {path} HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n"
            connection.send(f"{head}Authorization: Bearer {pending.pop()}\r\n\r\n".encode())

        for _ in range(min(at_once, len(tokens))):
            begin()
        while len(opened) < len(tokens):
            for connection, data in self.poll(1.0):
                if connection.fileno not in waiting:
                    continue
                connection.rest += data
                if not data or not connection.rest.startswith(b"HTTP/1.1 200"[: len(connection.rest)]):
                    raise Failed(f"a stream was refused: {connection.rest[:80]!r}")
                if frames.events(connection.rest):
                    connection.rest = b""
                    waiting.discard(connection.fileno)
                    opened.append(connection)
                    if pending:
                        begin()
        return opened


def _open_packet(connection: Connection) -> bool:
    """Whether the WebSocket is open and Engine.IO has said so; what came behind that stays. Raises Failed."""
    if connection.rest.startswith(b"HTTP"):
        head, found, behind = connection.rest.partition(b"\r\n\r\n")
        if not found:
            return False
        if not head.startswith(b"HTTP/1.1 101"):
            raise Failed(f"a connection was refused: {connection.rest[:300].decode(errors='replace')}")
        connection.rest = behind
        if b"permessage-deflate" in head:
            connection.inflate = zlib.decompressobj(-zlib.MAX_WBITS).decompress
    said = connection.said()
    if said and not said[0].startswith(b"0"):
        raise Failed(f"the server begins with {said[0][:40]!r} where Engine.IO has its handshake")
    return bool(said)


def _joined(connection: Connection) -> bool:
    """Whether the namespace is joined. Raises Failed where it is refused."""
    said = connection.said()
    for payload in said:
        if payload.startswith(b"44"):
            raise Failed(f"a connection was refused: {payload[:200].decode(errors='replace')}")
    if any(payload.startswith(b"40") for payload in said):
        connection.inflate = None  # From now on nothing is read, only counted.
        return True
    return False


def vanish(client: Client, connections: Sequence[Connection]) -> int:
    """Hand the connections to a process that keeps them open; with its end, they all end at once. Gives its id."""
    child = os.fork()
    if child == 0:
        try:
            os.nice(19)  # Its end is not to keep those waiting who stay.
            time.sleep(_SCENE_LASTS)
        finally:
            os._exit(0)
    for connection in connections:
        client.close(connection)
    return child
