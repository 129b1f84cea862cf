"""HTTP below the application: what is no HTTP is refused like everything else, with a code and a sentence."""

import asyncio
import select
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import orjson
from aiohttp import StreamReader, web
from aiohttp.http import StreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.web_protocol import ERROR, PayloadAccessError, _ErrInfo

from ..eager import begin
from ..refusals import Refusal
from .callers import Callers

_LINGER: Final = 1.0
"""Seconds for which what is left of a refused body is read, so that its sender comes to read the refusal."""
_NO_TASK: Final[Any] = None


def json_response(status: int, body: Any, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer in JSON, or an empty one."""
    if body is None:
        return web.Response(status=status, headers=headers)
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json", headers=headers)


def keep_concrete_paths(app: web.Application) -> None:
    """A path without parameters is served by its own methods alone; to be called once all routes are there.

    aiohttp would go on to a path with parameters that fits, too, and have `PUT /things/count` change the thing `count`.
    OpenAPI, 4.8.8.1: "concrete (non-templated) paths would be matched before their templated counterparts".
    """
    for resource in app.router.resources():
        methods = {route.method for route in resource}
        if isinstance(resource, web.PlainResource) and "*" not in methods:
            resource.add_route("*", _refusing_all_but(methods))


def _refusing_all_but(methods: Collection[str]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def refuse(request: web.Request) -> web.StreamResponse:
        raise web.HTTPMethodNotAllowed(request.method, methods)

    return refuse


class ClientGone(ConnectionResetError):
    """The client of a request has gone, or says no more and cannot go on in another protocol."""

    def __init__(self) -> None:
        super().__init__("the client has gone")


class HttpProtocol(web.RequestHandler):
    """aiohttp's protocol, with our words for a request that it cannot parse, and a callback for clients that hang up.

    A request is worked on as soon as it is read; aiohttp has a task for each connection, and another one for each of its
    requests, and goes through the loop for both. It tells `callers` whose turn it is, on every request as on the first: aiohttp waits an hour for a head, and for
    whoever reads no answer as long as they like.
    """

    __slots__ = ("_answered", "_answering", "_awaited", "_callers", "_works", "has_ended", "known", "on_lost")

    def __init__(self, *arguments: Any, callers: "Callers[HttpProtocol]", **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.on_lost: Callable[[], None] | None = None
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
        if self._awaited and not self._answering:
            self._heed()
        if self._messages and not self._works:
            self._works = True
            self._task_handler = begin(self.start())

    async def start(self) -> None:
        """Answer what has come; where more has, others have their turn between."""
        try:
            while self._messages and not self._force_close:
                if not await self._answer(*self._messages.popleft()):
                    self.close()
                if self._close:
                    break
                if self._messages:
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
                self.transport.close()

    async def _answer(self, message: RawRequestMessage | _ErrInfo, body: StreamReader) -> bool:
        """Answer one request; gives whether another one may follow."""
        factory, handler = self._request_factory, self._request_handler
        if self._parser is None or factory is None or handler is None:
            return False  # The client has gone.
        self._parser.message_consumed()
        if self._buffer_paused and len(self._messages) <= self._msg_queue_resume_size:
            self._resume_reading_if_drained()
        if isinstance(message, _ErrInfo):
            handler, message = self._make_error_handler(message), ERROR
        request = factory(message, body, self, StreamWriter(self, self._loop), _NO_TASK)
        try:
            response, gone = await self._handle_request(request, None, handler)
            if gone or not await self._finished(body):
                return False
        except ConnectionError:
            return False
        body.set_exception(PayloadAccessError())
        return bool(response.keep_alive)

    async def _finished(self, body: StreamReader) -> bool:
        """Whether a body has come whole, of which nobody wants more."""
        if not body.is_eof() and not self._force_close:
            try:
                async with asyncio.timeout(_LINGER):
                    while not body.is_eof():
                        await body.readany()
            except (TimeoutError, web.RequestPayloadError):
                return False
        return body.is_eof()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send the answer. What aiohttp refuses by itself, before the application hears of it, is an expectation.

        RFC 9110, 10.1.1: "A server that receives an Expect field value containing a member other than 100-continue MAY
        respond with a 417 […] to indicate that the unexpected expectation cannot be met."
        """
        if isinstance(resp, web.HTTPExpectationFailed):
            refusal = Refusal("malformed_request", "Nothing but 100-continue can be expected here: leave Expect out.")
            resp = json_response(refusal.status, refusal.body())
        self._answered += 1
        self._answering = True
        self._expect()
        try:
            return await super().finish_response(request, resp, start_time)
        finally:
            self._answering = False
            self._expect()
            self._heed()
            if self.has_ended and not self._owes:
                self.close()

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
        return self._upgraded

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

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - aiohttp gives it
    ) -> web.StreamResponse:
        """The answer to a request that never reached the application, or broke it."""
        if isinstance(exc, ConnectionError) or has_begun(request):
            # Not raised again: what ends aiohttp's task with a failure is left to a collection.
            self.cut()
            return HANDED_OVER
        if status >= 500:
            self.log_exception("a request failed", exc_info=exc)
        if exc is not None:
            exc.__traceback__ = None  # Its frames hold this protocol, which holds it.
        refusal = Refusal("malformed_request" if status < 500 else "internal_error")
        response = json_response(refusal.status, refusal.body())
        response.force_close()
        return response


def has_begun(request: web.BaseRequest) -> bool:
    """Whether bytes of an answer went out: a second one would end up inside the first, a WebSocket's frames for one."""
    return request.writer.output_size > 0


def is_gone(request: web.BaseRequest) -> bool:
    """Whether nobody is there to read an answer."""
    return request.transport is None or request.transport.is_closing()


def says_no_more(request: web.Request) -> bool:
    """Whether the client has ended its side: it may still read what there is, but has gone if it is to wait."""
    return _protocol(request).has_ended


async def read_body(request: web.Request, most: int, seconds: float) -> bytes:
    """The body. Raises Refusal where it is larger, or takes longer, and ClientGone."""
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.content.iter_any():
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


class _HandedOver(web.StreamResponse):
    """What a handler gives for a request whose connection was handed over: aiohttp writes nothing there."""

    async def prepare(self, request: web.BaseRequest) -> None:
        """Nothing is to be prepared."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is to be ended."""


HANDED_OVER: Final = _HandedOver()


def hand_over(request: web.Request, heir: asyncio.BaseProtocol) -> tuple[asyncio.Transport, bytes]:
    """Give the request's connection to another protocol (`HttpProtocol.hand_over`); its handler gives `HANDED_OVER`."""
    return _protocol(request).hand_over(heir)


def upgrades(request: web.Request) -> bool:
    """Whether the request asks for another protocol, is whole, and has what comes behind it kept for that."""
    return _protocol(request).upgrades


def _protocol(request: web.Request) -> HttpProtocol:
    protocol = request.protocol
    assert isinstance(protocol, HttpProtocol)  # noqa: S101 - run.py listens with it
    return protocol


def logged_in(request: web.Request) -> None:
    """Whoever calls has a good session: their connection is not among the first that make room for others."""
    _protocol(request).known = True


@contextmanager
def when_lost(request: web.Request, act: Callable[[], None]) -> Iterator[None]:
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
