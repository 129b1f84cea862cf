"""A client for a native WebSocket, without Socket.IO on it; it never reconnects by itself."""

import json
import ssl
from collections.abc import Callable, Iterable
from typing import Any

from eventproof.errors import ProtocolViolation, UsageError
from eventproof.history import History, Kind
from eventproof.redaction import secrets_of

from .address import Address
from .channel import ConnectionRefused, Ending, OnEvent
from .channel_client import ChannelClient
from .message import UNNAMED, enveloped, name_at
from .websocket_stream import WebSocketStream

__all__ = ["ReadMessage", "WebSocketClient", "WriteMessage", "bare", "enveloping", "named_at", "named_event"]

ReadMessage = Callable[[str | bytes], tuple[str, Any]]
"""Gives the event's name and its argument."""
WriteMessage = Callable[[str, Any], Any]
"""Gives the message that an event with this name and argument is."""


def enveloping(name: str, argument: Any) -> Any:
    """Write `{"event": name, "data": argument}`."""
    return {"event": name, "data": argument}


def bare(_: str, argument: Any) -> Any:
    """Write the argument alone, which has the name in it where there is one."""
    return argument


_GOODBYE = 1.0


def named_event(message: str | bytes) -> tuple[str, Any]:
    """Read `{"event": name, "data": …}`, or `type` for `event` and `payload` for `data`.

    Without data the whole object is the argument; what is no such object has the name `message`.
    """
    try:
        document = json.loads(message)
    except (ValueError, RecursionError):
        return UNNAMED, message
    return enveloped(document)


def named_at(place: str) -> ReadMessage:
    """Read messages whose name is at this place (a JSON pointer) and whose argument is the whole of them.

    What has no text there, or is no JSON, has the name `message`.
    """

    def read(message: str | bytes) -> tuple[str, Any]:
        try:
            document = json.loads(message)
        except (ValueError, RecursionError):
            return UNNAMED, message
        return name_at(document, place), document

    return read


class WebSocketClient(ChannelClient):
    """One connection. `read` says how a message is an event; `path` may have a query.

    `answer_heartbeats` (PING frames) may be changed at any time. `timeout` bounds the opening and every write.
    """

    def __init__(
        self,
        base_url: str,
        path: str,
        *,
        headers: Iterable[tuple[str, str]] = (),
        history: History | None = None,
        actor: str = "client",
        connection: str = "",
        channel: str | None = None,
        on_event: OnEvent | None = None,
        answer_heartbeats: bool = True,
        read: ReadMessage = named_event,
        write: WriteMessage = enveloping,
        timeout: float = 5.0,
        max_events: int = 10_000,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.answer_heartbeats = answer_heartbeats
        self._address = Address.parse(base_url)
        self._target = self._address.target(path)
        self._headers = tuple(headers)
        self._read, self._timeout, self._ssl = read, timeout, ssl_context
        self._write_event = write
        super().__init__(
            history,
            secrets_of(None, self._headers, f"{self._address.origin}{self._target}"),
            actor=actor,
            connection=connection,
            channel=path.partition("?")[0] if channel is None else channel,
            on_event=on_event,
            max_events=max_events,
        )
        self._opened = False
        self._stream: WebSocketStream | None = None

    @property
    def is_open(self) -> bool:
        """Whether messages can still arrive."""
        return self._opened and self._inbox.ended is None

    async def open(self) -> None:
        """Connect and shake hands; raises ConnectionRefused, TargetUnavailable or Inconclusive."""
        self._begin()
        self._stream = WebSocketStream(
            self._address,
            self._target,
            headers=self._headers,
            listener=self,
            journal=self._journal,
            wanted="WebSocket",
            ssl_context=self._ssl,
        )
        try:
            await self._stream.open(self._timeout)
        except ConnectionRefused as refused:
            self._journal.enter(Kind.REFUSED, payload={"reason": str(refused), "data": refused.data})
            raise

    async def emit(self, name: str, *arguments: Any) -> None:
        """Send an event, as `write` has it; raises NotSent where the server ended the connection before."""
        self._inbox.check_writable(name)
        self._journal.event(Kind.SENT, name, arguments)
        await self.send(self._write_event(name, arguments[0] if arguments else None))

    async def send(self, message: Any) -> None:
        """Send a message: text and bytes as they are, all else as JSON."""
        await self._write([message if isinstance(message, str | bytes) else json.dumps(message)], None)

    async def send_bytes(self, raw: bytes) -> None:
        """Send bytes below the framing."""
        await self._write([], raw)

    async def close(self) -> None:
        """The closing handshake, bounded in time; harmless when repeated."""
        if self._stream is not None:
            self._inbox.leaving = True
            await self._stream.close(_GOODBYE)

    def drop(self) -> None:
        """Cut TCP without a goodbye."""
        if self._stream is not None:
            self._stream.abort()

    def on_open(self) -> None:
        """Part of FrameListener."""
        self._opened = True
        self._journal.enter(Kind.OPENED)

    def on_message(self, message: str | bytes) -> None:
        """Part of FrameListener."""
        name, argument = self._read(message)
        self._inbox.receive(name, (argument,))
        if self._inbox.is_full:
            self._inbox.end(Ending.OVERFLOW, "more came than a client keeps")
            self.drop()

    def on_ping(self, payload: bytes) -> bool:  # noqa: ARG002 - part of FrameListener
        """Part of FrameListener."""
        return self.answer_heartbeats

    def on_violation(self, violation: ProtocolViolation) -> None:
        """Part of FrameListener."""
        self._inbox.violate(violation)

    def on_end(
        self,
        stream: object,  # noqa: ARG002 - as above
        ending: Ending,
        reason: str,
        code: int | None,
        said: Any = None,
    ) -> None:
        """Part of FrameListener."""
        self._inbox.end(ending, reason, code, said)

    async def _write(self, messages: list[str | bytes], raw: bytes | None) -> None:
        if self._stream is None or not self._opened:
            raise UsageError("The client is not open.")
        self._stream.write(messages)
        if raw is not None:
            self._stream.write_raw(raw)
        await self._stream.drain(self._timeout)
