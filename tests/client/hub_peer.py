"""What the tests of the hub share: a listener, a hub in a thread of its own, and a server that does as it is told."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import gevent
from gevent.queue import Queue

from eventproof.client.hub import Hub
from eventproof.client.hub_connection import Closure, HubConnection
from eventproof.wire import websocket
from eventproof.wire.connection import AckReceived, EventReceived

_T = TypeVar("_T")
TIMEOUT = 5.0
OPEN = '0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'
CONNECT = '40{"sid":"c"}'


class Heard:
    """A listener that tells what it heard, in order."""

    def __init__(self) -> None:
        self.told: Queue[tuple[Any, ...]] = Queue()

    def opened(self, connection: HubConnection, at: float) -> None:
        self.told.put_nowait(("opened", connection.name))

    def received(self, connection: HubConnection, event: EventReceived, at: float) -> None:
        self.told.put_nowait(("received", event.name, event.args))

    def acknowledged(self, connection: HubConnection, ack: AckReceived, at: float) -> None:
        self.told.put_nowait(("acknowledged", ack.id, ack.args))

    def disconnected(self, connection: HubConnection, at: float) -> None:
        self.told.put_nowait(("disconnected",))

    def closed(self, connection: HubConnection, how: Closure, at: float) -> None:
        self.told.put_nowait(("closed", how))

    def next(self) -> tuple[Any, ...]:
        told: tuple[Any, ...] = self.told.get(timeout=TIMEOUT)
        return told


def _isolated(work: Callable[[], _T]) -> _T:
    """Run in a thread with a gevent hub of its own, which ends with it."""

    def run() -> _T:
        try:
            return work()
        finally:
            gevent.get_hub().destroy(destroy_loop=True)

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(run).result()


def with_hub(url: str, work: Callable[[Hub, Heard], _T], **options: Any) -> _T:
    def run() -> _T:
        hub, heard = Hub(url, **options), Heard()
        try:
            return work(hub, heard)
        finally:
            hub.close()

    return _isolated(run)


async def beside(url: str, work: Callable[[Hub, Heard], _T], **options: Any) -> _T:
    """The same while this thread's event loop serves."""
    return await asyncio.to_thread(lambda: with_hub(url, work, **options))


class Peer:
    """A server of one connection that does as it is told, byte by byte."""

    def __init__(self, script: Callable[["Peer"], object]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(TIMEOUT)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._script = script
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        self.connection, self.address = self._listener.accept()
        self.connection.settimeout(TIMEOUT)
        with self.connection, contextlib.suppress(OSError):
            self._script(self)

    def accept(self) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.connection.recv(4096)
        key = next(line for line in head.decode().split("\r\n") if line.lower().startswith("sec-websocket-key"))
        token = websocket.accept_token(key.partition(":")[2].strip())
        self.raw(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {token}\r\n\r\n".encode()
        )

    def raw(self, data: bytes) -> None:
        self.connection.sendall(data)

    def text(self, message: str) -> None:
        self.frame(0x81, message.encode())

    def frame(self, first: int, payload: bytes) -> None:
        self.raw(bytes((first, len(payload))) + payload)

    def open(self, handshake: str = OPEN) -> None:
        self.accept()
        self.text(handshake)
        self.connection.recv(4096)
        self.text(CONNECT)

    def until_closed(self) -> bytes:
        """What the client sent until it closed."""
        received = b""
        while data := self.connection.recv(65536):
            received += data
        return received

    def stop(self) -> None:
        self._thread.join(TIMEOUT)
        self._listener.close()


@contextlib.contextmanager
def peer_of(script: Callable[[Peer], object]) -> Iterator[Peer]:
    peer = Peer(script)
    try:
        yield peer
    finally:
        peer.stop()
