"""The channels beside Socket.IO: a stream and a native WebSocket, for the session that the request's token names.

A stream whose events have ids is taken up where it was: after the `Last-Event-ID` that a client comes back with.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from eventproof.catalog import Channel

from ..limits import Limits
from ..reasons import Reason
from ..services import Services
from ..tokens import bearer, only
from .sse import Fields, StreamLink
from .websocket import Pipe, WebSocketLink

_LONGEST_ID: Final = 18
Route = Callable[[web.Request], Awaitable[web.StreamResponse]]


def token_of(request: web.Request) -> str | None:
    """The token in the header, or in the cookie `session` or in `?token=`, as a browser can set no header here.

    Raises Refusal where there are several in one of these places.
    """
    in_header, in_query = request.headers.getall("Authorization", ()), request.query.getall("token", ())
    return bearer(in_header) or request.cookies.get("session") or only(in_query)


def stream(channel: Channel, services: Services, limits: Limits) -> Route:
    """A route that answers with Server-Sent Events."""
    resumes = any(served.options.resumes for served in services.channels.at(channel.address))
    fields = Fields(event=channel.name_at is None, id=resumes)

    async def route(request: web.Request) -> web.StreamResponse:
        link = StreamLink(limits, fields, services.conduct)
        connection = await services.admission.admit(token_of(request), channel.address, link, request.match_info)
        link.on_slow = lambda: services.slow_readers.cut(link.transport, [connection])
        try:
            await services.courier.welcome(connection, _last(request))
            return await link.serve(request)
        finally:
            services.admission.leave(connection)

    return route


def _last(request: web.Request) -> int | None:
    """Where a client was that comes back; None where it does not say so, or in no way that we would have told it."""
    said = request.headers.get("Last-Event-ID", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) <= _LONGEST_ID else None


def websocket(channel: Channel, services: Services, limits: Limits) -> Route:
    """A route that becomes a WebSocket; a text that a client says on it is passed over, and binary data ends it."""

    async def route(request: web.Request) -> web.StreamResponse:
        pipe = Pipe(limits, heartbeat=limits.ping_interval)
        pipe.check(request)
        link = WebSocketLink(pipe, named_inside=channel.name_at is not None)
        connection = await services.admission.admit(token_of(request), channel.address, link, request.match_info)
        pipe.on_slow = lambda: services.slow_readers.cut(link.transport, [connection])
        try:
            await pipe.open(request)
            await services.courier.welcome(connection)
            async for message in pipe.messages():
                if services.conduct.refuses_message(connection, isinstance(message, bytes)):
                    pipe.close(Reason.UNACCEPTABLE)
            return await pipe.finished()
        finally:
            services.admission.leave(connection)

    return route
