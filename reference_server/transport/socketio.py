"""Socket.IO: python-socketio's codec, and the protocol's rules for namespaces and acknowledgements.

Quotations are from the Socket.IO protocol, version 5.
"""

import asyncio
import json
import re
import secrets
from collections.abc import Coroutine, Iterable, Mapping
from functools import partial
from typing import Any, Final

import orjson
import structlog
from socketio import packet

from ..alarms import Alarm
from ..delivery.admission import Admission
from ..delivery.connections import Connection
from ..delivery.emission import Emission
from ..delivery.incoming import Acknowledgement, named
from ..eager import begin
from ..logs import Seldom
from ..reasons import Reason
from ..refusals import Refusal
from ..services import Services
from ..store.sql import FAILURES
from .allowance import Fairness
from .engine_server import EngineServer
from .engineio import MESSAGE, EngineSession, ProtocolError, SessionState
from .frames import TEXT, Message, frame
from .http import Request
from .lines import Lines
from .reply import Reply

_log = structlog.get_logger("socket.io")

RESERVED: Final = frozenset(
    {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}
)
"""Names that no client may send as an event; the official server closes the connection, and so do we."""


UNKNOWN_NAMESPACE: Final = {"message": "Invalid namespace"}
"""What the protocol's own example of a CONNECT_ERROR says, and nothing beside it."""
_SPOKEN: Final = re.compile(r"2(?:(/[^,?]*)(?:\?[^,]*)?,?)?([0-9]{0,18})(.*)", re.DOTALL)
"""An EVENT packet: the namespace if it is not `/`, an id where an acknowledgement is asked for, and the event."""
_HEADER: Final = re.compile(r"(?:[0-4]|[56][1-9][0-9]{0,2}-)(?:/[^,]*(?:,|\Z)|(?!/))[0-9]{0,99}(?![\d-])")
"""What packets begin with: python-socketio takes attachments of those that have none, and digits of any script."""
_ID_BYTES: Final = 15
_BINARY: Final = (packet.BINARY_EVENT, packet.BINARY_ACK)
_EVENTS: Final = (packet.EVENT, packet.BINARY_EVENT)
_FROM_CLIENTS: Final = (packet.CONNECT, packet.DISCONNECT, packet.ACK, packet.BINARY_ACK, *_EVENTS)


class Packet(packet.Packet):  # type: ignore[misc]  # socketio ships no types
    """python-socketio takes a placeholder without a number, and one that counts from the end.

    "num" is "the index of the attachment"; the official parser refuses any other as "illegal attachments".
    """

    def check_placeholders(self) -> None:
        """Raises ProtocolError where one stands for no attachment that was announced."""
        self.data: Any = self.reconstruct_binary(self.data, [b""] * self.attachment_count)

    @classmethod
    def reconstruct_binary(cls, data: Any, attachments: list[bytes]) -> Any:
        """The data with each placeholder replaced. Raises ProtocolError."""
        if isinstance(data, list):
            return [cls.reconstruct_binary(item, attachments) for item in data]
        if not isinstance(data, dict):
            return data
        if data.get("_placeholder") is not True:
            return {key: cls.reconstruct_binary(item, attachments) for key, item in data.items()}
        number = data.get("num")
        if type(number) is not int or not 0 <= number < len(attachments):
            raise ProtocolError("illegal attachments")
        return attachments[number]


class SocketLink:
    """A connection's place on its Engine.IO session."""

    __slots__ = ("_namespace", "_server", "_session", "connection")

    def __init__(self, server: "SocketServer", session: EngineSession, namespace: str) -> None:
        self._server = server
        self._session = session
        self._namespace = namespace
        self.connection: Connection | None = None
        """None while it is being admitted."""

    @property
    def transport(self) -> str:
        """`websocket` or `polling`."""
        return self._session.transport

    def send(self, emission: Emission) -> None:
        """Send one event."""
        if self._session.state is SessionState.WEBSOCKET:
            self._session.send_framed(emission.framed(self._namespace, self._frame))
        else:
            self._session.send(self._packet(emission))

    def close(self, reason: Reason) -> None:
        """DISCONNECT, then the transport where no other namespace is left on it."""
        self._server.dismiss(self._session, self._namespace, reason)

    def end(self, admission: Admission) -> None:
        """The client has left the namespace."""
        connection, self.connection = self.connection, None
        if connection is not None:
            admission.leave(connection)

    def _packet(self, emission: Emission) -> str:
        argument = "" if emission.empty else f",{emission.text}"
        return f"{MESSAGE}{packet.EVENT}{_place(self._namespace)}[{orjson.dumps(emission.name).decode()}{argument}]"

    def _frame(self, emission: Emission) -> bytes:
        return frame(TEXT, self._packet(emission).encode())


