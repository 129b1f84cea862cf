"""A connection to a channel of the target, on whatever wire it is."""

from typing import Any

from eventproof import actions
from eventproof.catalog import Wire
from eventproof.client.hub import Hub
from eventproof.client.hub_connection import HubConnection, Listener
from eventproof.target import Endpoint, Target

__all__ = ["connect"]


def connect(
    hub: Hub, target: Target, channel: Endpoint, listener: Listener, token: str | None, recover: Any = None
) -> HubConnection:
    """Begin to connect with a token, or without one, going on from `recover` where the wire knows how.

    `recover` is the `recovery` of a connection to the same channel that has ended.
    """
    where = f"{target.source}: {channel.address}"
    headers = tuple(actions.presented(channel.headers, token, where).items())
    query = actions.presented(channel.query, token, where)
    if channel.wire is Wire.SSE:
        path = actions.path_for(channel.address, query)
        return hub.stream(listener, path, name_at=channel.name_at, recover=recover, headers=headers)
    auth = actions.auth_for(channel, token, where)
    recovery = recover if isinstance(auth, dict) else None
    return hub.open(listener, auth, channel.address, recover=recovery, headers=headers, query=query)
