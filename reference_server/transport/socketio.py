"""Socket.IO: python-socketio's codec, namespaces and acknowledgements, with the protocol's rules where it has none.

Quotations are from the Socket.IO protocol, version 5.
"""

import asyncio
import logging
import re
from collections.abc import Iterable
from typing import Any, Final

import orjson
import socketio
import structlog
from socketio import packet
from socketio.exceptions import ConnectionRefusedError as Refused

from ..delivery.connections import Connection
from ..delivery.emission import Emission
from ..delivery.incoming import named
from ..refusals import Refusal
from ..services import Services
from .engine_server import EngineServer
from .engineio import MESSAGE, EngineSession, Message, ProtocolError, State
from .limits import Limits
from .websocket import TEXT, frame

_log = structlog.get_logger("socket.io")

RESERVED: Final = frozenset(
    {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}
)
"""Names that no client may send as an event; the official server closes the connection, and so do we."""


UNKNOWN_NAMESPACE: Final = {"message": "Invalid namespace"}
"""What the protocol's own example of a CONNECT_ERROR says, and nothing beside it."""
_SPOKEN: Final = re.compile(r"2(/[^,?]*)(?:\?[^,]*)?,?([0-9]{0,18})(.*)", re.DOTALL)
"""An EVENT packet to a namespace: the namespace, an id where an acknowledgement is asked for, and the event."""
_EVENTS: Final = (packet.EVENT, packet.BINARY_EVENT)
_FROM_CLIENTS: Final = (packet.CONNECT, packet.DISCONNECT, packet.ACK, packet.BINARY_ACK, *_EVENTS)


class Packet(packet.Packet):  # type: ignore[misc]  # socketio ships no types
    """python-socketio takes a placeholder without a number, and one that counts from the end.

    "num" is "the index of the attachment"; the official parser refuses any other as "illegal attachments".
    """

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


class Rooms(socketio.AsyncManager):  # type: ignore[misc]  # socketio ships no types
    """python-socketio looks through every room for one that leaves; that is every connection, and it knows its two."""

    def basic_disconnect(self, sid: str, namespace: str, **_options: Any) -> None:
        """Forget a connection."""
        for room in (sid, None):
            self.basic_leave_room(sid, namespace, room)
        self.callbacks.pop(sid, None)
        for pending in (self.pending_connect, self.pending_disconnect):
            if sid in pending.get(namespace, ()):
                pending[namespace].remove(sid)
                if not pending[namespace]:
                    del pending[namespace]


class SocketLink:
    """A connection's place on its Engine.IO session."""

    __slots__ = ("_namespace", "_server", "_session", "connection", "sid")

    def __init__(self, server: "SocketServer", session: EngineSession, namespace: str, sid: str) -> None:
        self._server = server
        self._session = session
        self._namespace = namespace
        self.sid = sid
        self.connection: Connection | None = None

    @property
    def transport(self) -> str:
        """`websocket` or `polling`."""
        return self._session.transport

    def send(self, emission: Emission) -> None:
        """Send one event."""
        if self._session.state is State.WEBSOCKET:
            self._session.send_framed(emission.framed(f"frame {self._namespace}", self._frame))
        else:
            self._session.send(self._packet(emission))

    def close(self, reason: str) -> None:
        """DISCONNECT, then the transport where no other namespace is left on it."""
        self._server.dismiss(self._session, self._namespace, reason)

    def _packet(self, emission: Emission) -> str:
        place = "" if self._namespace == "/" else f"{self._namespace},"
        argument = "" if emission.empty else f",{emission.text}"
        return f"{MESSAGE}{packet.EVENT}{place}[{orjson.dumps(emission.name).decode()}{argument}]"

    def _frame(self, emission: Emission) -> bytes:
        return frame(TEXT, self._packet(emission).encode())


