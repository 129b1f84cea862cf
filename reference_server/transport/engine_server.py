"""The Engine.IO server: HTTP requests to sessions, those of `engineio.py`.

Quotations are from the Engine.IO protocol, version 4.
"""

import secrets
from collections.abc import Sequence
from typing import Final

import orjson

from ..reasons import Reason
from ..refusals import Refusal
from .allowance import Allowance, Fairness, Kind, TooMuch
from .engineio import EngineSession, Host, SessionState
from .frames import TEXT, frame
from .http import HANDED_OVER, Request, is_gone, read_body, says_no_more, when_lost
from .lines import Lines
from .payloads import OPEN, ProtocolError
from .reply import PLAIN, Reply
from .websocket import Pipe

TRANSPORTS: Final = ("polling", "websocket")
_ONCE: Final = ("EIO", "transport", "sid")
"""What a query may give once: who reads the first of two and who reads the last would see two requests."""
_UNCACHED: Final = {"Cache-Control": "no-store"}
_KEPT: Final = 2048
"""Letters of its query, and of its own headers, that are kept as long as a session."""
_ID_BYTES: Final = 15


class EngineServer:
    """Engine.IO on aiohttp; what sessions are for is their host's."""

    def __init__(self, host: Host, fairness: Fairness, lines: Lines) -> None:
        self.limits = host.limits
        self._fairness = fairness
        self._lines = lines
        self.sessions: dict[str, EngineSession] = {}
        self._strangers: dict[str, EngineSession] = {}
        """Those that have not logged in, the oldest first."""
        self._host = host

    # HTTP.

    async def handle_request(self, request: Request) -> Reply:
        """Answer one request to the Engine.IO path. Raises Refusal."""
        if request.method == "OPTIONS":
            return Reply(204)
        query = request.query
        if any(len(query.getall(name, ())) > 1 for name in _ONCE):
            raise Refusal("malformed_request", f"A query gives each of {', '.join(_ONCE)} once: leave out the others.")
        if query.get("EIO") != "4":
            raise Refusal("malformed_request", "The query's EIO must be 4: use a client of Engine.IO protocol 4.")
        if query.get("transport") not in TRANSPORTS:
            raise Refusal("malformed_request", f"The query's transport must be one of {', '.join(TRANSPORTS)}.")
        by_websocket = query["transport"] == "websocket"
        if "sid" not in query:
            if request.method != "GET":
                raise Refusal("malformed_request", "A session begins with a GET request: send one without a sid.")
            if len(self.sessions) >= self.limits.max_connections and not self._make_room("max_connections"):
                raise Refusal("unavailable", "There are as many connections as may be: try again in a few seconds.")
            await self._fairness.strangers.turn()
            return self._open_websocket(request) if by_websocket else await self._open_polling(request)
        session = await self._session(query["sid"])
        if session is None:
            raise Refusal("malformed_request", "There is no session with this sid: open a new one.")
        if by_websocket:
            session.upgrade(self._pipe(request, session.allowance))
            return HANDED_OVER
        if session.state is SessionState.WEBSOCKET:
            raise Refusal("malformed_request", "This session has moved to its WebSocket: go on there.")
        if request.method == "GET":
            return await self._fetch(session, request)
        if request.method == "POST":
            return await self._post(session, request)
        raise Refusal("malformed_request", "A session takes GET and POST requests: use one of them.")

    async def _session(self, sid: str) -> EngineSession | None:
        """The session that a request is for, once it may be answered. Raises Refusal where it says too much."""
        session = self.sessions.get(sid)
        if session is None:
            return None
        try:
            session.allowance.says(Kind.REQUEST)
        except TooMuch:
            raise _refused(session) from None
        await session.allowance.turn()
        return self.sessions.get(sid)

    def _pipe(self, request: Request, allowance: Allowance, first: bytes = b"") -> Pipe:
        return Pipe(request, self._lines, allowance, first, passes_reserved_bits=self._host.passes_reserved_bits)

    def _open_websocket(self, request: Request) -> Reply:
        sid = secrets.token_urlsafe(_ID_BYTES)
        allowance = Allowance(self._fairness)
        pipe = self._pipe(request, allowance, frame(TEXT, self._opening(sid).encode()))
        self._begin(EngineSession(sid, self._host, allowance, pipe), request)
        pipe.read()
        return HANDED_OVER

    async def _open_polling(self, request: Request) -> Reply:
        session = EngineSession(secrets.token_urlsafe(_ID_BYTES), self._host, Allowance(self._fairness))
        session.send(self._opening(session.sid, upgrades=("websocket",)))
        self._begin(session, request)
        return await self._fetch(session, request)

    def _begin(self, session: EngineSession, request: Request) -> None:
        self.sessions[session.sid] = session
        self.rank(session)
        session.begin_interval()
        self._host.opened(session, {"query": request.query_string[:_KEPT], "headers": _own(request)})

    def _opening(self, sid: str, upgrades: Sequence[str] = ()) -> str:
        """The packet that opens a session; times in whole milliseconds."""
        handshake = {
            "sid": sid,
            "upgrades": upgrades,
            "pingInterval": round(self.limits.ping_interval * 1000),
            "pingTimeout": round(self.limits.ping_timeout * 1000),
            "maxPayload": self.limits.max_message,
        }
        return OPEN + orjson.dumps(handshake).decode()

    async def _fetch(self, session: EngineSession, request: Request) -> Reply:
        def lost() -> None:
            session.abort(Reason.TRANSPORT_ERROR)

        with when_lost(request, lost):
            if is_gone(request) or (session.has_no_news and says_no_more(request)):
                lost()  # It hung up while it waited for its turn.
            payload = await session.fetch()
        if payload is None:
            raise Refusal(
                "malformed_request", "A request for this session is pending: one at a time; the session is closed."
            )
        return _text(payload)

    async def _post(self, session: EngineSession, request: Request) -> Reply:
        try:
            body = await read_body(request, self.limits.max_message, self.limits.body_timeout)
            await session.post(body.decode())
        except (ProtocolError, UnicodeDecodeError):
            session.abort(Reason.TRANSPORT_ERROR)
            raise Refusal("malformed_request", "The payload breaks the protocol: the session is closed.") from None
        except TooMuch:
            raise _refused(session) from None
        except Refusal:
            session.abort(Reason.TRANSPORT_ERROR)
            raise
        except Exception as failure:
            session.failed(failure)
            raise Refusal("internal_error") from None
        return _text("ok")

    def rank(self, session: EngineSession) -> None:
        """Keep in mind whether a session has logged in; beyond the most that have not, the oldest is closed."""
        self._strangers.pop(session.sid, None)
        if session.allowance.is_member or session.sid not in self.sessions:
            return
        self._strangers[session.sid] = session
        if len(self._strangers) > self.limits.max_strangers:
            self._make_room("max_strangers")

    def _make_room(self, limit: str) -> bool:
        """End the oldest session that has not logged in, as this limit was met; whether there was one."""
        oldest = next(iter(self._strangers), None)
        if oldest is None:
            return False
        self._fairness.met(limit)
        self._strangers.pop(oldest).give_up(Reason.CONNECT_TIMEOUT)
        return True

    def forget(self, session: EngineSession) -> None:
        """The session is over."""
        self.sessions.pop(session.sid, None)
        self._strangers.pop(session.sid, None)

    def close_all(self, reason: Reason) -> None:
        """Close every session; its client may come back."""
        for session in list(self.sessions.values()):
            session.close(reason)


def _own(request: Request) -> dict[str, str]:
    """The headers that begin with `x-`, as far as they are kept."""
    own: dict[str, str] = {}
    left = _KEPT
    for name, value in request.headers.items():
        if name[:2] in ("x-", "X-"):
            left -= len(name) + len(value)
            if left < 0:
                break
            own[name.lower()] = value
    return own


def _refused(session: EngineSession) -> Refusal:
    session.abort(Reason.TOO_MUCH)
    return Refusal("too_many_events", "The session said more than it may: it is closed; open another one more slowly.")


def _text(payload: str) -> Reply:
    return Reply(200, payload.encode(), PLAIN, _UNCACHED)
