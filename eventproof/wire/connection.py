"""The client's side of Socket.IO over Engine.IO, without I/O: messages of the transport in, events out, and back.

The transport (WebSocket or long-polling) is the caller's; so are time and the ids of acknowledgements. What the peer
must not do raises ProtocolViolation and changes nothing; what the caller must not do raises UsageError.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from eventproof.errors import ProtocolViolation, UsageError

from . import engineio, socketio
from .engineio import Message
from .excerpt import excerpt
from .states import (
    NAMESPACE_RECEIVES,
    NAMESPACE_SENDS,
    SESSION_RECEIVES,
    SESSION_SENDS,
    NamespaceState,
    SessionState,
    legal,
)

__all__ = [
    "PROBE",
    "AckReceived",
    "ConnectRefused",
    "Connected",
    "Connection",
    "Disconnected",
    "EventReceived",
    "Noop",
    "Opened",
    "PingReceived",
    "PongReceived",
    "Recovery",
    "TransportClosed",
    "WireEvent",
]

PROBE = "probe"


@dataclass(frozen=True, slots=True)
class Opened:
    """The session began. Times are in seconds; `max_payload` is None where the server does not tell it."""

    sid: str
    ping_interval: float
    ping_timeout: float
    upgrades: tuple[str, ...]
    max_payload: int | None


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a connection remembers for another one to go on from: the connection state recovery of Node's server.

    Its answer to CONNECT has a `pid`, and it puts an offset, a text, behind the arguments of every event that asks for
    no acknowledgement. `offset` is that of the last event, and empty before the first.
    """

    pid: str
    offset: str = ""


@dataclass(frozen=True, slots=True)
class Connected:
    """A namespace accepted us. With the `pid` of a connection before, what was missed since then has come."""

    namespace: str
    sid: str
    pid: str | None = None


@dataclass(frozen=True, slots=True)
class ConnectRefused:
    """A namespace refused us; `data` is what CONNECT_ERROR said."""

    namespace: str
    data: Any


class EventReceived(NamedTuple):
    """An event; where `ack_id` is not None the server wants `ack` with that id. An offset is none of its `args`."""

    namespace: str
    name: str
    args: tuple[Any, ...]
    ack_id: int | None


