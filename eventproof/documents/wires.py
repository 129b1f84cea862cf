"""On which wire the channels of a document are: there is no binding for Socket.IO and none for SSE, so evidence tells.

What counts is what stands there, the most telling first; what a person says outweighs it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from eventproof.catalog import Direction, Wire
from eventproof.catalog.reading import Weight
from eventproof.errors import ContractError

from .described import Described, Place
from .library import Node
from .wanted import Wanted

__all__ = ["Carried", "carried"]

_SOCKET_IO: Final = frozenset({"socketio", "socket.io", "socket-io", "sio"})
_SSE: Final = frozenset({"sse", "mercure", "eventsource", "server-sent-events"})
_WEBSOCKET: Final = frozenset({"ws", "wss", "websocket", "websockets"})
_HTTP: Final = frozenset({"http", "https"})
_OURS: Final = _SOCKET_IO | _SSE | _WEBSOCKET | _HTTP | {""}
_STREAM: Final = "text/event-stream"
_X: Final = frozenset({"x-ack", "x-handler", "x-handlers", "x-pydantic-socketio"})
"""The words of generators for Socket.IO."""


@dataclass(frozen=True, slots=True)
class Carried:
    """The channels that are read, the wire that they are on, and what tells that."""

    wire: Wire
    evidence: str
    places: tuple[Place, ...]


def carried(described: Described, wanted: Wanted) -> tuple[Carried, ...]:
    """The channels of a document by their wires; those of other protocols (MQTT, …) are left out, and that is told.

    Raises ContractError where none is left, or where nothing tells.
    """
    places = tuple(place for place in described.places if _is_ours(place))
    for place in described.places:
        if place not in places:
            place.node.remark(
                Weight.WARNING,
                f"it is on {', '.join(sorted({s.protocol for s in place.servers}))}, which is not spoken here",
            )
    if not places:
        spoken = ", ".join(sorted({server.protocol for server in described.servers})) or "no protocol that is named"
        raise ContractError(
            f"{described.root.where}: all of its channels are on {spoken}; eventproof speaks Socket.IO, native "
            "WebSocket and Server-Sent Events: name a document of one of these"
        )
    if wanted.wire is not None:
        return (Carried(wanted.wire, "as the profile says", places),)
    told = {wire: tuple(place for place in places if place.node.text("x-wire") == wire) for wire in Wire}
    others = tuple(place for place in places if place.node.text("x-wire") is None)
    found = [Carried(wire, f"x-wire at {those[0].node.where}", those) for wire, those in told.items() if those]
    return (*found, *((_inferred(described, others),) if others else ()))


def _inferred(described: Described, places: tuple[Place, ...]) -> Carried:
    """The wire of channels that do not say it."""
    for wire, found in _EVIDENCE:
        if evidence := next(found(described, places), ""):
            return Carried(wire, evidence, places)
    raise ContractError(
        f'{described.root.where}: nothing in it tells on which wire it is: write wire = "socket.io" (or websocket, '
        "sse) under [contracts.NAME], or protocol: socketio (ws, sse) at a server of the document"
    )


def _is_ours(place: Place) -> bool:
    return not place.servers or any(server.protocol in _OURS for server in place.servers)


Found = Callable[[Described, tuple[Place, ...]], Iterator[str]]


def _protocol(known: frozenset[str]) -> Found:
    def found(_: Described, places: tuple[Place, ...]) -> Iterator[str]:
        for place in places:
            for server in place.servers:
                if server.protocol in known:
                    yield f"protocol: {server.protocol} at {server.node.where}"

    return found


def _address(_: Described, places: tuple[Place, ...]) -> Iterator[str]:
    for place in places:
        for server in place.servers:
            if "socket.io" in server.address.lower():
                yield f"the server's address {server.address}"


def _words(described: Described, places: tuple[Place, ...]) -> Iterator[str]:
    for key, node in _extensions(described, places):
        yield f"{key} at {node.where}"


def _extensions(described: Described, places: tuple[Place, ...]) -> Iterator[tuple[str, Node]]:
    nodes = [described.root, *(place.node for place in places)]
    nodes += [node for use in described.uses for node in (use.message.node, use.operation) if node is not None]
    for node in nodes:
        for key in node.value if isinstance(node.value, Mapping) else ():
            if key in _X:
                yield key, node


def _engine_io(_: Described, places: tuple[Place, ...]) -> Iterator[str]:
    for place in places:
        query = place.node.get("bindings", "ws", "query", "properties")
        if query is not None and isinstance(query.value, Mapping) and "EIO" in query.value:
            yield f"the parameter EIO at {query.where}"


def _title(pattern: str) -> Found:
    compiled = re.compile(pattern, re.IGNORECASE)

    def found(described: Described, _: tuple[Place, ...]) -> Iterator[str]:
        if match := compiled.search(described.about):
            yield f'"{match[0]}" in its title or description'

    return found


def _content(described: Described, places: tuple[Place, ...]) -> Iterator[str]:
    nodes = [described.root.child("defaultContentType")]
    nodes += [use.message.node.child("contentType") for use in described.uses if use.place in places]
    for node in nodes:
        if node is not None and str(node.value).startswith(_STREAM):
            yield f"{_STREAM} at {node.where}"


def _both_ways(described: Described, places: tuple[Place, ...]) -> Iterator[str]:
    """HTTP alone carries nothing that clients send on a channel."""
    ways = {use.way for use in described.uses if use.place in places}
    if ways >= set(Direction) and any(server.protocol in _HTTP for place in places for server in place.servers):
        yield "messages both ways on one channel, which has no name for its messages beside them"


def _binding(_: Described, places: tuple[Place, ...]) -> Iterator[str]:
    for place in places:
        node: Any = place.node.get("bindings", "ws")
        if node is not None:
            yield f"the binding ws at {node.where}"


_EVIDENCE: Final[tuple[tuple[Wire, Found], ...]] = (
    (Wire.SOCKET_IO, _protocol(_SOCKET_IO)),
    (Wire.SSE, _protocol(_SSE)),
    (Wire.SOCKET_IO, _address),
    (Wire.SOCKET_IO, _engine_io),
    (Wire.SOCKET_IO, _words),
    (Wire.SOCKET_IO, _title(r"socket\.?io")),
    (Wire.SSE, _content),
    (Wire.SSE, _title(r"server-sent events?|eventsource")),
    (Wire.WEBSOCKET, _protocol(_WEBSOCKET)),
    (Wire.WEBSOCKET, _title(r"wss?://|web ?sockets?")),
    (Wire.WEBSOCKET, _binding),
    (Wire.WEBSOCKET, _both_ways),
)
"""What tells of which wire, the most telling first."""
