"""A tap: whoever connects, by Socket.IO, a native WebSocket or a stream, is sent what `POST /pour` asks for.

For benchmarks of clients, so it does as little as it can: raw sockets and one epoll, no heartbeats, no tokens. Who
connects is known by a `crowd-NUMBER` in what they send. While it pours it does nothing else, so that each message goes
out on its time; the body of `/pour` is a message, in which `$k` is the number of its group and `$at` the moment of its
sending on the monotonic clock. Message N of a pour goes to connection N, and to the first again after the last.
"""

import base64
import hashlib
import json
import os
import re
import select
import socket
import sys
import time
from typing import Final
from urllib.parse import parse_qs, urlsplit

from benchmarks.serving.process import READY

_OPENING: Final = '0{"sid":"s","upgrades":[],"pingInterval":120000,"pingTimeout":30000,"maxPayload":1000000}'
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY: Final = re.compile(rb"sec-websocket-key: *(\S+)", re.IGNORECASE)
_WHO: Final = re.compile(rb"crowd-(\d+)")
_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_STREAM: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
_TOGETHER: Final = 0.001
"""Seconds whose messages go out at once, in the first moment of them: a server seldom tells one alone."""
_SPIN: Final = 0.0001
"""Seconds before a message's time at which sleeping ends: the system wakes nobody earlier than it must."""


def due_at(began: float, index: int, rate: float) -> float:
    """When a message of a pour goes out, of so many a second."""
    return began + int(index / rate / _TOGETHER) * _TOGETHER


def frame(text: str) -> bytes:
    """A text frame of a server (RFC 6455, 5.2)."""
    data = text.encode()
    size = len(data)
    head = bytes((0x81, size)) if size < 126 else bytes((0x81, 126)) + size.to_bytes(2, "big")
    return head + data


def unmasked(data: bytes) -> bytes:
    """What the first frame of a client says; short ones alone, as clients send here."""
    size = data[1] & 0x7F
    start = 2 if size < 126 else 4
    key, payload = data[start : start + 4], data[start + 4 :]
    return bytes(byte ^ key[place % 4] for place, byte in enumerate(payload))


class Connection:
    """One client, from its first byte on."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.received = b""
        self.is_socketio = False
        self.is_open = False
        self.number = -1
        """Who it is, once that is said."""


class Tap:
    """Everybody who is there, by number."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._known: dict[int, Connection] = {}
        self._everyone: dict[int, Connection] = {}
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self._listener.setblocking(False)
        self._epoll.register(self._listener, select.EPOLLIN)
        self._epoll.register(sys.stdin, select.EPOLLIN)
        host, port = self._listener.getsockname()
        print(f"{READY}http://{host}:{port}", flush=True)

    def serve(self) -> None:
        """Until standard input ends."""
        while True:
            for number, _ in self._epoll.poll():
                if number == self._listener.fileno():
                    self._accept()
                elif number == sys.stdin.fileno():
                    if not os.read(number, 4096):
                        return
                else:
                    self._read(self._known[number])

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except BlockingIOError:
                return
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._known[sock.fileno()] = Connection(sock)
            self._epoll.register(sock, select.EPOLLIN)

    def _read(self, connection: Connection) -> None:
        try:
            data = connection.sock.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._everyone.pop(connection.number, None)
            self._epoll.unregister(connection.sock)
            del self._known[connection.sock.fileno()]
            connection.sock.close()
        elif connection.is_open:
            self._joined(connection, data)
        else:
            connection.received += data
            if b"\r\n\r\n" in connection.received:
                self._answer(connection)

    def _answer(self, connection: Connection) -> None:
        head, _, body = connection.received.partition(b"\r\n\r\n")
        path = urlsplit(head.split(b" ", 2)[1].decode())
        if path.path == "/pour":
            length = _LENGTH.search(head)
            if length and len(body) == int(length[1]):
                connection.received = b""
                asked = {name: float(given[0]) for name, given in parse_qs(path.query).items()}
                sent = self._pour(body.decode(), asked["rate"], asked["seconds"], int(asked["group"]), asked["from"])
                rate = sent / (time.monotonic() - asked["from"])
                answer = json.dumps({"sent": sent, "rate": rate}).encode()
                connection.sock.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer))
            return
        connection.is_open = True
        key = _KEY.search(head)
        if key is None:
            connection.sock.send(_STREAM)
            self._is_there(connection, head)
            return
        accept = base64.b64encode(hashlib.sha1(key[1] + _GUID).digest())  # noqa: S324 - RFC 6455 has it so
        connection.is_socketio = path.path.startswith("/socket.io")
        connection.sock.send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + (frame(_OPENING) if connection.is_socketio else b"")
        )
        if not connection.is_socketio:
            self._is_there(connection, head)

    def _joined(self, connection: Connection, data: bytes) -> None:
        """The one thing that a client says: that it joins the main namespace."""
        if connection.is_socketio and (said := unmasked(data)).startswith(b"40"):
            self._is_there(connection, said)
            connection.sock.send(frame('40{"sid":"c"}'))

    def _is_there(self, connection: Connection, said: bytes) -> None:
        if who := _WHO.search(said):
            connection.number = int(who[1])
            self._everyone[connection.number] = connection

    def _pour(self, message: str, rate: float, seconds: float, group: int, began: float) -> int:
        """Send each message on its time; how many there were."""
        everyone = [self._everyone[number] for number in sorted(self._everyone)]
        number = int(rate * seconds)
        for index in range(number):
            due = due_at(began, index, rate)
            while (left := due - time.monotonic()) > 0:
                if left > _SPIN:
                    time.sleep(left - _SPIN)
            connection = everyone[index % len(everyone)]
            text = message.replace("$k", str(index // group)).replace("$at", repr(time.monotonic()))
            connection.sock.send(text.encode() if text.endswith("\n\n") else frame(text))
        return number


if __name__ == "__main__":
    Tap().serve()