@dataclass(frozen=True, slots=True)
class AckReceived:
    """The acknowledgement of an event of ours."""

    namespace: str
    id: int
    args: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The server ended our part in a namespace; the transport stays."""

    namespace: str


@dataclass(frozen=True, slots=True)
class PingReceived:
    """A heartbeat, to be answered with `pong`."""

    data: str


@dataclass(frozen=True, slots=True)
class PongReceived:
    """The new transport answered our probe."""

    data: str


@dataclass(frozen=True, slots=True)
class TransportClosed:
    """The server closes the session."""


@dataclass(frozen=True, slots=True)
class Noop:
    """Nothing: it only ends a pending poll."""


WireEvent = (
    Opened
    | Connected
    | ConnectRefused
    | EventReceived
    | AckReceived
    | Disconnected
    | PingReceived
    | PongReceived
    | TransportClosed
    | Noop
)

_ABSENT = NamespaceState.ABSENT
_OFFSET = re.compile(r"[\w.:=+/-]{1,64}", re.ASCII)
"""What the official adapters make: `Q8NuRab`, `1699-0`, 24 hexadecimal digits. A sentence that stands alone is none."""
_MOST_MISSED = 10_000


class Connection:
    """One Engine.IO session and the namespaces that are joined in it.

    `loads` and `max_attachments` go to the Socket.IO decoder.
    """

    __slots__ = ("_awaited", "_decoder", "_missed", "_namespaces", "_recoveries", "_usual", "state")

    def __init__(self, *, loads: Callable[[str], Any] | None = None, max_attachments: int = 64) -> None:
        self.state = SessionState.OPENING
        self._decoder = socketio.PacketDecoder(loads=loads, max_attachments=max_attachments)
        self._namespaces: dict[str, NamespaceState] = {}
        self._awaited: set[tuple[str, int]] = set()
        self._recoveries: dict[str, Recovery] = {}
        self._missed: dict[str, list[EventReceived]] = {}
        self._usual: _Usual | None = None
        """How nearly every message begins: an event of the namespace that was joined last, without an id."""

    def namespace(self, name: str) -> NamespaceState:
        """Where our part in a namespace is."""
        return self._namespaces.get(name, _ABSENT)

    def recovery(self, namespace: str = "/") -> Recovery | None:
        """What another connection could go on from; None where the server offers no recovery."""
        return self._recoveries.get(namespace)

    def receive(self, message: Message) -> list[WireEvent]:
        """Take one message of the transport; give what it completes.

        That is one event or none. What a recovery brings before the answer to CONNECT is given behind that answer.
        """
        usual = self._usual_event(message)
        if usual is not None:
            return [usual]
        packet = engineio.decode(message)
        state = SESSION_RECEIVES.get((self.state, packet.type))
        if state is None:
            raise ProtocolViolation(
                f"An Engine.IO {packet.type.name} packet came while the session was {self.state.name}.",
                expected=legal(SESSION_RECEIVES, self.state),
                observed=excerpt(message),
            )
        if packet.type is engineio.PacketType.MESSAGE:
            inner = self._decoder.feed(packet.data)
            return [] if inner is None else self._move(inner)
        event = _SESSION_EVENTS[packet.type](packet.data)
        self.state = state
        return [event]

    def connect(self, namespace: str = "/", auth: Any = None, recover: Recovery | None = None) -> list[Message]:
        """Ask to join a namespace; with `recover`, to go on from there: then `auth` is an object or None."""
        if recover is None:
            return self._send(socketio.Packet(socketio.PacketType.CONNECT, namespace, auth))
        if auth is not None and not isinstance(auth, dict):
            raise UsageError("Only a CONNECT whose auth is an object can ask for recovery.")
        asking = {"pid": recover.pid, "offset": recover.offset, **(auth or {})}
        messages = self._send(socketio.Packet(socketio.PacketType.CONNECT, namespace, asking))
        self._recoveries[namespace] = recover
        if self._namespaces[namespace] is NamespaceState.CONNECTING:
            self._namespaces[namespace] = NamespaceState.RECOVERING
        return messages

    def emit(self, namespace: str, name: str, *args: Any, ack_id: int | None = None) -> list[Message]:
        """Send an event; with an `ack_id` of the caller's the server is asked to acknowledge it under that id."""
        messages = self._send(socketio.Packet(socketio.PacketType.EVENT, namespace, [name, *args], ack_id))
        if ack_id is not None:
            self._awaited.add((namespace, ack_id))
        return messages

    def ack(self, namespace: str, ack_id: int, *args: Any) -> list[Message]:
        """Acknowledge an event that came with this id."""
        return self._send(socketio.Packet(socketio.PacketType.ACK, namespace, list(args), ack_id))

    def disconnect(self, namespace: str = "/") -> list[Message]:
        """Leave a namespace; no answer is due."""
        return self._send(socketio.Packet(socketio.PacketType.DISCONNECT, namespace))

    def pong(self, data: str = "") -> list[Message]:
        """Answer a heartbeat."""
        return self._send_session(engineio.Packet(engineio.PacketType.PONG, data))

    def probe(self) -> list[Message]:
        """Try the new transport: this goes there."""
        return self._send_session(engineio.Packet(engineio.PacketType.PING, PROBE))

    def upgrade(self) -> list[Message]:
        """Move to the new transport, once it answered and the old one is empty."""
        return self._send_session(engineio.Packet(engineio.PacketType.UPGRADE))

    def close(self) -> list[Message]:
        """End the session."""
        return self._send_session(engineio.Packet(engineio.PacketType.CLOSE))

    def _usual_event(self, message: Message) -> EventReceived | None:
        """The same as the rest would give for a usual message, in a third of the time; None for all others."""
        usual = self._usual
        if (
            usual is None
            or self.state is not SessionState.OPEN
            or isinstance(message, bytes)
            or not message.startswith(usual.beginning)
        ):
            return None
        data = self._decoder.plain(message[len(usual.beginning) - 1 :])
        return None if data is None else EventReceived(usual.namespace, _written(data[0]), tuple(data[1:]), None)

    def _enter(self, namespace: str, state: NamespaceState) -> None:
        """Our part in a namespace is there now."""
        self._namespaces[namespace] = state
        if state is NamespaceState.CONNECTED and namespace not in self._recoveries:
            self._usual = _usual(namespace)
        elif self._usual is not None and self._usual.namespace == namespace:
            self._usual = None

    def _move(self, packet: socketio.Packet) -> list[WireEvent]:
        """Check a Socket.IO packet against the state of its namespace, and take it."""
        name = packet.namespace
        before = self._namespaces.get(name, _ABSENT)
        after = NAMESPACE_RECEIVES.get((before, packet.type))
        if after is None:
            raise ProtocolViolation(
                f"A Socket.IO {packet.type.name} packet came while namespace {name} was {before.name}.",
                expected=legal(NAMESPACE_RECEIVES, before),
                observed=f"{packet.type.name} {excerpt(repr(packet.data))}",
            )
        event = _NAMESPACE_EVENTS[packet.type](packet)
        if type(event) is EventReceived:
            return self._heard(event, before) if self._recoveries else [event]
        missed: list[EventReceived] = []
        if type(event) is Connected:
            self._remember(event)
        elif type(event) is AckReceived:
            if (name, event.id) not in self._awaited:
                raise ProtocolViolation(
                    "An acknowledgement came that nothing waits for.",
                    expected=f"one of {sorted(number for space, number in self._awaited if space == name)}",
                    observed=f"id {event.id} in namespace {name}",
                )
            self._awaited.discard((name, event.id))
        if after is not before:
            self._enter(name, after)
            missed = self._missed.pop(name, missed)
        return [event, *(missed if after is NamespaceState.CONNECTED else ())]

    def _heard(self, event: EventReceived, state: NamespaceState) -> list[WireEvent]:
        """Give the event, or keep it until the namespace is joined."""
        event = self._without_offset(event)
        if state is not NamespaceState.RECOVERING:
            return [event]
        missed = self._missed.setdefault(event.namespace, [])
        if len(missed) >= _MOST_MISSED:
            raise ProtocolViolation(
                "Too many events came before the answer to CONNECT.",
                expected=f"at most {_MOST_MISSED}",
                observed="more",
            )
        missed.append(event)
        return []

    def _remember(self, event: Connected) -> None:
        """Keep the offset where the session of before goes on; begin anew where it does not."""
        before = self._recoveries.pop(event.namespace, None)
        if event.pid is not None:
            goes_on = before is not None and before.pid == event.pid
            self._recoveries[event.namespace] = before if before and goes_on else Recovery(event.pid)

    def _without_offset(self, event: EventReceived) -> EventReceived:
        """The event with its own arguments; the offset behind them is the connection's."""
        recovery, args = self._recoveries.get(event.namespace), event.args
        if recovery is None or event.ack_id is not None or not args or not isinstance(args[-1], str):
            return event
        if len(args) == 1 and not _OFFSET.fullmatch(args[0]):
            return event
        self._recoveries[event.namespace] = Recovery(recovery.pid, args[-1])
        return event._replace(args=args[:-1])

    def _send(self, packet: socketio.Packet) -> list[Message]:
        messages = [
            message
            for data in socketio.encode(packet)
            for message in self._send_session(engineio.Packet(engineio.PacketType.MESSAGE, data))
        ]
        before = self.namespace(packet.namespace)
        after = NAMESPACE_SENDS.get((before, packet.type))
        if after is None:
            raise UsageError(f"{packet.type.name} cannot be sent while namespace {packet.namespace} is {before.name}.")
        if after is not before:
            self._enter(packet.namespace, after)
        return messages

    def _send_session(self, packet: engineio.Packet) -> list[Message]:
        after = SESSION_SENDS.get((self.state, packet.type))
        if after is None:
            raise UsageError(f"{packet.type.name} cannot be sent while the session is {self.state.name}.")
        self.state = after
        return [engineio.encode(packet)]


