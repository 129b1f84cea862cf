"""One stream of Server-Sent Events on gevent's hub."""

from typing import Any

import orjson

from eventproof.wire.connection import EventReceived
from eventproof.wire.http import Body, Head, read_head
from eventproof.wire.sse import Comment, Decoder, ServerSentEvent

from .hub_connection import ClosureReason, Home, HubConnection, HubListener
from .message import name_at as name_in

__all__ = ["HubSse"]

_OK = 200
_STREAM = "text/event-stream"


class HubSse(HubConnection):
    """One stream. Its `recovery` is the last event id: what a browser sends as `Last-Event-ID`.

    `request` is what asks for it, whole. An event's name is at `name_at` (a JSON pointer) in its data, or, where that
    is None, in its `event:` field.
    """

    __slots__ = ("_body", "_decoder", "_head", "_name_at", "_request")

    def __init__(
        self, hub: Home, listener: HubListener, request: bytes, *, name_at: str | None, name: Any, recover: str | None
    ) -> None:
        super().__init__(hub, listener, name, recover)
        self._request = request
        self._name_at = name_at
        self._head = b""
        self._body: Body | None = None
        self._decoder: Decoder | None = None

    def connected(self) -> None:
        """Bytes can be sent: ask for the stream."""
        self._write(self._request)

    def emit(self, name: str, *args: Any, ack_id: int | None = None) -> None:
        """A stream takes nothing from its client."""

    def _take_bytes(self, data: bytes, at: float) -> None:
        if self._body is None:
            self._head += data
            found = read_head(self._head)
            if found is None:
                return
            head, data = found
            self._head = b""
            if not self._is_accepted(head, at):
                return
        if self._body is None or self._decoder is None:
            return
        self._body.feed(data)
        for item in self._decoder.feed(self._body.take()):
            if not isinstance(item, Comment) and not self._gone:
                self._listener.received(self, self._event(item), at)
        if self._body is not None and self._body.is_complete:
            self._end(ClosureReason.END, "", at)

    def _is_accepted(self, head: Head, at: float) -> bool:
        kind = head.header("Content-Type").partition(";")[0].strip().lower()
        body = Body(head, most=self._hub.max_message)
        if head.status != _OK or kind != _STREAM or body.unknown_coding:
            self._end(ClosureReason.REFUSED, _refusal(head, kind, body.unknown_coding), at)
            return False
        self._body, self._decoder = body, Decoder(max_event=self._hub.max_message)
        self._patience = float("inf")  # nothing says how often an idle stream gives a sign of life
        self._has_opened(at)
        return True

    def _event(self, item: ServerSentEvent) -> EventReceived:
        try:
            payload: Any = orjson.loads(item.data)
        except orjson.JSONDecodeError:
            payload = item.data
        name = item.event if self._name_at is None else name_in(payload, self._name_at)
        return EventReceived("", name, (payload,), None)

    def _let_go(self) -> str | None:
        last = self._decoder.last_event_id if self._decoder is not None else ""
        self._body = self._decoder = None
        return last or None


def _refusal(head: Head, kind: str, coding: str) -> str:
    """Why it is no stream that can be read."""
    if head.status != _OK:
        return f"HTTP {head.status} {head.reason}".rstrip()
    if kind != _STREAM:
        return f"{kind or 'no content type'} where a stream was asked for"
    return f"events in {coding}, which is not decoded here"
