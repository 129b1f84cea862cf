"""One Socket.IO connection on gevent's hub, over a WebSocket."""

from collections.abc import Callable, Iterable
from typing import Any

import orjson

from eventproof.redaction import cut
from eventproof.wire.connection import (
    AckReceived,
    Connected,
    Connection,
    ConnectRefused,
    Disconnected,
    EventReceived,
    Noop,
    Opened,
    PingReceived,
    PongReceived,
    Recovery,
    TransportClosed,
)
from eventproof.wire.engineio import Message
from eventproof.wire.states import SessionState

from .hub_connection import ClosureReason, Home, HubListener
from .hub_websocket import HubWebSocket

__all__ = ["HubSocketIO"]

_DETAIL = 200
"""How many characters of a refusal are kept."""


class HubSocketIO(HubWebSocket):
    """One connection to one namespace. Its `recovery` is there where the server offers one."""

    __slots__ = ("_auth", "_namespace", "_session")

    def __init__(
        self,
        hub: Home,
        listener: HubListener,
        auth: Any,
        namespace: str,
        name: Any,
        recover: Recovery | None,
        ask: Callable[[str], bytes],
    ) -> None:
        super().__init__(hub, listener, ask, name, recover)
        self._auth = auth
        self._namespace = namespace
        self._session: Connection | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the server has opened an Engine.IO session, and has not ended it."""
        return self._session is not None and self._session.state is not SessionState.OPENING

    def emit(self, name: str, *args: Any, ack_id: int | None = None) -> None:
        """Send an event; nothing happens where the connection is not open."""
        if self.is_open and self._session is not None:
            self._send(self._session.emit(self._namespace, name, *args, ack_id=ack_id))

    def ack(self, ack_id: int, *args: Any) -> None:
        """Acknowledge an event; nothing happens where the connection is not open."""
        if self.is_open and self._session is not None:
            self._send(self._session.ack(self._namespace, ack_id, *args))

    def _say_goodbye(self) -> None:
        if self._session is not None:
            self._send(self._session.disconnect(self._namespace))

    def _is_websocket(self, _at: float) -> None:
        self._session = Connection(loads=orjson.loads)

    def _take_message(self, message: str | bytes, at: float) -> None:
        if self._session is not None:
            for event in self._session.receive(message):
                _HANDLERS[type(event)](self, event, at)

    def _on_opened(self, event: Opened, _at: float) -> None:
        self._patience = event.ping_interval + event.ping_timeout
        if self._session is not None:
            self._send(self._session.connect(self._namespace, self._auth, self.recovery))
        self._auth = None

    def _on_accepted(self, _event: Connected, at: float) -> None:
        self._has_opened(at)

    def _on_refused(self, event: ConnectRefused, at: float) -> None:
        said = event.data.get("message", event.data) if isinstance(event.data, dict) else event.data
        self._end(ClosureReason.REFUSED, cut(str(said), _DETAIL), at)

    def _on_event(self, event: EventReceived, at: float) -> None:
        self._listener.received(self, event, at)

    def _on_ack(self, event: AckReceived, at: float) -> None:
        self._listener.acknowledged(self, event, at)

    def _on_disconnect(self, _event: Disconnected, at: float) -> None:
        self._listener.disconnected(self, at)
        self._end(ClosureReason.DISCONNECT, "", at)

    def _on_ping(self, event: PingReceived, _at: float) -> None:
        if self._session is not None:
            self._send(self._session.pong(event.data))

    def _on_engine_close(self, _event: TransportClosed, at: float) -> None:
        self._end(ClosureReason.ENGINE_CLOSE, "", at)

    def _on_nothing(self, _event: object, _at: float) -> None:
        """A packet that asks for nothing."""

    def _send(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self._send_message(message)

    def _let_go(self) -> Any:
        super()._let_go()
        recovery = self._session.recovery(self._namespace) if self._session is not None else None
        self._session = None
        return recovery


_HANDLERS: dict[type, Callable[[HubSocketIO, Any, float], None]] = {
    Opened: HubSocketIO._on_opened,
    Connected: HubSocketIO._on_accepted,
    ConnectRefused: HubSocketIO._on_refused,
    EventReceived: HubSocketIO._on_event,
    AckReceived: HubSocketIO._on_ack,
    Disconnected: HubSocketIO._on_disconnect,
    PingReceived: HubSocketIO._on_ping,
    TransportClosed: HubSocketIO._on_engine_close,
    PongReceived: HubSocketIO._on_nothing,
    Noop: HubSocketIO._on_nothing,
}
