"""One native WebSocket on gevent's hub: a JSON message is an event, and nothing lies between them."""

from collections.abc import Callable
from typing import Any

import orjson

from eventproof.wire.connection import EventReceived

from .hub_connection import Home, HubListener
from .hub_websocket import HubWebSocket
from .message import UNNAMED, enveloped
from .message import name_at as name_in

__all__ = ["HubNative"]


class HubNative(HubWebSocket):
    """One connection. An event's name is at `name_at` (a JSON pointer) in its message, which is the argument then.

    Where that is None, a message is `{"event": name, "data": argument}`. Nothing resumes: `recovery` stays None.
    """

    __slots__ = ("_name_at",)

    def __init__(
        self, hub: Home, listener: HubListener, ask: Callable[[str], bytes], *, name_at: str | None, name: Any
    ) -> None:
        super().__init__(hub, listener, ask, name, None)
        self._name_at = name_at

    def emit(self, name: str, *args: Any, ack_id: int | None = None) -> None:  # noqa: ARG002 - nothing answers a message
        """Send a message; nothing happens where the connection is not open.

        Where the name stands in the message, the one argument is the whole of it.
        """
        if self.is_open:
            argument = args[0] if args else None
            message = {"event": name, "data": argument} if self._name_at is None else argument
            self._send_message(orjson.dumps(message).decode())

    def _is_websocket(self, at: float) -> None:
        self._patience = float("inf")  # nothing says how often an idle server gives a sign of life
        self._has_opened(at)

    def _take_message(self, message: str | bytes, at: float) -> None:
        try:
            document: Any = orjson.loads(message)
        except orjson.JSONDecodeError:
            name, argument = UNNAMED, message
        else:
            place = self._name_at
            name, argument = enveloped(document) if place is None else (name_in(document, place), document)
        self._listener.received(self, EventReceived("", name, (argument,), None), at)
