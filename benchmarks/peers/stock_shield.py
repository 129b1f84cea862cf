"""python-socketio on aiohttp, as it comes, with what members of Shield need: they submit claims, and are told so.

Claims are kept in memory alone. Who is not connected is told nothing, then or later: python-socketio keeps nothing.
"""

import sys
import time
from collections import defaultdict
from typing import Any, Final
from uuid import uuid4

import jwt
import prometheus_client
import socketio
from aiohttp import web

from .calls import claims_of, listen

_NAMESPACE: Final = "/shield/ws"


def main() -> None:
    """Serve; on the port that is the one argument, else on a free one."""
    server = socketio.AsyncServer(async_mode="aiohttp")
    app = web.Application()
    server.attach(app)
    claims: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)

    @server.on("connect", namespace=_NAMESPACE)  # type: ignore[untyped-decorator]  # socketio ships no types
    async def connect(sid: str, _environ: dict[str, Any], auth: dict[str, str]) -> None:
        await server.enter_room(sid, _user_of(auth["token"]), namespace=_NAMESPACE)

    @server.on("*", namespace=_NAMESPACE)  # type: ignore[untyped-decorator]
    async def hear(*_said: object) -> None:
        """Acknowledgements end no retries here."""

    async def submit(request: web.Request) -> web.Response:
        user, now = _caller(request), _now()
        ticket = {**await request.json(), "claimId": f"clm_{uuid4().hex}", "status": "submitted", "submittedAt": now}
        claims[user].insert(0, {**ticket, "updatedAt": now, "estimatedPayout": ticket["amount"]})
        told = {"event": "claim_submitted", "timestamp": now, "data": ticket}
        await server.emit("claim_submitted", told, room=user, namespace=_NAMESPACE)
        return web.json_response(claims[user][0], status=201)

    async def listed(request: web.Request) -> web.Response:
        return web.json_response({"claims": claims[_caller(request)]})

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=prometheus_client.generate_latest(), content_type="text/plain")

    app.add_routes(
        [
            web.post("/api/shield/claims", submit),
            web.get("/api/shield/claims", listed),
            web.get("/metrics", metrics),
        ]
    )
    listen(app, int(sys.argv[1]) if sys.argv[1:] else 0)


def _subject(token: str) -> str | None:
    """Whose token it is; None where it is nobody's."""
    try:
        return str(claims_of(token.removeprefix("Bearer "))["sub"])
    except (jwt.PyJWTError, KeyError):
        return None


def _user_of(token: str) -> str:
    user = _subject(token)
    if user is None:
        raise socketio.exceptions.ConnectionRefusedError("this token is refused")
    return user


def _caller(request: web.Request) -> str:
    user = _subject(request.headers.get("Authorization", ""))
    if user is None:
        raise web.HTTPUnauthorized(text="this token is refused")
    return user


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


if __name__ == "__main__":
    main()