class _Client:
    """What is kept of one Engine.IO session."""

    __slots__ = ("attachments", "deadline", "handshake", "links", "timer")

    def __init__(self, handshake: Mapping[str, Any]) -> None:
        self.handshake = handshake
        self.links: dict[str, SocketLink] = {}
        """Its connections, by namespace."""
        self.attachments = 0
        """How many are still to come. None of them is kept: no contract has any."""
        self.deadline: asyncio.TimerHandle | None = None
        """Closes it, as long as some are."""
        self.timer: Alarm | None = None
        """Closes it, as long as it belongs to no namespace."""

    @property
    def connections(self) -> list[Connection]:
        """Those that were admitted."""
        return [link.connection for link in self.links.values() if link.connection is not None]

    def stop_timer(self) -> None:
        """It belongs to a namespace, or has ended."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def expect(self, attachments: int, deadline: asyncio.TimerHandle | None) -> None:
        """So many attachments are to come until then."""
        if self.deadline is not None and self.deadline is not deadline:
            self.deadline.cancel()
        self.attachments, self.deadline = attachments, deadline


class SocketServer:
    """Socket.IO over `EngineServer`; who may connect is decided by `Admission`, what is heard goes to `Incoming`."""

    def __init__(self, namespaces: Iterable[str], services: Services, fairness: Fairness, lines: Lines) -> None:
        self.limits = fairness.limits
        self.alarms = services.alarms
        self._fairness = fairness
        self.passes_reserved_bits = services.conduct.passes_reserved_bits
        self._namespaces = frozenset(namespaces)
        self._services = services
        self._store_failed = Seldom(_log.error)
        self._clients: dict[str, _Client] = {}
        self._heartbeats = {
            namespace: [
                Emission(served.channel.heartbeat.event, None)
                for served in services.channels.at(namespace)
                if served.channel.heartbeat is not None
            ]
            for namespace in self._namespaces
        }
        self._engine = EngineServer(self, fairness, lines)

    async def handle(self, request: Request) -> Reply:
        """Answer one request to the Engine.IO path. Raises Refusal."""
        return await self._engine.handle_request(request)

    def close_all(self, reason: Reason) -> None:
        """Close every session, with no DISCONNECT: to clients that means "do not come back"."""
        self._engine.close_all(reason)

    def sizes(self) -> dict[str, int]:
        """How much is kept for sessions."""
        clients = self._clients.values()
        return {
            "engine_sessions": len(self._engine.sessions),
            "socket_sessions": len(clients),
            "connect_timers": sum(client.timer is not None for client in clients),
            "attachments": sum(client.attachments > 0 for client in clients),
        }

    # Coming in.

    def opened(self, session: EngineSession, handshake: Mapping[str, Any]) -> None:
        """A session was opened; it has to join a namespace."""
        self._clients[session.sid] = client = _Client(handshake)
        self._watch(session, client)

    def _watch(self, session: EngineSession, client: _Client) -> None:
        """Close the session in a while, unless it belongs to a namespace by then."""
        client.stop_timer()
        if not client.links and session.sid in self._clients:
            close = partial(session.close, Reason.CONNECT_TIMEOUT)
            client.timer = self.alarms.after(self.limits.connect_timeout, close)

    async def _connect(self, session: EngineSession, client: _Client, namespace: str, auth: Any) -> None:
        """A namespace is joined once; a refusal leaves the session as it was. Raises TooMuch for one too many."""
        if namespace not in self._namespaces:
            self._count_refusal(session, "unknown", "not_found")
            session.send(_written(packet.CONNECT_ERROR, namespace, UNKNOWN_NAMESPACE))
            return
        if namespace in client.links:
            again = Refusal("malformed_request", "This namespace is connected already.")
            self._count_refusal(session, namespace, again.code)
            _refuse(session, namespace, again)
            return
        client.stop_timer()
        link = client.links[namespace] = SocketLink(self, session, namespace)
        try:
            connection = await self._admit(link, namespace, auth)
        except Refusal as refusal:
            client.links.pop(namespace, None)
            self._watch(session, client)
            self._count_refusal(session, namespace, refusal.code)
            _refuse(session, namespace, refusal)
            return
        if self._clients.get(session.sid) is not client or client.links.get(namespace) is not link:
            self._services.admission.leave(connection)  # The client has left meanwhile.
            return
        link.connection = connection
        self._rank(session, client)
        self._services.conduct.connected(connection, {"auth": auth, **client.handshake})
        session.send(_written(packet.CONNECT, namespace, {"sid": secrets.token_urlsafe(_ID_BYTES)}))
        await self._services.courier.welcome(connection)

    def _count_refusal(self, session: EngineSession, namespace: str, code: str) -> None:
        """A CONNECT is refused. Raises TooMuch for one too many."""
        self._services.metrics.refused(namespace, code)
        session.allowance.refused()

    def _rank(self, session: EngineSession, client: _Client) -> None:
        """Whoever is in a namespace has logged in."""
        session.allowance.is_member = bool(client.connections)
        self._engine.rank(session)

    async def _admit(self, link: SocketLink, namespace: str, auth: Any) -> Connection:
        token = auth.get("token") if isinstance(auth, dict) else None
        try:
            return await self._services.admission.admit(token, namespace, link)
        except Refusal:
            raise
        except FAILURES as failure:
            self._store_failed("store-failed", namespace=namespace, error=str(failure))
            raise Refusal("unavailable") from failure
        except Exception as failure:
            _log.exception("admission-failed", namespace=namespace)
            raise Refusal("unavailable") from failure

    # Going.

    def dismiss(self, session: EngineSession, namespace: str, reason: Reason) -> None:
        """Send DISCONNECT to one namespace, and close the session where it was the last."""
        client = self._clients.get(session.sid)
        link = client.links.pop(namespace, None) if client is not None else None
        if client is None or link is None:
            return
        link.connection = None
        session.send(_written(packet.DISCONNECT, namespace))
        if client.links:
            self._rank(session, client)
        else:
            session.close(reason)

    def _disconnect(self, session: EngineSession, client: _Client, namespace: str) -> None:
        """The client leaves one namespace."""
        link = client.links.pop(namespace, None)
        if link is not None:
            link.end(self._services.admission)
            self._rank(session, client)
        self._watch(session, client)

    def cut(self, session: EngineSession) -> None:
        """The client does not read what is sent, and is cut off."""
        client = self._clients.get(session.sid)
        self._services.slow_readers.cut(session.transport, client.connections if client else ())

    def ended(self, session: EngineSession) -> None:
        """The session has ended, and with it its place in every namespace."""
        client = self._clients.pop(session.sid, None)
        if client is not None:
            client.stop_timer()
            client.expect(0, None)
            for link in client.links.values():
                link.end(self._services.admission)

    def gone(self, session: EngineSession) -> None:
        """Nothing more is sent there."""
        self._engine.forget(session)

    # Heartbeats.

    def pinged(self, session: EngineSession) -> None:
        """The transport's heartbeat goes out, and with it those of the namespaces that have one."""
        client = self._clients.get(session.sid)
        for connection in client.connections if client else ():
            self._services.courier.heartbeat_sent(connection)
            for heartbeat in self._heartbeats[connection.channel]:
                if self._services.conduct.heartbeat(self._services.connections, connection):
                    connection.link.send(heartbeat)

    def ponged(self, session: EngineSession) -> None:
        """A heartbeat of the transport was answered."""
        client = self._clients.get(session.sid)
        for connection in client.connections if client else ():
            self._services.courier.heartbeat_answered(connection)

    # Messages.

    def received(self, session: EngineSession, message: Message) -> asyncio.Task[None] | None:
        """Take one message; gives what has to be waited for before the next one, if anything.

        Raises ProtocolError, which closes the connection, where the protocol forbids it.
        "If the server does not receive a CONNECT packet first, then it MUST close the connection immediately." "The
        payload is mandatory and MUST be a non-empty array. If that's not the case, then the receiver MUST close the
        connection."
        """
        conduct = self._services.conduct
        try:
            return self._receive(session, conduct.read(message))
        except ProtocolError:
            conduct.broken(self._services.connections)
            raise

    def _receive(self, session: EngineSession, message: Message) -> asyncio.Task[None] | None:
        client = self._clients.get(session.sid)
        if client is None:
            return None
        heard = self._heard(session, client, message)
        if heard is not None:
            return begin(heard)
        try:
            received = self._decode(session, client, message)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as unreadable:
            raise ProtocolError("no packet of Socket.IO") from unreadable
        if received is None:
            return None
        namespace = received.namespace or "/"
        if received.packet_type == packet.CONNECT:
            return begin(self._connect(session, client, namespace, received.data))
        if received.packet_type == packet.DISCONNECT:
            self._disconnect(session, client, namespace)
        elif received.packet_type in _EVENTS:  # An ACK is of nothing: no event of ours asks for one.
            self._refuse_attachments(session, client, namespace, received)
        return None

    def _heard(self, session: EngineSession, client: _Client, message: Message) -> Coroutine[Any, Any, None] | None:
        """What gives an event to `Incoming`, where its namespace listens: what is wrong with it then closes nothing."""
        if not isinstance(message, str) or client.attachments:
            return None
        spoken = _SPOKEN.fullmatch(message)
        if spoken is None:
            return None
        namespace, number, text = spoken[1] or "/", spoken[2], spoken[3]
        connection = self._listening(client, namespace)
        if connection is None:
            return None
        return self._take(session, connection, text, int(number) if number else None)

    async def _take(self, session: EngineSession, connection: Connection, text: str, number: int | None) -> None:
        answer = await self._services.incoming.take(connection, text)
        _acknowledge(session, connection.channel, number, answer)

    def _listening(self, client: _Client, namespace: str) -> Connection | None:
        """The client's connection to a namespace that takes events from clients."""
        link = client.links.get(namespace)
        return link.connection if link and self._services.channels.listening(namespace) else None

    def _decode(self, session: EngineSession, client: _Client, message: Message) -> Packet | None:
        """The packet, before its attachments; None for one of these, which is passed over. Raises ProtocolError."""
        if client.attachments:
            if not isinstance(message, bytes):
                raise ProtocolError("text where an attachment was announced")
            client.expect(client.attachments - 1, client.deadline if client.attachments > 1 else None)
            return None
        if isinstance(message, bytes):
            raise ProtocolError("an attachment that belongs to nothing")
        if not _HEADER.match(message):
            raise ProtocolError("no packet of Socket.IO")
        received = Packet(encoded_packet=message)
        if received.packet_type not in _FROM_CLIENTS:
            raise ProtocolError("a packet that only the server sends")
        if received.packet_type != packet.CONNECT and not client.links:
            raise ProtocolError("nothing comes before CONNECT")
        if not (received.namespace or "/").isprintable():
            raise ProtocolError("a namespace that nobody can read")
        if received.packet_type in _BINARY:
            self._expect(session, client, received)
        _check_payload(received)
        return received

    def _expect(self, session: EngineSession, client: _Client, announced: Packet) -> None:
        """Pass over the attachments that are to come; whoever does not send them in time is closed."""
        if announced.attachment_count > self.limits.max_attachments:
            self._fairness.met("max_attachments")
            raise ProtocolError("too many attachments")
        announced.check_placeholders()
        loop, seconds = asyncio.get_running_loop(), self.limits.attachment_timeout
        client.expect(announced.attachment_count, loop.call_later(seconds, self._give_up, session))

    def _give_up(self, session: EngineSession) -> None:
        self._fairness.met("attachment_timeout")
        session.close(Reason.TRANSPORT_ERROR)

    def _refuse_attachments(
        self, session: EngineSession, client: _Client, namespace: str, received: packet.Packet
    ) -> None:
        """An event that did not go to `Incoming`: with attachments, or to a namespace that takes none."""
        connection = self._listening(client, namespace)
        if connection is not None:
            name = named(json.dumps(received.data[:1], ensure_ascii=False))
            answer = self._services.incoming.refuse(connection, name)
            _acknowledge(session, namespace, received.id, answer)


