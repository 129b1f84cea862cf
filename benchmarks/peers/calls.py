"""What the peers in Python share: an application of aiohttp that answers our calls and keeps nothing."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import jwt
from aiohttp import web

from benchmarks.serving.process import READY

__all__ = ["Told", "claims_of", "listen", "mount"]

_SECRET: Final = "EVENTPROOF_JWT_SECRET"


@dataclass(frozen=True, slots=True)
class Told:
    """How a peer tells what its calls cause."""

    user: Callable[[str, str, Any], Awaitable[None]]
    """One user: the id, the event's name and its argument."""
    storefront: Callable[[str, str, Any], Awaitable[None]]
    """Whoever looks at a seller's storefront."""
    end: Callable[[str], Awaitable[None]]
    """Every connection of one user, which is closed."""
    streams: Callable[[dict[str, Any]], Awaitable[None]] | None = None
    """Every stream, where there are any."""


def claims_of(token: str) -> dict[str, Any]:
    """What a token says. Raises jwt.PyJWTError where the secret has not signed it."""
    claims: dict[str, Any] = jwt.decode(token, os.environ[_SECRET], algorithms=["HS256"])
    return claims


def mount(app: web.Application, told: Told, claims: Callable[[str], dict[str, Any]] = claims_of) -> None:
    """Answer the calls that are measured."""

    def caller(request: web.Request, role: str | None = None) -> dict[str, Any]:
        try:
            found = claims(request.headers.get("Authorization", "").removeprefix("Bearer "))
        except jwt.PyJWTError as wrong:
            raise web.HTTPUnauthorized(text=str(wrong)) from wrong
        if role is not None and found["role"] != role:
            raise web.HTTPForbidden(text=f"this is for the role {role}")
        return found

    async def me(request: web.Request) -> web.Response:
        known = caller(request)
        return web.json_response(
            {"id": known["sub"], "email": "user@example.com", "role": known["role"], "tier": "free"}
        )

    async def ban(request: web.Request) -> web.Response:
        caller(request, "admin")
        user_id = request.match_info["user"]
        argument = {"message": "Your account has been banned by an administrator.", "timestamp": _now()}
        await told.user(user_id, "user.banned", argument)
        await told.end(user_id)
        return web.json_response(
            {"id": user_id, "email": "user@example.com", "role": "user", "tier": "free", "banned": True}
        )

    async def branding(request: web.Request) -> web.Response:
        seller = caller(request)["sub"]
        event = {"sellerId": seller, **await request.json(), "timestamp": _now()}
        await told.storefront(seller, "settings:branding_updated", event)
        return web.json_response(event)

    async def plan(request: web.Request) -> web.Response:
        caller(request, "admin")
        plan_id = request.match_info.get("plan", "pln_1")
        changed = {"id": plan_id, **await request.json()}
        if told.streams is not None:
            await told.streams({"type": "UPDATE", "planId": plan_id, "plan": changed, "timestamp": time.time()})
        return web.json_response(changed)

    app.add_routes(
        [
            web.get("/api/me", me),
            web.post("/api/admin/users/{user}/ban", ban),
            web.patch("/api/user/branding", branding),
            web.post("/api/admin/plans", plan),
            web.put("/api/admin/plans/{plan}", plan),
        ]
    )


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def listen(app: web.Application, port: int = 0) -> None:
    """Serve on this port of loopback, or on a free one, until standard input ends."""

    async def main() -> None:
        ended = asyncio.Event()

        def heard() -> None:
            if not os.read(sys.stdin.fileno(), 4096):
                ended.set()

        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), heard)
        runner = web.AppRunner(app, access_log=None, keepalive_timeout=120, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port, backlog=4096)
        await site.start()
        host, number = runner.addresses[0][:2]
        print(f"{READY}http://{host}:{number}", flush=True)
        await ended.wait()
        os._exit(0)  # Nothing is kept that would have to be put away.

    asyncio.run(main())
