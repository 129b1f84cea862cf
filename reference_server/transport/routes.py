"""The channels beside Socket.IO: a stream and a native WebSocket, for the session that the request's token names.

A stream whose events have ids is taken up where it was: after the `Last-Event-ID` that a client comes back with.
"""

from collections.abc import Iterable
from typing import Final

from eventproof.catalog import Channel

from ..reasons import Reason
from ..services import Services
from ..tokens import bearer, only
from .allowance import Allowance, Fairness
from .handshake import check
from .http import HANDED_OVER, Handler, Request
from .lines import Lines
from .native import WebSocketLink
from .reply import Reply
from .sse import Fields, StreamLink
from .websocket import Pipe

_LONGEST_ID: Final = 18


def token_of(request: Request) -> str | None:
    """The token in the header, or in the cookie `session` or in `?token=`, as a browser can set no header here.

    Raises Refusal where there are several in one of these places.
    """
    headers, query = request.headers, request.query
    in_header = bearer(headers.getall("Authorization", ()))
    in_cookie = only(_cookies(headers.getall("Cookie", ()), "session"))
    in_query = only(query.getall("token", ()))
    return in_header or in_cookie or in_query


def _cookies(lines: Iterable[str], name: str) -> list[str]:
    """The values of all cookies of this name; RFC 6265, 4.2.1: pairs of a name and a value, with `; ` between them."""
    pairs = (pair.partition("=") for line in lines for pair in line.split(";"))
    return [value.strip().strip('"') for key, _, value in pairs if key.strip() == name]


def stream(channel: Channel, services: Services, fairness: Fairness, lines: Lines) -> Handler:
    """A route that answers with Server-Sent Events."""
    resumes = any(served.options.resumes for served in services.channels.at(channel.address))
    fields = Fields(event=channel.name_at is None, id=resumes)

    async def route(request: Request) -> Reply:
        request.channel = channel.address
        await fairness.strangers.turn()
        link = StreamLink(request, services, fairness, lines, fields)
        connection = await services.admission.admit(token_of(request), channel.address, link, request.match_info)
        try:
            link.open(request, connection)
        except BaseException:
            services.admission.leave(connection)
            raise
        try:
            await services.courier.welcome(connection, _last(request))
        except BaseException:
            link.close(Reason.INTERNAL_ERROR)
            raise
        return HANDED_OVER

    return route


def _last(request: Request) -> int | None:
    """Where a client was that comes back; None where it does not say so, or in no way that we would have told it."""
    said = request.headers.get("Last-Event-ID", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) <= _LONGEST_ID else None


def websocket(channel: Channel, services: Services, fairness: Fairness, lines: Lines) -> Handler:
    """A route that becomes a WebSocket; a text that a client says on it is passed over, and binary data ends it."""

    async def route(request: Request) -> Reply:
        request.channel = channel.address
        check(request)
        await fairness.strangers.turn()
        allowance = Allowance(fairness, is_member=True)
        link = WebSocketLink(services, allowance, named_inside=channel.name_at is not None)
        connection = await services.admission.admit(token_of(request), channel.address, link, request.match_info)
        try:
            pipe = Pipe(request, lines, allowance)
        except BaseException:
            services.admission.leave(connection)
            raise
        link.open(pipe, connection)
        try:
            await services.courier.welcome(connection)
        except BaseException:
            link.close(Reason.INTERNAL_ERROR)
            raise
        pipe.read()
        return HANDED_OVER

    return route