class SocketServer(socketio.AsyncServer):  # type: ignore[misc]  # socketio ships no types
    """Socket.IO over `EngineServer`; who may connect is decided by `Admission`, what is heard goes to `Incoming`."""

    def __init__(self, namespaces: Iterable[str], made: Services, limits: Limits) -> None:
        namespaces = list(namespaces)
        super().__init__(
            client_manager=Rooms(),
            async_handlers=False,
            logger=logging.getLogger("socketio.server"),
            engineio_logger=logging.getLogger("engineio.server"),
            namespaces=namespaces,
            limits=limits,
            metrics=made.metrics,
            on_ping=self._asked,
            on_pong=self._answered,
            on_end=self._end,
        )
        self.sessions: dict[str, EngineSession] = self.eio.sessions
        self.links: dict[str, dict[str, SocketLink]] = {}
        self._made = made
        self._admission = made.admission
        self._limits = limits
        self._metrics = made.metrics
        self._heartbeats = {
            namespace: Emission(heartbeat, None)
            for namespace in namespaces
            if (heartbeat := made.channels.manners(namespace).heartbeat)
        }
        self._timers: dict[str, asyncio.TimerHandle] = {}
        for namespace in namespaces:
            self.on("connect", self._entrance(namespace), namespace=namespace)

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    def sizes(self) -> dict[str, int]:
        """How much is kept for connections, by registry."""
        return {
            "engine_sessions": len(self.sessions),
            "socket_sessions": len(self.links),
            "connect_timers": len(self._timers),
            "namespace_places": sum(map(len, self.manager.rooms.values())),
            "attachments": len(self._binary_packet),
        }

    # Coming in.

    def _entrance(self, namespace: str) -> Any:
        async def enter(sid: str, environ: Any, auth: Any = None) -> None:
            session = self.sessions[self.manager.eio_sid_from_sid(sid, namespace)]
            link = SocketLink(self, session, namespace, sid)
            token = auth.get("token") if isinstance(auth, dict) else None
            try:
                link.connection = await self._admission.admit(token, namespace, link)
            except Refusal as refusal:
                raise Refused(refusal.sentence, {"code": refusal.code}) from refusal
            except Exception as failure:
                _log.exception("admission-failed", namespace=namespace)
                down = Refusal("unavailable")
                raise Refused(down.sentence, {"code": down.code}) from failure
            if session.state in (State.CLOSING, State.CLOSED):
                self._admission.leave(link.connection)
                raise Refused("The connection has ended.", {"code": "unavailable"})
            self.links[session.sid][namespace] = link
            self._made.conduct.came_in(link.connection, {"auth": auth, **environ})

        return enter

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        """A namespace is joined once; python-socketio answers a second CONNECT with a bare sentence."""
        namespace = namespace or "/"
        if namespace not in self.namespaces:
            self._metrics.refused("unknown", "not_found")
            await self._send_packet(eio_sid, packet.Packet(packet.CONNECT_ERROR, UNKNOWN_NAMESPACE, namespace))
        elif self.manager.sid_from_eio_sid(eio_sid, namespace):
            await self._refuse(eio_sid, namespace, Refusal("malformed_request", "This namespace is connected already."))
        else:
            self._stop_timer(eio_sid)
            await super()._handle_connect(eio_sid, namespace, data)
            self._watch(eio_sid)
            link = self.links.get(eio_sid, {}).get(namespace)
            if link is not None and link.connection is not None:
                await self._made.courier.welcome(link.connection)

    async def _refuse(self, eio_sid: str, namespace: str, refusal: Refusal) -> None:
        self._metrics.refused(namespace, refusal.code)
        data = {"message": refusal.sentence, "data": {"code": refusal.code}}
        await self._send_packet(eio_sid, packet.Packet(packet.CONNECT_ERROR, data, namespace))

    async def _handle_eio_connect(self, eio_sid: str, environ: Any) -> None:
        await super()._handle_eio_connect(eio_sid, environ)
        self.links[eio_sid] = {}
        self._watch(eio_sid)

    def _watch(self, eio_sid: str) -> None:
        """Close the Engine.IO session in a while, unless it belongs to a namespace by then."""
        if self.links.get(eio_sid) == {} and eio_sid in self.sessions:
            self._stop_timer(eio_sid)
            close = self.sessions[eio_sid].close
            loop = asyncio.get_running_loop()
            self._timers[eio_sid] = loop.call_later(self._limits.connect_timeout, close, "connect timeout")

    def _stop_timer(self, eio_sid: str) -> None:
        timer = self._timers.pop(eio_sid, None)
        if timer is not None:
            timer.cancel()

    # Going.

    def dismiss(self, session: EngineSession, namespace: str, reason: str) -> None:
        """Send DISCONNECT to one namespace, and close the session where it was the last."""
        mine = self.links.get(session.sid, {})
        link = mine.pop(namespace, None)
        if link is None:
            return
        session.send(MESSAGE + str(packet.Packet(packet.DISCONNECT, namespace=namespace).encode()))
        self.manager.basic_disconnect(link.sid, namespace)
        if not mine:
            session.close(reason)

    async def _handle_disconnect(self, eio_sid: str, namespace: str | None, reason: Any = None) -> None:  # noqa: ARG002 - python-socketio gives it
        """The client leaves one namespace."""
        namespace = namespace or "/"
        link = self.links.get(eio_sid, {}).pop(namespace, None)
        if link is not None:
            self._forget(link, namespace)
        self._watch(eio_sid)

    def _end(self, eio_sid: str) -> None:
        """The session has ended, and with it its place in every namespace."""
        self._stop_timer(eio_sid)
        for namespace, link in self.links.pop(eio_sid, {}).items():
            self._forget(link, namespace)
        self._binary_packet.pop(eio_sid, None)
        self.environ.pop(eio_sid, None)

    def _forget(self, link: SocketLink, namespace: str) -> None:
        self.manager.basic_disconnect(link.sid, namespace)
        if link.connection is not None:
            self._admission.leave(link.connection)

    # Heartbeats.

    def _asked(self, eio_sid: str) -> None:
        """The transport's heartbeat goes out, and with it that of the namespaces that have one."""
        for namespace, link in list(self.links.get(eio_sid, {}).items()):
            heartbeat = self._heartbeats.get(namespace)
            if heartbeat is not None and link.connection is not None:
                self._made.courier.asked(link.connection)
                if self._made.conduct.heartbeat(link.connection):
                    link.send(heartbeat)

    def _answered(self, eio_sid: str) -> None:
        for link in self.links.get(eio_sid, {}).values():
            if link.connection is not None:
                self._made.courier.answered(link.connection)

    # Messages.

    async def _handle_eio_message(self, eio_sid: str, data: Message) -> None:
        """Take one message. Raises ProtocolError, which closes the connection, where the protocol forbids it.

        python-socketio logs such a packet, and goes on. "If the server does not receive a CONNECT packet first, then it
        MUST close the connection immediately." "The payload is mandatory and MUST be a non-empty array. If that's not
        the case, then the receiver MUST close the connection."
        """
        if await self._is_heard(eio_sid, data):
            return
        try:
            received = self._decode(eio_sid, data)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as unreadable:
            raise ProtocolError("no packet of Socket.IO") from unreadable
        if received is None:
            return
        _check_payload(received)
        namespace = received.namespace or "/"
        if received.packet_type == packet.CONNECT:
            await self._handle_connect(eio_sid, namespace, received.data)
        elif received.packet_type == packet.DISCONNECT:
            await self._handle_disconnect(eio_sid, namespace)
        elif received.packet_type in _EVENTS:
            await self._handle_event(eio_sid, namespace, received.id, received.data)
        else:
            await self._handle_ack(eio_sid, namespace, received.id, received.data)

    async def _is_heard(self, eio_sid: str, data: Message) -> bool:
        """Give an event to `Incoming` where its namespace listens: what is wrong with it then closes nothing."""
        if not isinstance(data, str) or eio_sid in self._binary_packet:
            return False
        spoken = _SPOKEN.fullmatch(data)
        link = self.links.get(eio_sid, {}).get(spoken[1]) if spoken else None
        if spoken is None or link is None or link.connection is None:
            return False
        if not self._made.channels.listens(spoken[1]):
            return False
        if await self._made.incoming.take(link.connection, spoken[3]) and spoken[2]:
            await self._send_packet(eio_sid, packet.Packet(packet.ACK, [], spoken[1], int(spoken[2])))
        return True

    def _decode(self, eio_sid: str, data: Message) -> Packet | None:
        """The packet, or None while its attachments are on their way. Raises ProtocolError."""
        waiting: Packet | None = self._binary_packet.get(eio_sid)
        if waiting is not None:
            if not isinstance(data, bytes):
                raise ProtocolError("text where an attachment was announced")
            if not waiting.add_attachment(data):
                return None
            del self._binary_packet[eio_sid]
            return waiting
        if isinstance(data, bytes):
            raise ProtocolError("an attachment that belongs to nothing")
        received = Packet(encoded_packet=data)
        if received.packet_type not in _FROM_CLIENTS:
            raise ProtocolError("a packet that only the server sends")
        if received.packet_type != packet.CONNECT and not self.links.get(eio_sid):
            raise ProtocolError("nothing comes before CONNECT")
        if received.attachment_count > self._limits.max_attachments:
            raise ProtocolError("too many attachments")
        if received.attachment_count:
            self._binary_packet[eio_sid] = received
            return None
        return received

    async def _handle_event(self, eio_sid: str, namespace: str, id: int | None, data: list[Any]) -> None:  # noqa: A002 - python-socketio's name
        """Run the event's handler; one that fails is logged, and the connection stays."""
        link = self.links.get(eio_sid, {}).get(namespace)
        if link is None:
            return
        if link.connection is not None and self._made.channels.listens(namespace):
            self._made.incoming.refuse(link.connection, named(orjson.dumps(data[:1]).decode()))
            return
        try:
            await super()._handle_event(eio_sid, namespace, id, data)
        except Exception:
            _log.exception("handler-failed", event=data[0], namespace=namespace)


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
