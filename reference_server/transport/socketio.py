"""Socket.IO: who is in which namespace, and the protocol's rules for that and for acknowledgements.

Quotations are from the Socket.IO protocol, version 5.
"""

import asyncio
import json
import secrets
from collections.abc import Coroutine, Iterable, Mapping
from functools import partial
from typing import Any, Final

import structlog

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
from . import packets
from .allowance import Fairness
from .engine_server import EngineServer
from .engineio import EngineSession, SessionState
from .frames import TEXT, Message, frame
from .http import Request
from .lines import Lines
from .packets import Packet, Spoken
from .payloads import ProtocolError
from .reply import Reply

_log = structlog.get_logger("socket.io")

UNKNOWN_NAMESPACE: Final = {"message": "Invalid namespace"}
"""What the protocol's own example of a CONNECT_ERROR says, and nothing beside it."""
_ID_BYTES: Final = 15


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
            self._session.send(packets.event(self._namespace, emission))

    def close(self, reason: Reason) -> None:
        """DISCONNECT, then the transport where no other namespace is left on it."""
        self._server.dismiss(self._session, self._namespace, reason)

    def end(self, admission: Admission) -> None:
        """The client has left the namespace."""
        connection, self.connection = self.connection, None
        if connection is not None:
            admission.leave(connection)

    def _frame(self, emission: Emission) -> bytes:
        return frame(TEXT, packets.event(self._namespace, emission).encode())


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
            session.send(packets.written(packets.CONNECT_ERROR, namespace, UNKNOWN_NAMESPACE))
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
        session.send(packets.written(packets.CONNECT, namespace, {"sid": secrets.token_urlsafe(_ID_BYTES)}))
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
        session.send(packets.written(packets.DISCONNECT, namespace))
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
        "If the server does not receive a CONNECT packet first, then it MUST close the connection immediately."
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
        if client.attachments:
            self._pass_over(client, message)
            return None
        if isinstance(message, bytes):
            raise ProtocolError("an attachment that belongs to nothing")
        received = self._read(session, client, message)
        if received.packet_type == packets.CONNECT:
            return begin(self._connect(session, client, received.place, received.data))
        if received.packet_type == packets.DISCONNECT:
            self._disconnect(session, client, received.place)
        elif received.packet_type in packets.EVENTS:  # An ACK is of nothing: no event of ours asks for one.
            self._refuse_attachments(session, client, received)
        return None

    def _heard(self, session: EngineSession, client: _Client, message: Message) -> Coroutine[Any, Any, None] | None:
        """What gives an event to `Incoming`, where its namespace listens: what is wrong with it then closes nothing."""
        if not isinstance(message, str) or client.attachments:
            return None
        spoken = packets.spoken(message)
        if spoken is None or (connection := self._listening(client, spoken.namespace)) is None:
            return None
        return self._take(session, connection, spoken)

    async def _take(self, session: EngineSession, connection: Connection, spoken: Spoken) -> None:
        answer = await self._services.incoming.take(connection, spoken.text)
        _acknowledge(session, connection.channel, spoken.number, answer)

    def _listening(self, client: _Client, namespace: str) -> Connection | None:
        """The client's connection to a namespace that takes events from clients."""
        link = client.links.get(namespace)
        return link.connection if link and self._services.channels.listening(namespace) else None

    def _pass_over(self, client: _Client, message: Message) -> None:
        """An attachment that was announced came. Raises ProtocolError where it is none."""
        if not isinstance(message, bytes):
            raise ProtocolError("text where an attachment was announced")
        client.expect(client.attachments - 1, client.deadline if client.attachments > 1 else None)

    def _read(self, session: EngineSession, client: _Client, message: str) -> Packet:
        """The packet, before its attachments. Raises ProtocolError."""
        received = packets.read(message)
        if received.packet_type != packets.CONNECT and not client.links:
            raise ProtocolError("nothing comes before CONNECT")
        if received.packet_type in packets.BINARY:
            self._expect(session, client, received)
        return received

    def _expect(self, session: EngineSession, client: _Client, announced: Packet) -> None:
        """Pass over the attachments that are to come; whoever does not send them in time is closed."""
        if announced.attachment_count > self.limits.max_attachments:
            self._fairness.met("max_attachments")
            raise ProtocolError("too many attachments")
        loop, seconds = asyncio.get_running_loop(), self.limits.attachment_timeout
        client.expect(announced.attachment_count, loop.call_later(seconds, self._give_up, session))

    def _give_up(self, session: EngineSession) -> None:
        self._fairness.met("attachment_timeout")
        session.close(Reason.TRANSPORT_ERROR)

    def _refuse_attachments(self, session: EngineSession, client: _Client, received: Packet) -> None:
        """An event that did not go to `Incoming`: with attachments, or to a namespace that takes none."""
        connection = self._listening(client, received.place)
        if connection is not None:
            name = named(json.dumps(received.data[:1], ensure_ascii=False))
            answer = self._services.incoming.refuse(connection, name)
            _acknowledge(session, received.place, received.id, answer)


def _acknowledge(session: EngineSession, namespace: str, number: int | None, answer: Acknowledgement | None) -> None:
    """Answer an event in the way that its client asked for by a number."""
    if number is not None and answer is not None:
        session.send(packets.written(packets.ACK, namespace, answer, number))


def _refuse(session: EngineSession, namespace: str, refusal: Refusal) -> None:
    data = {"message": refusal.sentence, "data": {"code": refusal.code}}
    session.send(packets.written(packets.CONNECT_ERROR, namespace, data))
