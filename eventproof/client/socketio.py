"""A Socket.IO client for the suite: it sees every frame, does only what it is told, and never reconnects by itself."""

import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlencode

from eventproof.errors import Inconclusive, ProtocolViolation, UsageError
from eventproof.history import History, Kind
from eventproof.redaction import secrets_of
from eventproof.wire import connection as wire
from eventproof.wire.states import NamespaceState

from .address import Address
from .channel import Closed, ConnectionRefused, OnEvent, Received
from .channel_client import ChannelClient
from .session import Session

__all__ = ["AutoAck", "AutoAnswer", "SocketIOClient", "TransportChoice"]

TransportChoice = Literal["websocket", "polling", "upgrade"]

AutoAck = Callable[[Received], Sequence[Any] | None]
"""Gives the arguments of the acknowledgement of an event, or None to hold it back."""

AutoAnswer = Callable[[Received], tuple[str, Sequence[Any]] | None]
"""Gives the event that is sent back at once, its name and its arguments; None where there is nothing to say."""


class SocketIOClient(ChannelClient):
    """One connection to one namespace.

    `transport` is `websocket`, `polling`, or `upgrade`: polling that is upgraded to websocket while it opens.
    `auth` is the payload of CONNECT; what `recovery` of an earlier client gave is joined to it as `recover`. `headers`
    and `query` go with every request, beside those of the protocol. Without `auto_ack` every acknowledgement is held
    back until `ack` is called. `auto_answer` sends events of ours in answer to theirs. `timeout` bounds each step of
    opening and every write.
    """

    def __init__(
        self,
        base_url: str,
        *,
        path: str = "/socket.io/",
        namespace: str = "/",
        transport: TransportChoice = "websocket",
        auth: Any = None,
        recover: wire.Recovery | None = None,
        headers: Iterable[tuple[str, str]] = (),
        query: Mapping[str, str] | None = None,
        history: History | None = None,
        actor: str = "client",
        connection: str = "",
        channel: str | None = None,
        on_event: OnEvent | None = None,
        answer_heartbeats: bool = True,
        auto_ack: AutoAck | None = None,
        auto_answer: AutoAnswer | None = None,
        timeout: float = 5.0,
        max_events: int = 10_000,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.sid = ""
        """Our id in the namespace."""
        address, headers, query = Address.parse(base_url), tuple(headers), dict(query or {})
        self.recovered = False
        """Whether the server says that this connection goes on where the one of `recover` ended."""
        self._namespace, self._transport, self._auth, self._recover = namespace, transport, auth, recover
        self._auto_ack, self._auto_answer, self._timeout = auto_ack, auto_answer, timeout
        super().__init__(
            history,
            secrets_of(auth, headers, f"{base_url}?{urlencode(query)}"),
            actor=actor,
            connection=connection,
            channel=namespace if channel is None else channel,
            on_event=on_event,
            max_events=max_events,
        )
        self._session = Session(
            address,
            path,
            headers=headers,
            query=query,
            journal=self._journal,
            inbox=self._inbox,
            handler=self._take,
            timeout=timeout,
            ssl_context=ssl_context,
        )
        self._session.answer_heartbeats = answer_heartbeats
        self._joins = False
        self._refused: wire.ConnectRefused | None = None
        self._asked: dict[int, str] = {}
        self._acks: dict[int, wire.AckReceived] = {}
        self._next_ack = 0

    @property
    def is_open(self) -> bool:
        """Whether the transport is there and the namespace is joined."""
        return self._inbox.ended is None and self._joined

    @property
    def session(self) -> wire.Opened | None:
        """What the server's handshake said."""
        return self._session.opened

    @property
    def recovery(self) -> wire.Recovery | None:
        """What another client may `recover`, also after the end; None where the server offers no such thing."""
        return self._session.wire.recovery(self._namespace)

    @property
    def violation(self) -> ProtocolViolation | None:
        """What the server did against its protocol, once it did."""
        return self._inbox.violation

    @property
    def answer_heartbeats(self) -> bool:
        """Whether heartbeats are answered, Engine.IO's and the WebSocket's own; may be changed at any time."""
        return self._session.answer_heartbeats

    @answer_heartbeats.setter
    def answer_heartbeats(self, answer: bool) -> None:
        self._session.answer_heartbeats = answer

    @property
    def heartbeats(self) -> tuple[float, ...]:
        """When each ping of Engine.IO came, on the history's clock."""
        return tuple(self._session.heartbeats)

    async def heartbeat(self, timeout: float) -> float:
        """Wait for the next ping of Engine.IO, and give its time; raises NotReceived."""
        seen = len(self._session.heartbeats)
        await self._inbox.until(
            lambda: True if len(self._session.heartbeats) > seen else self._inbox.ended or None, timeout
        )
        if len(self._session.heartbeats) > seen:
            return self._session.heartbeats[seen]
        raise self._inbox.missing(
            "No heartbeat came", expected=f"an Engine.IO ping within {timeout:g} s", observed=f"{seen} before it"
        )

    async def open(self) -> None:
        """Connect, and join the namespace.

        Raises ConnectionRefused, TargetUnavailable, Inconclusive (no answer in time) or ProtocolViolation.
        """
        if self._joins:
            raise UsageError("A client opens once; make another one.")
        self._joins = True
        if not self._begun:
            await self.reach()
        try:
            await self.join(self._auth, self._recover)
            if self._transport == "upgrade":
                await self._session.upgrade()
        except BaseException as error:
            if isinstance(error, ConnectionRefused) and self._refused is None:
                self._journal.enter(Kind.REFUSED, payload={"reason": str(error), "data": error.data})
            await self.close()
            raise

    async def reach(self) -> None:
        """Open the transport alone: `open` then only joins the namespace. Raises as it does."""
        self._begin()
        try:
            await self._session.open("websocket" if self._transport == "websocket" else "polling")
        except BaseException as error:
            if isinstance(error, ConnectionRefused):
                self._journal.enter(Kind.REFUSED, payload={"reason": str(error), "data": error.data})
            await self.close()
            raise

    async def rejoin(self) -> None:
        """Send CONNECT once more as `open` did. Raises as `join` does."""
        await self.join(self._auth)

    async def join(self, auth: Any = None, recover: wire.Recovery | None = None) -> None:
        """Send CONNECT for the namespace on the open transport: what `open` does, and what a test does again.

        Raises ConnectionRefused with the data of CONNECT_ERROR, or where the connection is ended instead.
        """
        self._refused, self._inbox.left, self.sid = None, None, ""
        if self._inbox.ended is None:
            self._session.write(self._session.wire.connect(self._namespace, auth, recover))
        await self._inbox.until(
            lambda: self.sid or self._refused or self._inbox.left or self._inbox.ended, self._timeout
        )
        if self.sid:
            return
        if self._inbox.violation is not None:
            raise self._inbox.violation
        if self._refused is not None:
            data = self._refused.data
            message = data.get("message") if isinstance(data, dict) else data
            said = f": {str(message).rstrip('.')}" if message else ""
            raise ConnectionRefused(
                f"The namespace {self._namespace} refused the connection{said}.",
                data=data,
            )
        ended = self._inbox.left or self._inbox.ended
        if ended is not None:
            raise ConnectionRefused(
                f"The connection ended before namespace {self._namespace} was joined: {ended.reason}.",
                data=ended.said,
                status=ended.code,
            )
        raise Inconclusive(f"CONNECT to {self._namespace} was not answered within {self._timeout:g} s.")

    async def upgrade(self) -> None:
        """Move an open polling connection to a WebSocket. Raises ContractViolation where the server offers none."""
        await self._session.upgrade()

    async def emit(self, name: str, *args: Any) -> None:
        """Send an event; raises NotSent where the server ended the connection before."""
        self._emit(name, args, None)
        await self._session.drain()

    async def call(self, name: str, *args: Any, timeout: float) -> tuple[Any, ...]:
        """Send an event and wait for its acknowledgement, whose arguments it gives; raises NotSent or NotReceived."""
        ack_id, self._next_ack = self._next_ack, self._next_ack + 1
        self._asked[ack_id] = name
        self._emit(name, args, ack_id)
        await self._inbox.until(lambda: ack_id in self._acks or self._inbox.ended or None, timeout)
        if ack_id in self._acks:
            return self._acks.pop(ack_id).args
        raise self._inbox.missing(
            f"The event {name} was not acknowledged",
            expected=f"an acknowledgement within {timeout:g} s",
            observed="none",
        )

    async def ack(self, received: Received, *args: Any) -> None:
        """Acknowledge an event that asked for it; again, if a test wants so. Raises NotSent as `emit` does."""
        if received.ack_id is None:
            raise UsageError(f"The event {received.name} asked for no acknowledgement.")
        self._inbox.check_writable(received.name)
        self._acknowledge(received, received.ack_id, args)
        await self._session.drain()

    async def disconnected(self, timeout: float) -> Closed:
        """Wait until the namespace is left, by a DISCONNECT packet or with the transport; raises NotClosed.

        What `closed` gives tells of a DISCONNECT before it: `disconnected_at`.
        """
        return await self._inbox.wait_left(timeout)

    async def send_frame(self, raw: str | bytes) -> None:
        """Send one message of the transport as it is, such as `42["x"]`, whatever the protocol says of it.

        What comes back is judged as if it had not been sent.
        """
        self._session.write([raw])
        await self._session.drain()

    async def send_bytes(self, raw: bytes) -> None:
        """Send bytes below the framing of a WebSocket."""
        self._session.write_raw(raw)
        await self._session.drain()

    async def close(self) -> None:
        """Leave the namespace, close the session and the transport, bounded in time; harmless when repeated."""
        if self.is_open:
            self._session.write(self._session.wire.disconnect(self._namespace))
        await self._session.close()

    def drop(self) -> None:
        """Cut TCP without a goodbye."""
        self._session.drop()

    @property
    def _joined(self) -> bool:
        return self._session.wire.namespace(self._namespace) is NamespaceState.CONNECTED

    def _emit(self, name: str, args: tuple[Any, ...], ack_id: int | None) -> None:
        self._inbox.check_writable(name)
        messages = self._session.wire.emit(self._namespace, name, *args, ack_id=ack_id)
        self._journal.event(Kind.SENT, name, args)
        self._session.write(messages)

    def _acknowledge(self, received: Received, ack_id: int, args: Sequence[Any]) -> None:
        self._session.write(self._session.wire.ack(received.namespace, ack_id, *args))
        self._journal.event(Kind.NOTE, "ACK", (received.name, *args))

    def _take(self, event: wire.WireEvent) -> None:
        match event:
            case wire.Connected():
                self.sid = event.sid
                self.recovered = self._recover is not None and event.pid == self._recover.pid
                self._journal.enter(Kind.OPENED, payload={"transport": self._transport, "sid": event.sid})
                self._inbox.wake()
            case wire.ConnectRefused():
                self._refused = event
                self._journal.enter(Kind.REFUSED, payload={"reason": "CONNECT_ERROR", "data": event.data})
                self._inbox.wake()
            case wire.EventReceived():
                received = self._inbox.receive(event.name, event.args, namespace=event.namespace, ack_id=event.ack_id)
                answer = self._auto_ack(received) if self._auto_ack and event.ack_id is not None else None
                if answer is not None and event.ack_id is not None and self.is_open:
                    self._acknowledge(received, event.ack_id, answer)
                said = self._auto_answer(received) if self._auto_answer else None
                if said is not None and self.is_open:
                    self._emit(said[0], tuple(said[1]), None)
            case wire.AckReceived():
                self._acks[event.id] = event
                self._journal.event(Kind.ACKED, self._asked.pop(event.id), event.args)
                self._inbox.wake()
            case wire.Disconnected():
                self._inbox.leave(event.namespace)
