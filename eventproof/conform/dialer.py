"""Makes connections to every channel of the target; none is open yet."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from eventproof.actions import auth_for, fill, path_for, presented
from eventproof.catalog import USER, Channel, System, Wire
from eventproof.client.aio import (
    ChannelClient,
    SocketIOClient,
    SseClient,
    TransportChoice,
    WebSocketClient,
    bare,
    enveloping,
    named_at,
    named_event,
)
from eventproof.history import History
from eventproof.target import Endpoint, Target, Transport
from eventproof.wire.connection import Recovery

from .beginning import Beginning
from .behaviour import Behaviour
from .line import Line
from .verdicts import NotApplicable, NotTestable

__all__ = ["PLAIN", "Dialer", "HandshakeOptions"]


@dataclass(frozen=True, slots=True)
class HandshakeOptions:
    """What a client says while it connects, beside what the profile says of it."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    """Those of the channel's address."""
    auth: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of what a CONNECT of Socket.IO carries, where that is an object."""
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """In place of those that the profile gives the same name."""
    role: str = USER
    """Of whoever connects."""
    begins: bool = True
    """Whether it begins with the event that every client of its channel begins with."""


PLAIN: Final = HandshakeOptions()
"""Nothing beside what the profile says."""
_SILENT: Final = HandshakeOptions(begins=False)


class Dialer:
    """Every connection gets a name of its own, such as `user-3/polling-12`."""

    def __init__(self, target: Target, systems: Iterable[System], history: History) -> None:
        self._target = target
        self._history = history
        self._systems = tuple(systems)
        self._made: Counter[str] = Counter()
        self._beginnings: dict[tuple[str, str, str], Beginning] = {}

    def main(
        self,
        actor: str,
        system: str,
        token: str | None,
        transport: Transport | None = None,
        *,
        channel: str | None = None,
        answers_heartbeats: bool = True,
        recover: Recovery | None = None,
        stalls: bool = False,
        says: HandshakeOptions = PLAIN,
        **switches: bool,
    ) -> Line:
        """A connection to a channel of a system; the main one, and its first transport, where none is asked for.

        `recover` is the `recovery` of a line that was cut; with `answers_heartbeats` it is for Socket.IO alone. A
        stream that `stalls` never reads what is sent. `switches` are those of `Behaviour`.
        """
        endpoint = self._endpoint(system, channel)
        chosen = transport or endpoint.transports[0]
        if chosen not in endpoint.transports:
            raise NotApplicable(f"the profile lists no {chosen} among the transports")
        of_wire: dict[str, Any] = {}
        if endpoint.wire is Wire.SOCKET_IO:
            of_wire = {"recover": recover, "answer_heartbeats": answers_heartbeats}
        elif endpoint.wire is Wire.SSE:
            of_wire = {"stalls": stalls}
        return self._line(actor, system, endpoint, token, chosen, says, switches, of_wire)

    def other(self, actor: str, endpoint: Endpoint, token: str | None) -> Line:
        """A connection to a further channel, with the token where that one wants it."""
        owner = self._owner(endpoint.known_as)
        return self._line(actor, owner, endpoint, token, endpoint.transports[0], _SILENT, {}, {})

    def _endpoint(self, system: str, channel: str | None) -> Endpoint:
        if system not in self._target.systems:
            raise NotTestable(f"{self._target.source} has no channel of {system} under test: see systems")
        if channel is None:
            return self._target.main(system)
        endpoint = self._target.channels.get((system, channel))
        if endpoint is None:
            raise NotTestable(f"{self._target.source} has no channel {channel} of {system}: see [channels.{system}]")
        return endpoint

    def channel_at(self, system: str, address: str) -> str | None:
        """The name of a system's channel at this address of the catalogue; None where it has none."""
        channel = self._channel(system, address)
        return None if channel is None else channel.name

    def _owner(self, address: str) -> str:
        """The system that has a channel at this address of the catalogue."""
        owners = (system.name for system in self._systems if address in {known.address for known in system.channels})
        return next(owners, "")

    def _channel(self, system: str, address: str) -> Channel | None:
        """The channel at this address; that of the system where several have one there."""
        there = [(known.name, channel) for known in self._systems for channel in known.channels]
        found = [(owner, channel) for owner, channel in there if channel.address == address]
        return next((channel for owner, channel in found if owner == system), found[0][1] if found else None)

    def _line(
        self,
        actor: str,
        system: str,
        endpoint: Endpoint,
        token: str | None,
        transport: Transport,
        says: HandshakeOptions,
        switches: Mapping[str, bool],
        of_wire: Mapping[str, Any],
    ) -> Line:
        name = self._name(actor, transport)
        channel = self._channel(system, endpoint.known_as)
        behaviour = Behaviour.on(channel, self._systems, **switches)
        source = self._target.source
        said = {name.lower() for name in says.headers}
        usual = presented(endpoint.headers, token, source).items()
        headers = (*((name, value) for name, value in usual if name.lower() not in said), *says.headers.items())
        query = {**presented(endpoint.query, token, source), **says.query}
        shared: dict[str, Any] = {
            "headers": headers,
            "history": self._history,
            "actor": actor,
            "connection": name,
            "channel": endpoint.known_as,
            "timeout": self._target.budgets.connect,
        }
        client: ChannelClient
        match endpoint.wire:
            case Wire.SOCKET_IO:
                auth = auth_for(endpoint, token, source)
                client = SocketIOClient(
                    self._target.base_url,
                    path=self._target.socketio.path,
                    namespace=endpoint.address,
                    transport=cast(TransportChoice, transport.value),
                    auth={**says.auth, **auth} if isinstance(auth, Mapping) else auth,
                    query=query,
                    auto_ack=behaviour.acknowledgement,
                    auto_answer=behaviour.answer,
                    **of_wire,
                    **shared,
                )
            case Wire.SSE:
                path = path_for(endpoint.address, query, says.parameters)
                client = SseClient(self._target.base_url, path, name_at=endpoint.name_at, **of_wire, **shared)
            case Wire.WEBSOCKET:
                path = path_for(endpoint.address, query, says.parameters)
                read = named_event if endpoint.name_at is None else named_at(endpoint.name_at)
                write = enveloping if endpoint.name_at is None else bare
                client = WebSocketClient(self._target.base_url, path, read=read, write=write, **shared)
        room = fill(channel.room, says.parameters, source) if channel and channel.room else None
        begins = self._beginning(channel, says.role) if channel and says.begins else None
        return Line(
            name, system, client, self._target.budgets, self._history, behaviour, endpoint.known_as, room, begins
        )

    def _beginning(self, channel: Channel, role: str) -> Beginning | None:
        """How somebody of this role begins on a channel."""
        opening = channel.opening
        if opening is None:
            return None
        argument = fill(opening.argument, {"role": role}, self._target.source)
        return self._beginnings.setdefault((channel.address, opening.event, role), Beginning(opening.event, argument))

    def _name(self, actor: str, kind: str) -> str:
        self._made[actor] += 1
        return f"{actor}/{kind}-{self._made[actor]}"
