"""The border: a request whose body comes in a coding that we do not speak goes no further."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from ..refusals import Refusal


@web.middleware
async def border(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Raises Refusal where the body would not be read as it was meant."""
    headers = request.headers
    if headers.get("Transfer-Encoding", "chunked").lower() != "chunked":
        # RFC 9112, 6.1: what has a coding that the server does not understand is not to be read.
        raise Refusal("malformed_request", "Bodies come chunked or as they are: send this one so.")
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        # RFC 9110, 8.4: "an origin server MAY respond with a status code of 415".
        raise Refusal("unsupported_media_type", "Bodies are not compressed here: send this one as it is.")
    return await handler(request)