def _opened(data: str | bytes) -> Opened:
    handshake = engineio.decode_handshake(data)
    return Opened(
        handshake.sid, handshake.ping_interval, handshake.ping_timeout, handshake.upgrades, handshake.max_payload
    )


def _pong(data: str | bytes) -> PongReceived:
    if data != PROBE:
        raise ProtocolViolation("A PONG does not answer our probe.", expected=PROBE, observed=excerpt(data))
    return PongReceived(PROBE)


_SESSION_EVENTS: dict[engineio.PacketType, Callable[[Any], WireEvent]] = {
    engineio.PacketType.OPEN: _opened,
    engineio.PacketType.CLOSE: lambda _: TransportClosed(),
    engineio.PacketType.PING: PingReceived,
    engineio.PacketType.PONG: _pong,
    engineio.PacketType.NOOP: lambda _: Noop(),
}


def _connected(packet: socketio.Packet) -> Connected:
    sid = packet.data.get("sid") if packet.data is not None else None
    if not isinstance(sid, str) or not sid:
        raise ProtocolViolation(
            "The server's CONNECT has no session id.", expected='{"sid": "…"}', observed=excerpt(repr(packet.data))
        )
    pid = packet.data.get("pid")
    return Connected(packet.namespace, sid, pid if isinstance(pid, str) and pid else None)


def _event(packet: socketio.Packet) -> EventReceived:
    name, *args = packet.data
    return EventReceived(packet.namespace, _written(name), tuple(args), packet.id)


def _written(name: str) -> str:
    """The name; no contract names an event by half a surrogate pair, and no output can write one."""
    return name if name.isascii() else name.encode(errors="replace").decode()


class _Usual(NamedTuple):
    """How an event of a namespace begins that has no id and no attachments."""

    beginning: str
    namespace: str


@lru_cache(maxsize=64)
def _usual(namespace: str) -> _Usual:
    """That of a namespace; the same one for all connections."""
    return _Usual("42[" if namespace == "/" else f"42{namespace},[", namespace)


def _ack(packet: socketio.Packet) -> AckReceived:
    return AckReceived(packet.namespace, packet.id or 0, tuple(packet.data))


_NAMESPACE_EVENTS: dict[socketio.PacketType, Callable[[socketio.Packet], WireEvent]] = {
    socketio.PacketType.CONNECT: _connected,
    socketio.PacketType.CONNECT_ERROR: lambda packet: ConnectRefused(packet.namespace, packet.data),
    socketio.PacketType.DISCONNECT: lambda packet: Disconnected(packet.namespace),
    socketio.PacketType.EVENT: _event,
    socketio.PacketType.BINARY_EVENT: _event,
    socketio.PacketType.ACK: _ack,
    socketio.PacketType.BINARY_ACK: _ack,
}
