"""A connection to a channel of the target, on whatever wire it is: one table from a wire to its client."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from eventproof import actions
from eventproof.catalog import Wire
from eventproof.client.hub import Hub
from eventproof.client.hub_connection import HubConnection, HubListener
from eventproof.target import Endpoint, Target

__all__ = ["connect"]


def connect(
    hub: Hub,
    target: Target,
    channel: Endpoint,
    listener: HubListener,
    token: str | None,
    recover: Any = None,
    parameters: Mapping[str, str] | None = None,
) -> HubConnection:
    """Begin to connect with a token, or without one, going on from `recover` where the wire knows how.

    `recover` is the `recovery` of a connection to the same channel that has ended; `parameters` are those of the
    channel's address. Raises UsageError where one is missing.
    """
    return _CLIENTS[channel.wire](hub, _Opening(target, channel, token, parameters or {}), listener, recover)


class _Opening:
    """What a connection presents."""

    def __init__(self, target: Target, channel: Endpoint, token: str | None, parameters: Mapping[str, str]) -> None:
        where = f"{target.source}: {channel.address}"
        self.channel = channel
        self.headers = tuple(actions.presented(channel.headers, token, where).items())
        self.query = actions.presented(channel.query, token, where)
        self.auth = actions.auth_for(channel, token, where)
        self._parameters = parameters

    @property
    def path(self) -> str:
        """Where the request goes, of a wire that has no namespaces."""
        return actions.path_for(self.channel.address, self.query, self._parameters)


def _socketio(hub: Hub, opening: _Opening, listener: HubListener, recover: Any) -> HubConnection:
    recovery = recover if isinstance(opening.auth, dict) else None
    namespace = opening.channel.address
    return hub.open(listener, opening.auth, namespace, recover=recovery, headers=opening.headers, query=opening.query)


def _sse(hub: Hub, opening: _Opening, listener: HubListener, recover: Any) -> HubConnection:
    name_at = opening.channel.name_at
    return hub.stream(listener, opening.path, name_at=name_at, recover=recover, headers=opening.headers)


def _websocket(hub: Hub, opening: _Opening, listener: HubListener, _recover: Any) -> HubConnection:
    return hub.websocket(listener, opening.path, name_at=opening.channel.name_at, headers=opening.headers)


_CLIENTS: Final[Mapping[Wire, Callable[[Hub, _Opening, HubListener, Any], HubConnection]]] = {
    Wire.SOCKET_IO: _socketio,
    Wire.SSE: _sse,
    Wire.WEBSOCKET: _websocket,
}