def _place(namespace: str) -> str:
    """A namespace as a packet has it: "the namespace (if different from the main namespace `/`)"."""
    return "" if namespace == "/" else f"{namespace},"


def _written(kind: int, namespace: str, data: Any = None, number: int | None = None) -> str:
    """A packet of ours, in its message: none has attachments."""
    payload = "" if data is None else orjson.dumps(data).decode()
    return f"{MESSAGE}{kind}{_place(namespace)}{'' if number is None else number}{payload}"


def _acknowledge(session: EngineSession, namespace: str, number: int | None, answer: Acknowledgement | None) -> None:
    """Answer an event in the way that its client asked for by a number."""
    if number is not None and answer is not None:
        session.send(_written(packet.ACK, namespace, answer, number))


def _refuse(session: EngineSession, namespace: str, refusal: Refusal) -> None:
    data = {"message": refusal.sentence, "data": {"code": refusal.code}}
    session.send(_written(packet.CONNECT_ERROR, namespace, data))


def _check_payload(received: packet.Packet) -> None:
    """Raises ProtocolError where the payload is none that its type of packet may have."""
    kind, data = received.packet_type, received.data
    if kind in (packet.CONNECT, packet.DISCONNECT):
        return
    if not isinstance(data, list):
        raise ProtocolError("the payload is an array")
    if kind in _EVENTS:
        if not data or not isinstance(data[0], str) or data[0] in RESERVED:
            raise ProtocolError("an event begins with its name")
    elif received.id is None:
        raise ProtocolError("an acknowledgement has an id")
