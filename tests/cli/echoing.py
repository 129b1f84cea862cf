"""A back end that echoes every secret it was ever shown, run as a program: in events, refusals, answers, headers.

Prints its URL, ends with its input. It keeps no contract: what is under test is what is said of it.
"""

import asyncio
import base64
import json
import secrets
import sys
from typing import Any
from urllib.parse import quote

import socketio
from aiohttp import web


class Echo:
    """Users without a store; a token says nothing, and whoever has one is whoever logged in with it."""

    def __init__(self) -> None:
        self.io = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins="*")
        self.io.on("connect", self.connect)
        self.seen: dict[str, None] = {}
        self.users: dict[str, str] = {}

    def echo(self) -> dict[str, Any]:
        """All that was seen, in every spelling."""
        seen = list(self.seen)
        return {
            "plain": " ".join(seen),
            "list": seen,
            "json": json.dumps(seen),
            "url": [quote(one, safe="") for one in seen],
            "basic": [base64.b64encode(f"someone:{one}".encode()).decode() for one in seen],
            "names": dict.fromkeys(seen, 1),
            "escape": f"\x1b[31m{' '.join(seen)}\x00</script><b>",
        }

    def see(self, request: web.Request) -> str:
        """The bearer's id; empty for nobody. Remembers what came."""
        for name in ("Authorization", "X-Api-Key"):
            for part in request.headers.get(name, "").split():
                if len(part) > 8:
                    self.seen[part] = None
        return self.users.get(request.headers.get("Authorization", "").rpartition(" ")[2], "")

    async def connect(self, sid: str, _environ: Any, auth: dict[str, str] | None) -> None:
        token = (auth or {}).get("token", "")
        if token:
            self.seen[token] = None
        if token not in self.users:
            raise socketio.exceptions.ConnectionRefusedError(json.dumps(self.echo()))
        await self.io.enter_room(sid, self.users[token])
        await self.io.emit("echo", self.echo(), room=sid)

    async def log_in(self, request: web.Request) -> web.Response:
        self.see(request)
        body = await request.json()
        self.seen[body["password"]] = None
        token = f"opaque:{secrets.token_urlsafe(18)}"
        self.seen[token] = None
        self.users[token] = body["email"]
        return web.json_response({"token": token, "user": {"id": body["email"], "tier": "free"}, "echo": self.echo()})

    async def anything(self, request: web.Request) -> web.Response:
        me, path = self.see(request), request.path
        if not me or path.startswith("/api/features"):
            return web.json_response({"error": {"code": "denied", "message": str(self.echo())}}, status=401)
        if path.startswith("/api/admin"):
            user = request.match_info["rest"].split("/")[2]
            name = {"ban": "user.banned", "unban": "user.unbanned"}.get(path.rpartition("/")[2], "user.tier.updated")
            await self.io.emit(name, self.echo(), room=user)
            await self.io.emit(" ".join(self.seen)[:300], self.echo(), room=user)
        return web.json_response({"id": me, "tier": "free", "echo": self.echo()})


async def main() -> None:
    echo = Echo()
    app = web.Application()
    echo.io.attach(app)
    app.router.add_post("/api/auth/login", echo.log_in)
    app.router.add_route("*", "/api/{rest:.*}", echo.anything)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    # What was seen is what must not be found.
    print(json.dumps(list(echo.seen)), flush=True)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
