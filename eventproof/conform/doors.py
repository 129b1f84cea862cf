"""Makes connections to every door of the target; none is open yet."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from eventproof.actions import auth_for, headers_for, path_for, presented
from eventproof.catalog import Channel, System, Wire
from eventproof.client.aio import ChannelClient, SocketIOClient, SseClient, WebSocketClient
from eventproof.history import History
from eventproof.target import ChannelKind, MainChannel, OtherChannel, Target, TokenPlace, Transport

from .line import Line
from .manners import Manners
from .verdicts import NotApplicable, NotTestable

__all__ = ["PLAIN", "Doors", "Handshake"]

_WIRES = {
    ChannelKind.SOCKET_IO: Wire.SOCKET_IO,
    ChannelKind.SSE: Wire.SSE,
    ChannelKind.WEBSOCKET: Wire.WEBSOCKET,
}
_CLIENTS: Mapping[ChannelKind, Callable[..., ChannelClient]] = {
    ChannelKind.SSE: SseClient,
    ChannelKind.WEBSOCKET: WebSocketClient,
}


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a client of Socket.IO says while it connects, beside what the profile says of it."""

    auth: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of what CONNECT carries, where that is an object."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


PLAIN: Final = Handshake()
"""Nothing beside what the profile says."""


class Doors:
    """Every connection gets a name of its own, such as `user-3/polling-12`."""

    def __init__(self, target: Target, systems: Iterable[System], history: History) -> None:
        self._target = target
        self._history = history
        self._systems = tuple(systems)
        self._made: Counter[str] = Counter()

    def main(
        self,
        actor: str,
        system: str,
        token: str | None,
        transport: Transport | None = None,
        *,
        answers_heartbeats: bool = True,
        says: Handshake = PLAIN,
        **switches: bool,
    ) -> Line:
        """A connection to a system's main channel; the first transport of the profile where none is asked for.

        `switches` are those of `Manners`.
        """
        channel = self._main(system)
        chosen = transport or channel.transports[0]
        if chosen not in channel.transports:
            raise NotApplicable(f"the profile lists no {chosen} among the transports")
        name = self._name(actor, chosen)
        manners = self._manners(channel.known_as, switches)
        auth = auth_for(self._target, token, channel)
        client = SocketIOClient(
            self._target.base_url,
            path=self._target.socketio.path,
            namespace=channel.address,
            transport=chosen.value,
            auth={**says.auth, **auth} if isinstance(auth, Mapping) else auth,
            headers=(*presented(channel.headers, token, self._target.source).items(), *says.headers.items()),
            query={**presented(channel.query, token, self._target.source), **says.query},
            history=self._history,
            actor=actor,
            connection=name,
            channel=channel.known_as,
            answer_heartbeats=answers_heartbeats,
            auto_answer=manners.answer,
            timeout=self._target.budgets.connect,
        )
        return Line(name, system, client, self._target.budgets, self._history, manners)

    def other(self, actor: str, channel: OtherChannel, token: str | None) -> Line:
        """A connection to another door, with the token where that door wants it."""
        name, known_as = self._name(actor, channel.kind), self._catalogued(channel)
        manners = self._manners(known_as, {})
        client = self._client(actor, name, channel, token, manners)
        return Line(name, self._owner(known_as), client, self._target.budgets, self._history, manners)

    def _main(self, system: str) -> MainChannel:
        channel = self._target.channels.get(system)
        if channel is None or system not in self._target.systems:
            raise NotTestable(f"{self._target.source} has no channel of {system} under test: see systems")
        return channel

    def _owner(self, address: str) -> str:
        """The system that has a channel at this address of the catalogue."""
        owners = (system.name for system in self._systems if address in {known.address for known in system.channels})
        return next(owners, "")

    def _manners(self, address: str, switches: Mapping[str, bool]) -> Manners:
        there = (channel for system in self._systems for channel in system.channels if channel.address == address)
        return Manners.on(next(there, None), self._systems, **switches)

    def _client(
        self, actor: str, name: str, channel: OtherChannel, token: str | None, manners: Manners
    ) -> ChannelClient:
        target = self._target
        headers = tuple(headers_for(target, token).items()) if channel.token is TokenPlace.HEADER else ()
        if channel.kind is ChannelKind.SOCKET_IO:
            in_query = {channel.parameter: token} if token is not None and channel.token is TokenPlace.QUERY else {}
            mains = target.channels.values()
            main = next((known for known in mains if known.address == channel.address), None)
            return SocketIOClient(
                target.base_url,
                path=target.socketio.path,
                namespace=channel.address,
                transport=(main or target.socketio).transports[0].value,
                auth=auth_for(target, token, main) if channel.token is TokenPlace.AUTH else None,
                headers=(*presented((main or target.socketio).headers, token, target.source).items(), *headers),
                query={**presented((main or target.socketio).query, token, target.source), **in_query},
                auto_answer=manners.answer,
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
        """The address under which the catalogue knows this door: its own, or that of a further door of its kind."""
        for main in self._target.channels.values():
            if main.address == channel.address:
                return main.known_as
        first = [system.channels[0] for system in self._systems]
        further = [known for system in self._systems for known in system.channels[1:]]
        alike: list[Channel] = [known for known in (*further, *first) if known.wire is _WIRES[channel.kind]]
        addresses = [known.address for known in alike]
        return channel.address if channel.address in addresses or not addresses else addresses[0]

    def _name(self, actor: str, kind: str) -> str:
        self._made[actor] += 1
        return f"{actor}/{kind}-{self._made[actor]}"
