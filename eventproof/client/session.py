"""An Engine.IO session on whichever transport: opening, the upgrade, heartbeats, the end. Events go to a handler."""

import ssl
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from eventproof.errors import ContractViolation, Inconclusive, ProtocolViolation, TargetUnavailable, UsageError
from eventproof.wire import connection as wire
from eventproof.wire import engineio
from eventproof.wire.states import SessionState
from eventproof.wire.websocket import CloseCode

from .address import Address
from .channel import ConnectionRefused, Ending
from .inbox import Inbox
from .journal import Journal
from .polling import PollingStream
from .websocket_stream import WebSocketStream

__all__ = ["Session", "Transport"]

Transport = Literal["websocket", "polling"]

_GOODBYE = 1.0
_WANTED = "Socket.IO server"


class Session:
    """One session. Answers heartbeats while `answer_heartbeats` is set; never reconnects.

    `handler` gets what concerns namespaces; how the session ends goes to the inbox.
    """

    def __init__(
        self,
        address: Address,
        path: str,
        *,
        headers: tuple[tuple[str, str], ...],
        query: Mapping[str, str],
        journal: Journal,
        inbox: Inbox,
        handler: Callable[[wire.WireEvent], None],
        timeout: float,
        ssl_context: ssl.SSLContext | None,
    ) -> None:
        self.wire = wire.Connection()
        self.opened: wire.Opened | None = None
        self.answer_heartbeats = True
        self.heartbeats: list[float] = []
        """When each ping of Engine.IO came, on the history's clock."""
        self._address, self._path, self._headers, self._query = address, path, headers, query
        self._journal, self._inbox, self._handler = journal, inbox, handler
        self._timeout, self._ssl = timeout, ssl_context
        self._stream: WebSocketStream | PollingStream | None = None
        self._polling: PollingStream | None = None
        self._probed = False

    async def open(self, transport: Transport) -> None:
        """Connect and take the OPEN packet.

        Raises ConnectionRefused, TargetUnavailable or Inconclusive (no answer in time).
        """
        if transport == "websocket":
            self._stream = stream = self._websocket(None, "")
            await stream.open(self._timeout)
        else:
            self._stream = self._polling = PollingStream(
                self._address,
                self._path,
                headers=self._headers,
                query=self._query,
                listener=self,
                journal=self._journal,
                ssl_context=self._ssl,
            )
            await self._polling.open(self._timeout)
        await self._inbox.until(lambda: self.opened or self._inbox.ended, self._timeout)
        if self.opened is None:
            self._raise_not_opened()
        elif self._polling is not None:
            self._polling.begin(self.opened)

    async def upgrade(self) -> None:
        """Move from polling to a WebSocket.

        Raises ContractViolation where the server offers none, ConnectionRefused where it ends the session meanwhile.
        """
        polling, opened = self._polling, self.opened
        if polling is None or opened is None or self._stream is not polling:
            raise UsageError("Only an open polling connection can be upgraded.")
        if "websocket" not in opened.upgrades:
            raise ContractViolation(
                "The server offers no upgrade to websocket.",
                expected="websocket among the upgrades",
                observed=", ".join(opened.upgrades) or "no upgrade",
            )
        stream = self._websocket(opened.sid, polling.cookies())
        try:
            await stream.open(self._timeout)
            stream.write(self.wire.probe())
            await self._inbox.until(lambda: self._probed or self._inbox.ended or None, self._timeout)
            self._check_standing()
            if not self._probed:
                raise Inconclusive(f"The probe of the upgrade was not answered within {self._timeout:g} s.")
            await polling.pause(self._timeout)
            self._check_standing()
        except BaseException:
            stream.abort()
            raise
        self._stream = stream
        stream.write(self.wire.upgrade())
        await polling.close(self._timeout)

    def write(self, messages: Iterable[engineio.Message]) -> None:
        """Send on the transport in use."""
        if self._stream is None:
            raise UsageError("The client is not open.")
        self._stream.write(messages)

    def write_raw(self, data: bytes) -> None:
        """Send bytes below the framing of a WebSocket."""
        if not isinstance(self._stream, WebSocketStream):
            raise UsageError("Only a WebSocket has a framing that can be broken.")
        self._stream.write_raw(data)

    async def drain(self) -> None:
        """Wait until what was written has left. Raises Inconclusive after the timeout."""
        if self._stream is not None:
            await self._stream.drain(self._timeout)

    async def close(self) -> None:
        """Say goodbye where the session still stands, and release everything, bounded in time."""
        if self._stream is not None and self._inbox.ended is None:
            self._inbox.leaving = True
            if self.wire.state is SessionState.OPEN:
                self.write(self.wire.close())
            try:
                await self._stream.drain(_GOODBYE)
            except Inconclusive:
                self.drop()
        for stream in self._streams():
            await stream.close(_GOODBYE)

    def drop(self) -> None:
        """Cut the transport without a goodbye."""
        for stream in self._streams():
            stream.abort()

    def on_open(self) -> None:
        """Part of FrameListener: the session opens with its OPEN packet."""

    def on_message(self, message: str | bytes) -> None:
        """Part of FrameListener."""
        try:
            events = self.wire.receive(message)
        except ProtocolViolation as violation:
            self.on_violation(violation)
            self._end(Ending.VIOLATION, str(violation))
            return
        for event in events:
            self._take(event)
        if self._inbox.is_full and self._inbox.ended is None:
            self._end(Ending.OVERFLOW, "more came than a client keeps")

    def on_ping(self, payload: bytes) -> bool:  # noqa: ARG002 - part of FrameListener
        """Part of FrameListener."""
        return self.answer_heartbeats

    def on_violation(self, violation: ProtocolViolation) -> None:
        """Part of FrameListener."""
        self._inbox.violate(violation)

    def on_end(self, stream: object, ending: Ending, reason: str, code: int | None, said: Any = None) -> None:
        """Part of FrameListener."""
        if self._stream is None or stream is self._stream:
            self._inbox.end(ending, reason, code, said)

    def _take(self, event: wire.WireEvent) -> None:
        match event:
            case wire.Opened():
                self.opened = event
                self._inbox.wake()
            case wire.PingReceived(data):
                self.heartbeats.append(self._journal.now())
                self._inbox.wake()
                if self.answer_heartbeats and self.wire.state is not SessionState.CLOSING:
                    self.write(self.wire.pong(data))
            case wire.PongReceived():
                self._probed = True
                self._inbox.wake()
            case wire.TransportClosed():
                self._end(Ending.ENGINE_CLOSE, "the server sent an Engine.IO CLOSE packet")
            case wire.Noop():
                pass
            case _:
                self._handler(event)

    def _end(self, ending: Ending, reason: str) -> None:
        self._inbox.end(ending, reason)
        self.drop()

    def _streams(self) -> list[WebSocketStream | PollingStream]:
        return [stream for stream in {self._stream, self._polling} if stream is not None]

    def _websocket(self, sid: str | None, cookies: str) -> WebSocketStream:
        return WebSocketStream(
            self._address,
            self._address.asked(self._path, engineio.query("websocket", sid, self._query)),
            headers=_with_cookies(self._headers, cookies),
            listener=self,
            journal=self._journal,
            wanted=_WANTED,
            ssl_context=self._ssl,
        )

    def _check_standing(self) -> None:
        """Raise where the session ended while it was being upgraded."""
        if self._inbox.violation is not None:
            raise self._inbox.violation
        if self._inbox.ended is not None:
            ended = self._inbox.ended
            raise ConnectionRefused(
                f"The connection ended before its upgrade was complete: {ended.reason}.",
                data=ended.said,
                status=ended.code,
            )

    def _raise_not_opened(self) -> None:
        url = self._address.origin + self._address.target(self._path).partition("?")[0]
        violation, ended = self._inbox.violation, self._inbox.ended
        if violation is not None:
            raise TargetUnavailable(f"{url} is no {_WANTED}: {violation} It sent {violation.observed}.")
        if ended is not None and ended.ending is Ending.WEBSOCKET_CLOSE and _refuses(ended.code):
            raise ConnectionRefused(f"{url} refused the connection: {ended.reason}.", status=ended.code)
        if ended is not None:
            raise TargetUnavailable(f"{url} is no {_WANTED}: no OPEN packet came, {ended.reason}.")
        raise Inconclusive(f"{url} sent no Engine.IO OPEN packet within {self._timeout:g} s.")


def _with_cookies(headers: tuple[tuple[str, str], ...], cookies: str) -> tuple[tuple[str, str], ...]:
    """The headers, with the server's cookies beside those that are given: one `Cookie` a request (RFC 6265 5.4)."""
    given = [value for name, value in headers if name.lower() == "cookie"]
    others = tuple((name, value) for name, value in headers if name.lower() != "cookie")
    together = "; ".join(filter(None, (*given, cookies)))
    return (*others, ("Cookie", together)) if together else others


def _refuses(code: int | None) -> bool:
    """Whether a WebSocket's close code says "not you": a policy, Unauthorized and such, or a server's own."""
    return code is not None and (code == CloseCode.POLICY_VIOLATION or code >= 3000)
