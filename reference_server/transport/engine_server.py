"""The Engine.IO server: HTTP requests to sessions.

python-engineio's server as python-socketio knows it, with the sessions of `engineio.py` in place of its own. Quotations
are from the Engine.IO protocol, version 4.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import engineio
from aiohttp import web
from engineio.packet import Packet

from ..metrics import Metrics
from ..refusals import Refusal
from .engineio import MESSAGE, OPEN, EngineSession, Message, ProtocolError, State
from .http import read_body, when_lost
from .limits import Limits
from .websocket import Pipe

TRANSPORTS: Final = ("polling", "websocket")
_UNCACHED: Final = {"Cache-Control": "no-store"}


class EngineServer(engineio.AsyncServer):  # type: ignore[misc]  # engineio ships no types
    """Engine.IO on aiohttp. python-socketio calls `on`, `send`, `send_packet` and `generate_id`."""

    def __init__(
        self,
        *,
        limits: Limits,
        metrics: Metrics,
        on_ping: Callable[[str], None],
        on_pong: Callable[[str], None],
        on_end: Callable[[str], None],
        **options: Any,
    ) -> None:
        super().__init__(
            async_mode="aiohttp", ping_interval=limits.ping_interval, ping_timeout=limits.ping_timeout, **options
        )
        self.limits = limits
        self.sessions: dict[str, EngineSession] = {}
        self._metrics = metrics
        self.asked = on_ping
        self.answered = on_pong
        self._on_end = on_end

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
            return await (self._open_websocket(request) if by_websocket else self._open_polling(request))
        session = self.sessions.get(query["sid"])
        if session is None:
            raise Refusal("malformed_request", "There is no session with this sid: open a new one.")
        if by_websocket:
            return await self._serve(session, request)
        if session.state is State.WEBSOCKET:
            raise Refusal("malformed_request", "This session has moved to its WebSocket: go on there.")
        if request.method == "GET":
            return await self._fetch(session, request)
        if request.method == "POST":
            return await self._post(session, request)
        raise Refusal("malformed_request", "A session takes GET and POST requests: use one of them.")

    async def _open_websocket(self, request: web.Request) -> web.StreamResponse:
        pipe = Pipe(self.limits, self.cut)
        await pipe.open(request)
        session = await self._open(pipe, request)
        await session.serve(pipe)
        return await pipe.finished()

    async def _open_polling(self, request: web.Request) -> web.Response:
        return await self._fetch(await self._open(None, request), request)

    async def _open(self, pipe: Pipe | None, request: web.Request) -> EngineSession:
        session = EngineSession(self.generate_id(), self, pipe)
        self.sessions[session.sid] = session
        session.send(OPEN + json.dumps(self._handshake(session.sid, pipe), separators=(",", ":")))
        session.rest()
        own = {name.lower(): value for name, value in request.headers.items() if name.lower().startswith("x-")}
        await self.handlers["connect"](session.sid, {"query": request.query_string, "headers": own})
        return session

    def _handshake(self, sid: str, pipe: Pipe | None) -> Mapping[str, Any]:
        """Times in whole milliseconds; python-engineio cuts the interval to whole seconds, 0 for one below."""
        return {
            "sid": sid,
            "upgrades": ["websocket"] if pipe is None else [],
            "pingInterval": round(self.limits.ping_interval * 1000),
            "pingTimeout": round(self.limits.ping_timeout * 1000),
            "maxPayload": self.limits.max_message,
        }

    async def _serve(self, session: EngineSession, request: web.Request) -> web.StreamResponse:
        pipe = Pipe(self.limits, self.cut)
        await pipe.open(request)
        await session.serve(pipe)
        return await pipe.finished()

    async def _fetch(self, session: EngineSession, request: web.Request) -> web.Response:
        with when_lost(request, lambda: session.abort("transport error")):
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
            session.abort("transport error")
            raise Refusal("malformed_request", "The payload breaks the protocol: the session is closed.") from None
        except Refusal:
            session.abort("transport error")
            raise
        return _text("ok")

    # What the sessions ask.

    async def received(self, sid: str, message: Message) -> None:
        """A message came."""
        await self.handlers["message"](sid, message)

    def ended(self, sid: str, reason: str) -> None:  # noqa: ARG002 - a host may ask why
        """Nothing more is taken from the client."""
        self._on_end(sid)

    def gone(self, sid: str) -> None:
        """The session is over."""
        self.sessions.pop(sid, None)

    def cut(self) -> None:
        """A slow reader was cut off."""
        self._metrics.cut()

    # What python-socketio asks.

    async def send(self, sid: str, data: Message) -> None:
        """Send one message."""
        session = self.sessions.get(sid)
        if session is not None:
            session.send(data if isinstance(data, bytes) else MESSAGE + data)

    async def send_packet(self, sid: str, pkt: Packet) -> None:
        """Send one packet of python-engineio's."""
        session = self.sessions.get(sid)
        if session is not None:
            session.send(pkt.encode())

    def close_all(self, reason: str) -> None:
        """Close every session; its client may come back."""
        for session in list(self.sessions.values()):
            session.close(reason)

    def transport(self, sid: str) -> str:
        """`websocket` or `polling`."""
        return self.sessions[sid].transport


def _text(payload: str) -> web.Response:
    return web.Response(text=payload, headers=_UNCACHED)
