"""Origins: whose pages may use the server from a browser.

A browser tells the origin of the page that asks. Pages of a listed origin, and the server's own, may read the answers,
with credentials (CORS: the Fetch standard, 3.2). Others get answers that no browser shows them, and no connection: a
browser asks nobody before it opens a WebSocket, so the server has to refuse the handshake itself. Whoever tells no
origin is no page.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from ..delivery.conduct import Conduct
from ..refusals import Refusal
from .http import Request
from .reply import Reply

METHODS: Final = "GET, POST, PUT, PATCH, DELETE"
_NAMES: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,1000}")
"""The names of headers, as a browser asks for them before a request."""
_VARY: Final = {"Vary": "Origin"}
_SHOWN: Final = "ETag, Retry-After"
"""What a page may read beside the headers that it always may."""
_MAX_AGE: Final = "600"
"""Seconds for which a browser need not ask again."""


class Origins:
    """The rules; `connecting` is the path of Socket.IO."""

    def __init__(self, allowed: Iterable[str], connecting: str, conduct: Conduct) -> None:
        self._allowed = frozenset(allowed)
        self._connecting = connecting
        self._conduct = conduct

    def shared(self, request: Request) -> Mapping[str, str]:
        """The headers with which the page that asks may read the answer, where it may; for a request with an origin."""
        origin = _origin(request)
        if not self._allows(request, origin):
            return _VARY
        headers = {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Expose-Headers": _SHOWN,
        }
        return {**_VARY, **self._conduct.shared(headers)}

    def check(self, request: Request) -> Reply | None:
        """The answer to what a browser asks before a request with an origin; None: this is no such question.

        Raises Refusal for a connection that a page of another origin wants to open.
        """
        origin = _origin(request)
        if not self._allows(request, origin):
            if request.path == self._connecting or _is_handshake(request):
                raise Refusal("origin_not_allowed")
        elif request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return Reply(204, headers=_permission(request))
        return None

    def _allows(self, request: Request, origin: str) -> bool:
        own = {f"{scheme}://{request.host}" for scheme in ("http", "https")}
        return self._conduct.origin(origin, origin in self._allowed or origin in own)


def _origin(request: Request) -> str:
    """The origin that a request tells; two are none that is allowed."""
    return ", ".join(request.headers.getall("Origin"))


def _is_handshake(request: Request) -> bool:
    return "websocket" in request.headers.get("Upgrade", "").lower()


def _permission(request: Request) -> dict[str, str]:
    asked = request.headers.get("Access-Control-Request-Headers", "")
    names = {"Access-Control-Allow-Headers": asked} if _NAMES.fullmatch(asked) else {}
    return {"Access-Control-Allow-Methods": METHODS, **names, "Access-Control-Max-Age": _MAX_AGE}
