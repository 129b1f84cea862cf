"""A client for Server-Sent Events: one GET whose answer does not end; it never reconnects by itself."""

import asyncio
import json
import socket
import ssl
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import aiohttp
from aiohttp.connector import AddrInfoType

from eventproof.errors import Inconclusive, ProtocolViolation, TargetUnavailable
from eventproof.history import History, Kind
from eventproof.redaction import secrets_of
from eventproof.wire import sse
from eventproof.wire.http import Coding

from .address import Address
from .answer import judge
from .answer_body import read_answer, unanswered
from .channel import ConnectionRefused, Ending, OnEvent
from .channel_client import ChannelClient
from .native import named_at

__all__ = ["SseClient"]

_MOST_COMMENTS = 10_000
_NARROW = 2304
"""Bytes that the socket of a stalled stream holds."""
_SEGMENT = 88
"""Bytes of its segments: the least that Linux takes."""


class SseClient(ChannelClient):
    """One stream. An event's argument is its data, parsed where it is JSON; its `id` is the last event id.

    Its name is what `event:` says, or what is at `name_at` (a JSON pointer) in its data. `path` may have a query.
    `timeout` bounds the opening. One that `stalls` opens and then takes nothing more, with as little room as can be.
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
        name_at: str | None = None,
        timeout: float = 5.0,
        max_events: int = 10_000,
        ssl_context: ssl.SSLContext | None = None,
        stalls: bool = False,
    ) -> None:
        self.comments: list[str] = []
        """The comment lines so far, which keep an idle stream alive."""
        self.names: set[str] = set()
        """What `event:` said so far; `message` where it said nothing."""
        self._stalls = stalls
        self._address = Address.parse(base_url)
        self._target = self._address.target(path)
        self._headers = tuple(headers)
        self._timeout, self._ssl = timeout, ssl_context
        super().__init__(
            history,
            secrets_of(None, self._headers, f"{self._address.origin}{self._target}"),
            actor=actor,
            connection=connection,
            channel=path.partition("?")[0] if channel is None else channel,
            on_event=on_event,
            max_events=max_events,
        )
        self._read_data = None if name_at is None else named_at(name_at)
        self._decoder = sse.Decoder()
        self._coding = Coding(())
        self._unshown = b""
        self._http: aiohttp.ClientSession | None = None
        self._response: aiohttp.ClientResponse | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the stream goes on."""
        return self._reader is not None and self._inbox.ended is None

    @property
    def retry(self) -> int | None:
        """The reconnection time that the stream last asked for, in milliseconds."""
        return self._decoder.retry

    @property
    def last_event_id(self) -> str:
        """What a client would send as `Last-Event-ID`."""
        return self._decoder.last_event_id

    async def open(self) -> None:
        """Ask for the stream; raises ConnectionRefused, TargetUnavailable or Inconclusive."""
        self._begin()
        url = self._address.origin + self._target.partition("?")[0]
        connector = aiohttp.TCPConnector(ssl=self._ssl or True, socket_factory=_narrow if self._stalls else None)
        self._http = aiohttp.ClientSession(connector=connector, auto_decompress=False)
        try:
            async with asyncio.timeout(2 * self._timeout):
                self._response = await self._http.get(
                    self._address.origin + self._target,
                    headers=[("Accept", "text/event-stream"), ("Cache-Control", "no-store"), *self._headers],
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._timeout),
                )
                await self._check(self._response, url)
        except aiohttp.ClientError as error:
            await self.close()
            raise unanswered(self._address, error) from None
        except TimeoutError:
            await self.close()
            raise Inconclusive(f"{url} did not answer within {self._timeout:g} s.") from None
        except BaseException:
            await self.close()
            raise
        self._journal.enter(Kind.OPENED)
        self._reader = asyncio.create_task(self._stall() if self._stalls else self._read(self._response.content))

    @property
    def headers(self) -> Mapping[str, str]:
        """Those of the answer; none before it came."""
        return self._response.headers if self._response is not None else {}

    async def comment(self, timeout: float) -> str:
        """The next comment; raises NotReceived."""
        heard = len(self.comments)
        await self._inbox.until(lambda: self.comments[heard:] or self._inbox.ended, timeout)
        if len(self.comments) > heard:
            return self.comments[heard]
        raise self._inbox.missing("No comment came", expected=f"one within {timeout:g} s", observed="none")

    async def close(self) -> None:
        """Leave and release everything; harmless when repeated."""
        self.drop()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)
        if self._http is not None:
            await self._http.close()

    def drop(self) -> None:
        """Cut TCP: a stream has no goodbye."""
        if self._reader is not None:
            self._inbox.end(Ending.LOCAL, "we left the stream")
            self._reader.cancel()
        if self._response is not None:
            self._response.close()

    async def _check(self, response: aiohttp.ClientResponse, url: str) -> None:
        content_type = response.headers.get("Content-Type", "")
        if response.status == 200 and content_type.partition(";")[0].strip().lower() == "text/event-stream":
            self._coding = Coding(response.headers.getall("Content-Encoding", ()))
            if not self._coding.unknown:
                return
            raise TargetUnavailable(f"{url} sends its events in {self._coding.unknown}, which is not decoded here.")
        answer, _, _ = await read_answer(url, response, beginning=True)
        refusal = judge(answer, "event stream")
        if isinstance(refusal, ConnectionRefused):
            self._journal.enter(Kind.REFUSED, payload={"reason": str(refusal), "data": refusal.data})
        raise refusal

    async def _read(self, content: aiohttp.StreamReader) -> None:
        try:
            async for coded in content.iter_any():
                chunk = self._coding.feed(coded)
                self._show(chunk)
                for item in self._decoder.feed(chunk):
                    self._take(item)
                if self._inbox.is_full:
                    self._inbox.end(Ending.OVERFLOW, "more came than a client keeps")
                    break
            self._inbox.end(Ending.STREAM_END, "the server ended the stream")
        except ProtocolViolation as violation:
            self._inbox.violate(violation)
            self._inbox.end(Ending.VIOLATION, str(violation))
        except (aiohttp.ClientError, OSError):
            self._inbox.end(Ending.RESET, "the stream broke off")

    async def _stall(self) -> None:
        """Nothing is read, and so nothing is known, not even the end."""
        connection = self._response.connection if self._response is not None else None
        if connection is not None and connection.transport is not None:
            connection.transport.pause_reading()
        await asyncio.Event().wait()

    def _show(self, chunk: bytes) -> None:
        """Enter whole lines in the history: of a secret that is cut in two, neither half would be recognised."""
        lines = self._unshown + chunk
        end = max(lines.rfind(b"\n"), lines.rfind(b"\r")) + 1
        self._unshown = lines[end:]
        if end:
            self._journal.frame_in(lines[:end].decode(errors="replace"))

    def _take(self, item: sse.ServerSentEvent | sse.Comment) -> None:
        if isinstance(item, sse.Comment):
            if len(self.comments) < _MOST_COMMENTS:
                self.comments.append(item.text)
                self._inbox.wake()
            return
        self.names.add(item.event)
        if self._read_data is None:
            name, argument = item.event, _parsed(item.data)
        else:
            name, argument = self._read_data(item.data)
        self._inbox.receive(name, (argument,), event_id=item.id)


def _narrow(address: AddrInfoType) -> socket.socket:
    """A socket that holds little of what nobody reads, and lets the other side hold little, too.

    What a server may have on its way grows with the size of a segment: with that of loopback, 64 KB, it takes megabytes
    before it has to wait.
    """
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _NARROW)
    with suppress(OSError):  # not every system lets a segment be so small
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT)
    return made


def _parsed(data: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data
