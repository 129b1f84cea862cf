"""Clients by the ten thousand in one process, of Socket.IO, streams and native WebSockets: one non-blocking socket and
one gevent hub watcher each.

No greenlet and no thread per connection or message.
"""

import socket
import ssl
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Any

import gevent

from eventproof.wire import engineio, http, websocket
from eventproof.wire.connection import Recovery

from .address import Address, unreachable
from .hub_connection import HubConnection, HubListener
from .hub_native import HubNative
from .hub_socketio import HubSocketIO
from .hub_sse import HubSse
from .sources import Sources
from .stream import Dial, Place
from .tls import Tls

__all__ = ["Hub"]

Headers = tuple[tuple[str, str], ...]


class Hub:
    """All connections of this process to one server.

    `sources` are local addresses to connect from, in turn: each has its own 28,000 ports. Towards loopback further
    addresses are taken as they are needed. At most `opening` connections are being opened at once; the others wait
    their turn. A connection that is not open after `patience` seconds is given up, as is one that lets more than
    `max_unsent` bytes wait, or brings a message of more than `max_message` bytes. What a listener raises goes to
    `on_fault`, or to gevent, which prints it.
    Raises TargetUnavailable where the host has no address.
    """

    def __init__(
        self,
        base_url: str,
        *,
        path: str = "/socket.io/",
        headers: Iterable[tuple[str, str]] = (),
        sources: Sequence[str] = (),
        opening: int = 64,
        patience: float = 10.0,
        max_unsent: int = 64 * 1024,
        max_message: int = 16 * 1024 * 1024,
        ssl_context: ssl.SSLContext | None = None,
        on_fault: Callable[[Exception], None] | None = None,
    ) -> None:
        address = Address.parse(base_url)
        places = [Place(family, place, Sources(sources, place[0])) for family, place in _resolved(address)]
        tls = partial(Tls, address.host, ssl_context) if address.tls else None
        self.patience = patience
        self.max_message = max_message
        self.on_fault = on_fault
        self._loop = gevent.get_hub().loop
        self.dial = Dial(self._loop, places, tls, max_unsent)
        self.narrow = self.dial.narrow()
        self._address, self._path, self._headers = address, path, tuple(headers)
        self._ask = self._asking_socketio()
        self._limit = opening
        self._starting = False
        self._waiting: deque[HubConnection] = deque()
        self._opening: set[HubConnection] = set()
        self._connections: set[HubConnection] = set()
        self._sweeper = self._loop.timer(1.0, 1.0, ref=False)
        self._sweeper.start(self._sweep)

    def __len__(self) -> int:
        """How many connections are open or being opened."""
        return len(self._connections)

    def open(
        self,
        listener: HubListener,
        auth: Any = None,
        namespace: str = "/",
        name: Any = None,
        recover: Recovery | None = None,
        headers: Iterable[tuple[str, str]] = (),
        query: Mapping[str, str] | None = None,
    ) -> HubSocketIO:
        """Begin to connect; the listener hears what comes of it, never before this returns.

        `recover` is the `recovery` of a connection that has ended, to go on from there. `headers` and `query` go with
        the request for a WebSocket.
        """
        ask = self._asking_socketio(tuple(headers), query) if headers or query else self._ask
        connection = HubSocketIO(self, listener, auth, namespace, name, recover, ask)
        self._add(connection)
        return connection

    def stream(
        self,
        listener: HubListener,
        path: str,
        *,
        name_at: str | None = None,
        name: Any = None,
        recover: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> HubSse:
        """Begin to ask for a stream, after the event of the id `recover`; otherwise as `open`. `path` has its query."""
        resumed = (("Last-Event-ID", recover),) if recover else ()
        target = self._address.target(path)
        fields = (("Accept", "text/event-stream"), ("Cache-Control", "no-store"), *self._headers, *headers, *resumed)
        request = http.get_request(self._address.authority, target, fields)
        connection = HubSse(self, listener, request, name_at=name_at, name=name, recover=recover)
        self._add(connection)
        return connection

    def websocket(
        self,
        listener: HubListener,
        path: str,
        *,
        name_at: str | None = None,
        name: Any = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> HubNative:
        """Begin to ask for a native WebSocket; otherwise as `open`. `path` has its query."""
        ask = self._asking(self._address.target(path), tuple(headers))
        connection = HubNative(self, listener, ask, name_at=name_at, name=name)
        self._add(connection)
        return connection

    def _add(self, connection: HubConnection) -> None:
        self._connections.add(connection)
        self._waiting.append(connection)
        self._start_some_soon()

    def _asking_socketio(self, headers: Headers = (), query: Mapping[str, str] | None = None) -> Callable[[str], bytes]:
        return self._asking(self._address.asked(self._path, engineio.query("websocket", None, query)), headers)

    def _asking(self, target: str, headers: Headers) -> Callable[[str], bytes]:
        """What makes the request for a WebSocket of its key."""
        fields = (*self._headers, *headers)
        return partial(websocket.handshake_request, self._address.authority, target, headers=fields)

    def close(self) -> None:
        """Close every connection and the hub itself."""
        self._waiting.clear()
        for connection in tuple(self._connections):
            connection.close()
        self._sweeper.stop()
        self._sweeper.close()

    def has_opened(self, connection: HubConnection) -> None:
        """A connection is open: another one may be opened."""
        self._opening.discard(connection)
        self._start_some_soon()

    def has_ended(self, connection: HubConnection) -> None:
        """A connection is gone."""
        self._connections.discard(connection)
        self.has_opened(connection)

    def _start_some_soon(self) -> None:
        if self._waiting and len(self._opening) < self._limit and not self._starting:
            self._starting = True
            self._loop.run_callback(self._start_some)

    def _start_some(self) -> None:
        while self._waiting and len(self._opening) < self._limit:
            connection = self._waiting.popleft()
            if connection in self._connections:
                self._opening.add(connection)
                connection.start()
        self._starting = False

    def _sweep(self) -> None:
        """One timer for all: end those whose next sign of life is overdue."""
        now = monotonic()
        for connection in [late for late in self._connections if now > late.due]:
            connection.expire()


def _resolved(address: Address) -> list[tuple[int, Any]]:
    """The addresses of the server, in the order in which they are tried."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise unreachable(address, error) from None
    return [(family, place) for family, _, _, _, place in found]
