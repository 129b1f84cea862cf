"""The doors beside Socket.IO: a stream and a native WebSocket, for the session that the request's token names."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from ..services import Services
from ..tokens import bearer
from .limits import Limits
from .sse import StreamLink
from .websocket import Pipe, WebSocketLink

Route = Callable[[web.Request], Awaitable[web.StreamResponse]]


def token_of(request: web.Request) -> str | None:
    """The token in the header, or in `?token=` where a browser can set no header."""
    return bearer(request.headers.get("Authorization")) or request.query.get("token")


def stream(channel: str, made: Services, limits: Limits) -> Route:
    """A route that answers with Server-Sent Events."""

    async def route(request: web.Request) -> web.StreamResponse:
        link = StreamLink(limits, made.metrics.cut)
        connection = await made.admission.admit(token_of(request), channel, link)
        try:
            return await link.serve(request)
        finally:
            made.admission.leave(connection)

    return route


def websocket(channel: str, made: Services, limits: Limits) -> Route:
    """A route that becomes a WebSocket; what a client says on it is not listened to."""

    async def route(request: web.Request) -> web.StreamResponse:
        pipe = Pipe(limits, made.metrics.cut, heartbeat=limits.ping_interval)
        pipe.check(request)
        connection = await made.admission.admit(token_of(request), channel, WebSocketLink(pipe))
        try:
            await pipe.open(request)
            async for _ in pipe.messages():
                pass
            return await pipe.finished()
        finally:
            made.admission.leave(connection)

    return route
