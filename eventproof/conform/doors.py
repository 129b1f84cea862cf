"""Makes connections to every door of the target; none is open yet."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from eventproof.actions import auth_for, headers_for, path_for
from eventproof.catalog import Channel, System, Wire
from eventproof.client.aio import ChannelClient, SocketIOClient, SseClient, WebSocketClient
from eventproof.history import History
from eventproof.target import ChannelKind, OtherChannel, Target, TokenPlace, Transport

from .line import Line
from .verdicts import NotApplicable

__all__ = ["Doors"]

_WIRES = {
    ChannelKind.SOCKET_IO: Wire.SOCKET_IO,
    ChannelKind.SSE: Wire.SSE,
    ChannelKind.WEBSOCKET: Wire.WEBSOCKET,
}
_CLIENTS: Mapping[ChannelKind, Callable[..., ChannelClient]] = {
    ChannelKind.SSE: SseClient,
    ChannelKind.WEBSOCKET: WebSocketClient,
}


class Doors:
    """Every connection gets a name of its own, such as `user-3/polling-12`."""

    def __init__(self, target: Target, systems: Iterable[System], history: History) -> None:
        self._target = target
        self._history = history
        self._channels = tuple(channel for system in systems for channel in system.channels)
        self._made: Counter[str] = Counter()

    def socketio(self, actor: str, token: str | None, transport: Transport | None, namespace: str = "/") -> Line:
        """A connection to a namespace; the first transport of the profile where none is asked for."""
        offered = self._target.socketio.transports
        chosen = transport or offered[0]
        if chosen not in offered:
            raise NotApplicable(f"the profile lists no {chosen} among the transports")
        name = self._name(actor, chosen)
        client = SocketIOClient(
            self._target.base_url,
            path=self._target.socketio.path,
            namespace=namespace,
            transport=chosen.value,
            auth=auth_for(self._target, token),
            history=self._history,
            actor=actor,
            connection=name,
            channel=namespace,
            timeout=self._target.budgets.connect,
        )
        return Line(name, client, self._target.budgets)

    def other(self, actor: str, channel: OtherChannel, token: str | None) -> Line:
        """A connection to another door, with the token where that door wants it."""
        name = self._name(actor, channel.kind)
        return Line(name, self._client(actor, name, channel, token), self._target.budgets)

    def _client(self, actor: str, name: str, channel: OtherChannel, token: str | None) -> ChannelClient:
        target = self._target
        headers = tuple(headers_for(target, token).items()) if channel.token is TokenPlace.HEADER else ()
        if channel.kind is ChannelKind.SOCKET_IO:
            return SocketIOClient(
                target.base_url,
                path=path_for(replace(channel, address=target.socketio.path), token),
                namespace=channel.address,
                transport=target.socketio.transports[0].value,
                auth=auth_for(target, token) if channel.token is TokenPlace.AUTH else None,
                headers=headers,
                history=self._history,
                actor=actor,
                connection=name,
                channel=self._catalogued(channel),
                timeout=target.budgets.connect,
            )
        return _CLIENTS[channel.kind](
            target.base_url,
            path_for(channel, token),
            headers=headers,
            history=self._history,
            actor=actor,
            connection=name,
            channel=self._catalogued(channel),
            timeout=target.budgets.connect,
        )

    def _catalogued(self, channel: OtherChannel) -> str:
        """The address under which the catalogue knows this door: its own, or that of the door of its kind."""
        alike: list[Channel] = [known for known in self._channels if known.wire is _WIRES[channel.kind]]
        addresses = [known.address for known in alike]
        return channel.address if channel.address in addresses or not addresses else addresses[-1]

    def _name(self, actor: str, kind: str) -> str:
        self._made[actor] += 1
        return f"{actor}/{kind}-{self._made[actor]}"
