"""Where a channel of a target is, and what a client presents there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from eventproof.actions import auth_for, path_for, presented
from eventproof.catalog import Wire
from eventproof.client.address import Address
from eventproof.target import Endpoint, Target, Transport
from eventproof.wire import engineio

from .attack import Door, Scene

__all__ = ["Place", "place"]

_DOORS: Final[Mapping[tuple[Wire, Transport], Door]] = {
    (Wire.SOCKET_IO, Transport.WEBSOCKET): Door.WEBSOCKET,
    (Wire.SOCKET_IO, Transport.POLLING): Door.POLLING,
    (Wire.WEBSOCKET, Transport.WEBSOCKET): Door.NATIVE,
    (Wire.SSE, Transport.SSE): Door.STREAM,
}


@dataclass(frozen=True, slots=True)
class Place:
    """A channel, as somebody comes to it who has a token; without one, as a stranger does."""

    doors: tuple[Door, ...]
    address: Address
    path: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    query: Mapping[str, str] = field(repr=False)
    """What stands before Engine.IO's own parameters."""
    namespace: str = "/"
    auth: Any = field(default=None, repr=False)
    """What a CONNECT carries."""

    @property
    def of_engine(self) -> bool:
        """Whether Engine.IO is spoken there."""
        return Door.WEBSOCKET in self.doors or Door.POLLING in self.doors

    def target(self, transport: str = "polling", sid: str | None = None) -> str:
        """The target of a request; where Engine.IO is spoken, with what it says of the transport and the session."""
        if not self.of_engine:
            return self.address.target(self.path)
        return self.address.asked(self.path, engineio.query(transport, sid, self.query))

    def scene(self, event: str) -> Scene:
        """What the templates of attacks are filled with here; `event` is one without its brackets."""
        auth = "" if self.auth is None else json.dumps(self.auth)
        return Scene(self.namespace, event, auth, self.target(), self.target("websocket"), self.address.authority)


def place(target: Target, endpoint: Endpoint, token: str | None) -> Place:
    """The place of one channel."""
    source = target.source
    headers = tuple(presented(endpoint.headers, token, source).items())
    query = presented(endpoint.query, token, source)
    doors = (*(_DOORS[key] for transport in endpoint.transports if (key := (endpoint.wire, transport)) in _DOORS),)
    address = Address.parse(target.base_url)
    if endpoint.wire is Wire.SOCKET_IO:
        auth = auth_for(endpoint, token, source)
        return Place((*doors, Door.HTTP), address, target.socketio.path, headers, query, endpoint.address, auth)
    return Place((*doors, Door.HTTP), address, path_for(endpoint.address, query), headers, {})
