"""HTTP below the application: what is no HTTP is refused like everything else, with a code and a sentence."""

import asyncio
import re
import select
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from aiohttp import HttpVersion10, HttpVersion11, StreamReader, web
from aiohttp.http_parser import RawRequestMessage
from aiohttp.web_protocol import ERROR, PayloadAccessError, _ErrInfo

from ..delivery.admission import REST
from ..eager import begin
from ..refusals import Refusal
from .callers import Callers
from .reply import CLOSES, NOTHING, Lines, Reply, json_response

_LINGER: Final = 1.0
"""Seconds for which what is left of a refused body is read, so that its sender comes to read the refusal."""
_GO_ON: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_HOST: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=%:\[\]-]*")
"""What a host and its port are made of: RFC 3986, 3.2.2."""
_NONE: Final[Any] = None
HANDED_OVER: Final = Reply(0)
"""What a handler gives for a request whose connection was handed over: nothing more is answered there."""


class Request(web.BaseRequest):
    """A request as aiohttp has it, with what its path names, and the headers that every answer to it has."""

    ATTRS = web.BaseRequest.ATTRS | {"channel", "match_info", "shared"}
    channel: str = REST
    """What it is counted under where it is refused: the channel that it opens, or REST."""
    match_info: Mapping[str, str] = NOTHING
    shared: Mapping[str, str] = NOTHING


Handler = Callable[[Request], Awaitable[Reply]]


class ClientGone(ConnectionResetError):
    """The client of a request has gone, or says no more and cannot go on in another protocol."""

    def __init__(self) -> None:
        super().__init__("the client has gone")


