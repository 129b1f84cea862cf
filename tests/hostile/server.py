"""A server that means harm, one behaviour at a time, over a plain socket: what a client may meet and must outlive.

`BEHAVIOURS` has them by name; each is a function that gets a connection, when its first request has been read, and that
request's head. `Hostile` serves one of them at a free port of this machine, in threads that end with it. Nothing here
knows eventproof.
"""

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

__all__ = ["BEHAVIOURS", "Behaviour", "Hostile", "running"]

Behaviour = Callable[["Hostile", socket.socket, bytes], None]

_BLOCK = b"x" * 64 * 1024
_BOMB = gzip.compress(bytes(4 * 1024 * 1024))
_DRIP = 0.2
"""Seconds between two bytes: no limit on one read ever stops such an answer."""


@dataclass(slots=True)
class Hostile:
    """A running server: its port, and when it is told to end."""

    port: int
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"


def silent(server: Hostile, _connection: socket.socket, _request: bytes) -> None:
    """Accepts, reads, and never says anything."""
    server.over.wait()


def closing(_server: Hostile, _connection: socket.socket, _request: bytes) -> None:
    """Closes the connection without a word."""


def resetting(_server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """Resets the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def babbling(_server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """Answers in a protocol of its own."""
    connection.sendall(b"220 mail.example ESMTP ready\r\n")


def flooding(server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """A header that never ends."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Flood: ")
    _flood(server, connection)


def flooding_body(server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """A body without a length that never ends."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
    _flood(server, connection)


def flooding_chunks(server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """Chunks that never end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    _flood(server, connection, b"10000\r\n" + _BLOCK + b"\r\n")


def dripping_head(server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """The head, byte by byte."""
    _drip(server, connection, b"HTTP/1.1 200 OK\r\nX-Patience: ")


def dripping(server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """The body, byte by byte."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n")
    _drip(server, connection)


def dripping_chunks(server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """The body, chunk by chunk of one byte."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    _drip(server, connection, each=b"1\r\nx\r\n")


def promising_more(_server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """Closes before the body is as long as it says."""
    _answer(connection, b'{"token":', length=1000)


def promising_less(_server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """Sends more than it says."""
    _answer(connection, b'{"token": "t"} and more', length=14)


def lying_about_its_length(_server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """A length that is no number."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}")


def breaking_a_chunk(_server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """A chunk whose length is none."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n")


def bombing(server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """A small body that is two gigabytes when it is unpacked."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n\r\n")
    for _ in range(512):
        if server.over.is_set():
            return
        connection.sendall(_BOMB)


def pretending_gzip(_server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """A body that says gzip and is none."""
    _answer(connection, b'{"token": "t"}', headers={"Content-Encoding": "gzip"})


def nesting(_server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """JSON that is nested 900 deep."""
    _answer(connection, b'{"token": "t", "user": ' + b"[" * 900 + b"]" * 900 + b"}")


def nesting_deeper(_server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """JSON that is nested 100,000 deep."""
    _answer(connection, b"[" * 100_000 + b"]" * 100_000)


def halving_pairs(_server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """Halves of surrogate pairs, in values and in names, in a refusal."""
    _answer(connection, b'{"error": {"code": "\\udc00", "message": "\\ud800"}, "\\udfff": 1}', status=400)


def naming_by_nul(_server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """Ids with a NUL in them, and a token with a line break."""
    body = {"token": "to\nken", "id": "u\0", "tier": "free", "user": {"id": "u\0", "tier": "free"}}
    _answer(connection, json.dumps(body).encode())


def naming_by_options(_server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """Ids that a program would take for an option."""
    body = {"token": "token", "id": "--all", "tier": "free", "user": {"id": "--all", "tier": "free"}}
    _answer(connection, json.dumps(body).encode())


def inventing_charsets(_server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """A charset that does not exist."""
    _answer(connection, b'{"token": "t"}', headers={"Content-Type": "application/json; charset=klingon"})


def redirecting(_server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """Sends everybody round in a circle."""
    _answer(connection, b"", status=302, headers={"Location": "/again"})


def page(_server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """A page for people, whatever was asked."""
    _answer(connection, b"<!doctype html><title>Welcome</title>", headers={"Content-Type": "text/html"})


def failing(_server: Hostile, connection: socket.socket, _request: bytes) -> None:
    """Fails, always."""
    _answer(connection, b"Internal Server Error", status=500, headers={"Content-Type": "text/plain"})


def echoing(_server: Hostile, connection: socket.socket, request: bytes) -> None:
    """Says what it was told, passwords and tokens included, in a refusal."""
    body = json.dumps({"error": {"code": "NO", "message": f"no: {request.decode('latin-1')}"}})
    _answer(connection, body.encode(), status=400)


BEHAVIOURS: Mapping[str, Behaviour] = {
    behaviour.__name__: behaviour
    for behaviour in (
        silent,
        closing,
        resetting,
        babbling,
        flooding,
        flooding_body,
        flooding_chunks,
        dripping_head,
        dripping,
        dripping_chunks,
        promising_more,
        promising_less,
        lying_about_its_length,
        breaking_a_chunk,
        bombing,
        pretending_gzip,
        nesting,
        nesting_deeper,
        halving_pairs,
        naming_by_nul,
        naming_by_options,
        inventing_charsets,
        redirecting,
        page,
        failing,
        echoing,
    )
}


@contextmanager
def running(behaviour: Behaviour, *, spares: str = "") -> Iterator[Hostile]:
    """Serve a behaviour while the block lasts.

    A path that begins with `spares` is answered as a good server would that wants no connection, so that a
    client gets as far as its calls.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        server = Hostile(listener.getsockname()[1])
        threading.Thread(target=_accept, args=(server, listener, behaviour, spares), daemon=True).start()
        try:
            yield server
        finally:
            server.over.set()
            with suppress(OSError):
                socket.create_connection(listener.getsockname()).close()


def _accept(server: Hostile, listener: socket.socket, behaviour: Behaviour, spares: str) -> None:
    while not server.over.is_set():
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(server, connection, behaviour, spares), daemon=True).start()


def _serve(server: Hostile, connection: socket.socket, behaviour: Behaviour, spares: str) -> None:
    with connection, suppress(OSError):
        request = _read(connection)
        path = (request.split(b" ", 2)[1:2] or [b""])[0]
        if spares and path.startswith(spares.encode()):
            refusal = {"error": {"code": "NOT_TODAY", "message": "You may not connect before the doors open."}}
            _answer(connection, json.dumps(refusal).encode(), status=403)
        elif request:
            behaviour(server, connection, request)


def _read(connection: socket.socket) -> bytes:
    """A request with its body, which a client that is answered too early might never finish sending."""
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65536)
        if not part:
            return received
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length and (part := connection.recv(65536)):
        body += part
    return head + b"\r\n\r\n" + body


def _answer(
    connection: socket.socket,
    body: bytes,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    length: int | None = None,
) -> None:
    fields = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body) if length is None else length),
        "Connection": "close",
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    connection.sendall(f"HTTP/1.1 {status} So\r\n{head}\r\n".encode() + body)


def _flood(server: Hostile, connection: socket.socket, block: bytes = _BLOCK) -> None:
    while not server.over.is_set():
        connection.sendall(block)


def _drip(server: Hostile, connection: socket.socket, begin: bytes = b"", each: bytes = b"x") -> None:
    for byte in begin:
        connection.sendall(bytes([byte]))
        if server.over.wait(_DRIP):
            return
    while not server.over.wait(_DRIP):
        connection.sendall(each)
