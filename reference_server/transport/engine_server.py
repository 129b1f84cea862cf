"""The Engine.IO server: HTTP requests to sessions, those of `engineio.py`.

Quotations are from the Engine.IO protocol, version 4.
"""

import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from ..reasons import Reason
from ..refusals import Refusal
from .engineio import OPEN, EngineSession, Host, ProtocolError, SessionState
from .http import HANDED_OVER, read_body, when_lost
from .lines import Lines
from .websocket import Pipe

TRANSPORTS: Final = ("polling", "websocket")
_UNCACHED: Final = {"Cache-Control": "no-store"}
_ID_BYTES: Final = 15


class EngineServer:
    """Engine.IO on aiohttp; what sessions are for is their host's."""

    def __init__(self, host: Host, lines: Lines) -> None:
        self.limits = host.limits
        self._lines = lines
        self.sessions: dict[str, EngineSession] = {}
        self._host = host

    # HTTP.

    async def handle_request(self, request: web.Request) -> web.StreamResponse:
        """Answer one request to the Engine.IO path. Raises Refusal."""
        if request.method == "OPTIONS":
            return web.Response(status=204)
        query = request.query
        if query.get("EIO") != "4":
            raise Refusal("malformed_request", "The query's EIO must be 4: use a client of Engine.IO protocol 4.")
        if query.get("transport") not in TRANSPORTS:
            raise Refusal("malformed_request", f"The query's transport must be one of {', '.join(TRANSPORTS)}.")
        by_websocket = query["transport"] == "websocket"
        if "sid" not in query:
            if request.method != "GET":
                raise Refusal("malformed_request", "A session begins with a GET request: send one without a sid.")
            if len(self.sessions) >= self.limits.max_connections:
                raise Refusal("unavailable", "There are as many connections as may be: try again in a few seconds.")
            return self._open_websocket(request) if by_websocket else await self._open_polling(request)
        session = self.sessions.get(query["sid"])
        if session is None:
            raise Refusal("malformed_request", "There is no session with this sid: open a new one.")
        if by_websocket:
            session.upgrade(Pipe(request, self.limits, self._lines, self._host.passes_reserved_bits))
            return HANDED_OVER
        if session.state is SessionState.WEBSOCKET:
            raise Refusal("malformed_request", "This session has moved to its WebSocket: go on there.")
        if request.method == "GET":
            return await self._fetch(session, request)
        if request.method == "POST":
            return await self._post(session, request)
        raise Refusal("malformed_request", "A session takes GET and POST requests: use one of them.")

    def _open_websocket(self, request: web.Request) -> web.StreamResponse:
        pipe = Pipe(request, self.limits, self._lines, self._host.passes_reserved_bits)
        self._open(pipe, request)
        pipe.read()
        return HANDED_OVER

    async def _open_polling(self, request: web.Request) -> web.Response:
        return await self._fetch(self._open(None, request), request)

    def _open(self, pipe: Pipe | None, request: web.Request) -> EngineSession:
        session = EngineSession(secrets.token_urlsafe(_ID_BYTES), self._host, pipe)
        self.sessions[session.sid] = session
        session.send(OPEN + json.dumps(self._handshake(session.sid, pipe), separators=(",", ":")))
        session.begin_interval()
        own = {name.lower(): value for name, value in request.headers.items() if name.lower().startswith("x-")}
        self._host.opened(session, {"query": request.query_string, "headers": own})
        return session

    def _handshake(self, sid: str, pipe: Pipe | None) -> Mapping[str, Any]:
        """Times in whole milliseconds."""
        return {
            "sid": sid,
            "upgrades": ["websocket"] if pipe is None else [],
            "pingInterval": round(self.limits.ping_interval * 1000),
            "pingTimeout": round(self.limits.ping_timeout * 1000),
            "maxPayload": self.limits.max_message,
        }

    async def _fetch(self, session: EngineSession, request: web.Request) -> web.Response:
        with when_lost(request, lambda: session.abort(Reason.TRANSPORT_ERROR)):
            payload = await session.fetch()
        if payload is None:
            raise Refusal(
                "malformed_request", "A request for this session is pending: one at a time; the session is closed."
            )
        return _text(payload)

    async def _post(self, session: EngineSession, request: web.Request) -> web.Response:
        try:
            body = await read_body(request, self.limits.max_message, self.limits.body_timeout)
            await session.post(body.decode())
        except (ProtocolError, UnicodeDecodeError):
            session.abort(Reason.TRANSPORT_ERROR)
            raise Refusal("malformed_request", "The payload breaks the protocol: the session is closed.") from None
        except Refusal:
            session.abort(Reason.TRANSPORT_ERROR)
            raise
        return _text("ok")

    def forget(self, session: EngineSession) -> None:
        """The session is over."""
        self.sessions.pop(session.sid, None)

    def close_all(self, reason: Reason) -> None:
        """Close every session; its client may come back."""
        for session in list(self.sessions.values()):
            session.close(reason)


def _text(payload: str) -> web.Response:
    return web.Response(text=payload, headers=_UNCACHED)
