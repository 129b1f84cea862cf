"""The namespaces of a mock: python-socketio, on polling and on WebSockets.

A client's events are worked on one after the other, and nothing more of it is read while too much waits for it: the
library's own queues have no bound.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final

import socketio
from aiohttp import web
from socketio import packet

from eventproof.catalog import Ack, Channel, Event
from eventproof.catalog.arguments import Arguments, payload_of
from eventproof.catalog.event import CALLBACK

from .house import FULL, LARGEST, MOST_CLIENTS, Client, House
from .origins import Origins
from .outbox import MOST_WAITING
from .script import in_a_line

__all__ = ["SocketIO"]

_MOST_ATTACHMENTS: Final = 10
_MOST_OWED: Final = 100
"""A client that owes so many acknowledgements is asked for no more."""
_GLANCE: Final = 0.05
_ANY: Final = "*"


class _Packet(packet.Packet):  # type: ignore[misc]  # socketio ships no types
    """One that announces as many attachments as it likes would fill the memory with them."""

    def decode(self, encoded_packet: Any) -> int:
        """The number of attachments. Raises ValueError where there are too many."""
        announced: int = super().decode(encoded_packet)
        if announced > _MOST_ATTACHMENTS:
            raise ValueError(f"an event with {announced} attachments; {_MOST_ATTACHMENTS} are taken")
        return announced


class _Told(logging.Handler):
    """What the libraries have to say of a client that breaks their protocols, in a line."""

    def __init__(self, house: House) -> None:
        super().__init__(logging.WARNING)
        self._house = house

    def emit(self, record: logging.LogRecord) -> None:
        """Part of logging."""
        error = record.exc_info[1] if record.exc_info else None
        why = f": {type(error).__name__}: {error}" if error else ""
        text = record.getMessage().partition(" (further occurrences")[0]
        self._house.complain(f"Socket.IO: {text}{why}")


class SocketIO:
    """All namespaces of one mock, on one path."""

    def __init__(self, house: House, channels: Iterable[Channel], origins: Origins) -> None:
        self._house = house
        self._channels = {channel.address: channel for channel in channels}
        self._clients: dict[tuple[str, str], Client] = {}
        """By namespace and id."""
        self._known = ", ".join(self._channels)
        self._greetings: set[asyncio.Task[None]] = set()
        logger = logging.Logger("eventproof.mock", logging.WARNING)
        logger.addHandler(_Told(house))
        self._server = socketio.AsyncServer(
            async_mode="aiohttp",
            async_handlers=False,
            namespaces=_ANY,
            serializer=_Packet,
            max_http_buffer_size=LARGEST,
            logger=logger,
            engineio_logger=logger,
            cors_allowed_origins=origins.allows,
        )
        for name, handler in (("connect", self._connect), ("disconnect", self._disconnect), (_ANY, self._hear)):
            self._server.on(name, handler, namespace=_ANY)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """A request on its path."""
        if "sid" not in request.query and len(self._server.eio.sockets) >= MOST_CLIENTS:
            return web.Response(status=503, text=FULL)
        answer: web.StreamResponse = await self._server.handle_request(request)
        return answer

    async def end(self) -> None:
        """Stop what the library does of its own accord."""
        await self._server.shutdown()

    async def _connect(self, namespace: str, sid: str, _environ: Any = None, auth: Any = None) -> None:
        """Nothing may come between a client's admission and its CONNECT, so it is greeted in a task."""
        if (namespace, sid) in self._clients:
            self._house.complain(f"connect on {namespace}: no event may have this name")
            return
        channel = self._channels.get(namespace)
        if channel is None:
            self._house.complain(f"CONNECT to {namespace}: there is no such namespace; there is {self._known}")
            raise socketio.exceptions.ConnectionRefusedError(f"this mock has no namespace {namespace}")
        if self._house.is_full:
            raise socketio.exceptions.ConnectionRefusedError(FULL)
        lacking = sorted(set(channel.auth) - set(auth if isinstance(auth, Mapping) else {}))
        if lacking:
            self._house.complain(f"CONNECT to {namespace} has no {', '.join(lacking)} in its auth")
        client = self._house.enter(channel, {}, _Sender(self._server, namespace, sid, self._house))
        self._clients[namespace, sid] = client
        greeting = asyncio.create_task(self._house.greet(client))
        self._greetings.add(greeting)
        greeting.add_done_callback(self._greetings.discard)

    async def _disconnect(self, namespace: str, sid: str, _reason: Any = None) -> None:
        client = self._clients.pop((namespace, sid), None)
        if client is not None:
            self._house.leave(client)

    async def _hear(self, name: str, namespace: str, sid: str, *arguments: Any) -> Any:
        client = self._clients.get((namespace, sid))
        if client is None:
            return self._server.not_handled
        heard = await self._house.hear(client, name, payload_of(arguments))
        # The library's queue tells nobody that it has room again.
        while (namespace, sid) in self._clients and waiting(self._server, namespace, sid) >= MOST_WAITING:  # noqa: ASYNC110
            await asyncio.sleep(_GLANCE)
        return self._server.not_handled if heard.arguments is None else heard.arguments


def waiting(server: Any, namespace: str, sid: str) -> int:
    """How many packets wait for a client."""
    session = server.eio.sockets.get(server.manager.eio_sid_from_sid(sid, namespace))
    return 0 if session is None else session.queue.qsize()


class _Sender:
    """How one client of a namespace is reached."""

    def __init__(self, server: Any, namespace: str, sid: str, house: House) -> None:
        self._server, self._namespace, self._sid, self._house = server, namespace, sid, house
        self._owed = 0

    async def __call__(self, event: Event, payload: Any, /) -> bool:
        if waiting(self._server, self._namespace, self._sid) >= MOST_WAITING:
            return False
        callback = None
        if event.ack is not None and event.ack.by == CALLBACK and self._owed < _MOST_OWED:
            self._owed += 1
            callback = partial(self._acknowledged, event.name, event.ack)
        arguments = tuple(payload) if isinstance(payload, Arguments) else () if payload is None else (payload,)
        await self._server.emit(event.name, arguments, to=self._sid, namespace=self._namespace, callback=callback)
        return True

    def _acknowledged(self, name: str, ack: Ack, *arguments: Any) -> None:
        self._owed -= 1
        payload = payload_of(arguments)
        if not ack.fits(payload):
            self._house.complain(f"the acknowledgement of {name}: {in_a_line(ack.explain(payload))}")