class HttpProtocol(web.RequestHandler):
    """aiohttp's protocol with its parser; what is parsed is worked on by `handle` as soon as it is read.

    aiohttp has a task for each connection and another one for each of its requests, and goes through the loop for both.
    This one tells `callers` whose turn it is, on every request as on the first: aiohttp waits an hour for a head, and
    for whoever reads no answer as long as they like.
    """

    __slots__ = (
        "_answered",
        "_answering",
        "_awaited",
        "_callers",
        "_handle",
        "_stays",
        "_works",
        "has_ended",
        "known",
        "on_lost",
    )

    def __init__(
        self, *arguments: Any, handle: Handler, callers: "Callers[HttpProtocol]", stays: Lines, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self._handle = handle
        self._stays = stays
        self.on_lost: Callable[[], None] | None = None
        """What is to be done when the client hangs up."""
        self.known = False
        """Whether a session of somebody's was good here."""
        self._callers = callers
        self._answered = 0
        """How many requests have been answered, the one included that is being answered."""
        self._answering = False
        self._awaited = False
        self._works = False
        """Requests are being worked on, one after the other."""
        self.has_ended = False
        """The client says no more."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client is there, and should say what it wants."""
        assert isinstance(transport, asyncio.Transport) and self._manager is not None  # noqa: S101, PT018 - asyncio's
        self.transport = transport
        self._manager.connection_made(self, transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Some of a request came, or more than one."""
        super().data_received(data)
        if self._awaited and not self._answering and not self._close:
            self._heed()
        if self._messages and not self._works:
            self._works = True
            self._task_handler = begin(self.start())

    async def start(self) -> None:
        """Answer what has come; where more has, others have their turn between."""
        try:
            while self._messages and not self._close and not self._force_close:
                if not await self._answer(*self._messages.popleft()):
                    self.close()
                elif self._messages:
                    await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.force_close()
            raise
        except Exception as failure:
            self.log_exception("a request failed", exc_info=failure)
            self.force_close()
        finally:
            self._works = False
            self._task_handler = None
            if self._close and self.transport is not None:
                self._expect()  # To read what is left of its answers; nothing more is heeded.
                self.transport.close()

    async def _answer(self, message: RawRequestMessage | _ErrInfo, body: StreamReader) -> bool:
        """Answer one request; gives whether another one may follow."""
        if self._parser is None:
            return False  # The client has gone.
        self._parser.message_consumed()
        if self._buffer_paused and len(self._messages) <= self._msg_queue_resume_size:
            self._resume_reading_if_drained()
        if isinstance(message, _ErrInfo):
            message.exc.__traceback__ = None  # Its frames hold the protocol, which holds it.
            message = ERROR
        elif _is_misframed(message):
            message = ERROR
        request = Request(message, body, self, _NONE, _NONE, self._loop)
        self._request_in_progress, self._current_request = True, request
        try:
            reply = _malformed() if message is ERROR else await self._handle(request)
        except ConnectionError:
            return False
        finally:
            self._request_in_progress, self._current_request = False, None
            if self._handler_waiter is not None:
                self._handler_waiter.set_result(None)
        if reply is HANDED_OVER or self.transport is None:
            return False
        # Behind what asks for another protocol, granted or not, the parser loses the requests that come with it.
        stays = await self._send(request, reply, is_last=message.upgrade)
        return await self._finished(body) and stays

    async def _send(self, request: Request, reply: Reply, *, is_last: bool) -> bool:
        """Send an answer, behind which no request is read where it `is_last`; gives whether the connection stays."""
        # RFC 9110, 10.1.1: who answers "instead of reading the entire request content SHOULD indicate whether it
        # intends to close the connection".
        is_unread = "Expect" in request.headers and not request.content.is_eof()
        closes = self._close or is_last or is_unread or not request.keep_alive
        self._answered += 1
        self._answering = True
        self._expect()
        try:
            if self.transport is not None:
                self.transport.write(reply.written(request, request.shared, CLOSES if closes else self._stays))
            if self._paused:
                await self._drain_helper()
                self._expect()
        except ConnectionError:
            return False
        finally:
            self._answering = False
            self._heed()
        return not closes and (self._owes or not self.has_ended)

    async def _finished(self, body: StreamReader) -> bool:
        """Whether a body has come whole, of which nobody wants more."""
        try:
            if not body.is_eof():
                async with asyncio.timeout(_LINGER):
                    while not body.is_eof():
                        await body.readany()
        except (TimeoutError, ConnectionError, web.RequestPayloadError):
            return False
        body.set_exception(PayloadAccessError())
        return True

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio asks whether the connection stays open
        """The client says no more. It may still read what it has asked for; but who waits for news has gone."""
        self.has_ended = True
        request = self._current_request
        is_whole = request is None or request.content.is_eof()
        return is_whole and self.on_lost is None and (self._answering or self._owes)

    @property
    def _owes(self) -> bool:
        """Whether a whole head has come that was not answered."""
        return self._request_count > self._answered

    def _expect(self) -> None:
        """It is the client's turn: to read its answer, and to send a head."""
        if self.transport is not None:
            self._awaited = True
            self._callers.expect(self, self._loop.time())

    def _heed(self) -> None:
        """It is ours, where a whole head has come that was not answered."""
        if self._owes:
            self._awaited = False
            self._callers.forget(self)

    def cut(self) -> None:
        """Close at once: the client has not gone on in time."""
        if self.transport is not None:
            self.transport.abort()

    @property
    def upgrades(self) -> bool:
        """Whether what comes behind the request is HTTP no more, if the upgrade that it asks for is granted."""
        return self._upgraded and not self._messages

    def hand_over(self, heir: asyncio.BaseProtocol) -> tuple[asyncio.Transport, bytes]:
        """Give the connection, with what came behind the request, to another protocol; it is HTTP no more.

        To aiohttp its client has gone: it lets go of all that it holds. Raises ClientGone where that is so.
        """
        transport = self.transport
        if transport is None or transport.is_closing() or self.has_ended:
            raise ClientGone
        early, self._message_tail = self._message_tail, b""
        self.on_lost = self.transport = None
        self.connection_lost(None)
        transport.set_protocol(heir)
        return transport, early

    def connection_lost(self, exc: BaseException | None) -> None:
        """The client has gone. A request that waits for something to send hears of it; others go on undisturbed."""
        transport = self.transport
        super().connection_lost(exc)
        release(transport)
        self._callers.forget(self)
        if self.on_lost is not None:
            self.on_lost()


def _is_misframed(message: RawRequestMessage) -> bool:
    """Whether a request that could be parsed may mean another one to a proxy, or is of a version that we do not speak.

    RFC 9112, 6.1: "A server or client that receives an HTTP/1.0 message containing a Transfer-Encoding header field
    MUST treat the message as if the framing is faulty". 3.2: "A server MUST respond with a 400 (Bad Request) status
    code to any […] request message that contains […] a Host header field with an invalid field value."
    """
    headers = message.headers
    if message.version != HttpVersion11 and (message.version != HttpVersion10 or "Transfer-Encoding" in headers):
        return True
    return _HOST.fullmatch(headers.get("Host", "")) is None


def _malformed() -> Reply:
    """The answer to what is no HTTP, or more of it than may be."""
    refusal = Refusal("malformed_request")
    return json_response(refusal.status, refusal.body())


def is_gone(request: Request) -> bool:
    """Whether nobody is there to read an answer: the client has gone, or its connection was handed over."""
    return request.transport is None or request.transport.is_closing()


def says_no_more(request: Request) -> bool:
    """Whether the client has ended its side: it may still read what there is, but has gone if it is to wait."""
    return _protocol(request).has_ended


async def read_body(request: Request, most: int, seconds: float) -> bytes:
    """The body. Raises Refusal where it is larger, or takes longer, and ClientGone.

    RFC 9110, 10.1.1: who has said "Expect: 100-continue" is told to go on, unless some of the body has come already.
    """
    body, content = bytearray(), request.content
    waits = "Expect" in request.headers and not content.is_eof() and not content.total_bytes
    if waits and request.transport is not None and request.version >= HttpVersion11:
        request.transport.write(_GO_ON)
    try:
        async with asyncio.timeout(seconds):
            async for chunk in content.iter_any():
                body += chunk
                if len(body) > most:
                    raise too_large(most)
    except (TimeoutError, web.RequestPayloadError):
        raise Refusal("malformed_request", "The body did not come whole: send it again.") from None
    except ConnectionError as gone:
        gone.__traceback__ = None  # The request keeps it, and its frames would keep the request.
        raise ClientGone from None
    return bytes(body)


def too_large(most: int) -> Refusal:
    """A body has more bytes than it may."""
    return Refusal("payload_too_large", f"A body may have {most} bytes here: send a smaller one.")


def hand_over(request: Request, heir: asyncio.BaseProtocol) -> tuple[asyncio.Transport, bytes]:
    """Give the request's connection to another protocol (`HttpProtocol.hand_over`); its handler gives `HANDED_OVER`."""
    return _protocol(request).hand_over(heir)


def upgrades(request: Request) -> bool:
    """Whether the request asks for another protocol, is whole, and has what comes behind it kept for that."""
    return _protocol(request).upgrades


def _protocol(request: Request) -> HttpProtocol:
    protocol = request.protocol
    assert isinstance(protocol, HttpProtocol)  # noqa: S101 - run.py listens with it
    return protocol


def logged_in(request: Request) -> None:
    """Whoever calls has a good session: their connection is not among the first that make room for others."""
    _protocol(request).known = True


@contextmanager
def when_lost(request: Request, act: Callable[[], None]) -> Iterator[None]:
    """Act, while the block runs, if the request's client hangs up."""
    protocol = _protocol(request)
    protocol.on_lost = act
    try:
        yield
    finally:
        protocol.on_lost = None


def has_left(transport: asyncio.Transport) -> bool:
    """Whether the client has ended its side, also where what it sent before has not been read."""
    looking = select.poll()
    looking.register(transport.get_extra_info("socket").fileno(), select.POLLRDHUP)
    return bool(looking.poll(0))


def release(transport: Any) -> None:
    """Take from a lost transport its reference to itself, so that it is freed at once and not by a collection."""
    if hasattr(transport, "_read_ready_cb"):
        transport._read_ready_cb = None


def close_transport(transport: asyncio.BaseTransport | None, linger: float) -> None:
    """Close: what is buffered may still go out for a while, and nothing more is read."""
    if isinstance(transport, asyncio.Transport):
        transport.close()
        if transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(linger, _give_up, transport)


def _give_up(transport: asyncio.Transport) -> None:
    if transport.get_write_buffer_size():  # Otherwise it is gone, and asyncio's own cannot be aborted any more.
        transport.abort()
