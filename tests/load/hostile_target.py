"""A user-state server that is not ours, run as a program. Prints its URL, ends with its input.

`hostile_target.py MANNER`: it does what it should, but for one thing, which its manner names. Engine.IO and Socket.IO
are written by hand here: no library would send what some manners send.
"""

import asyncio
import itertools
import json
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import WSMsgType, web

_OPEN = '0{"sid":"s","upgrades":[],"pingInterval":60000,"pingTimeout":60000,"maxPayload":1000000}'
_BANNED = {"message": "Your account has been banned by an administrator."}
_TIERS = {"free": "Free", "basic": "Basic", "premium": "Premium"}
_MEGABYTE = b"a" * 1024 * 1024


class Connection:
    """One WebSocket in its namespace."""

    def __init__(self, socket: web.WebSocketResponse, user: str, place: str) -> None:
        self.socket = socket
        self.user = user
        self.place = place

    async def emit(self, name: str, payload: str) -> None:
        """Send an event; the payload is JSON, or what the manner sends in its place."""
        await self.socket.send_str(f"42{self.place}[{json.dumps(name)},{payload}]")


class Target:
    """Users in memory; who comes with the token `x.N` is the user `x`."""

    def __init__(self, manner: str) -> None:
        self.manner = manner
        self.connections: list[Connection] = []
        self._tiers: dict[str, str] = {}
        self._revoked: set[str] = set()
        self._banned: set[str] = set()
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._has_stopped = False

    async def live(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket of Engine.IO."""
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        await socket.send_str(_OPEN)
        mine: Connection | None = None
        async for message in socket:
            await self._go_on()
            if message.type is not WSMsgType.TEXT or not message.data.startswith("40"):
                continue
            place, _, auth = message.data[2:].rpartition(",") if "{" not in message.data else _split(message.data[2:])
            token = json.loads(auth or "{}").get("token", "").removeprefix("Bearer ")
            place = f"{place}," if place else ""
            if self.manner == "refuses-half" and token.partition(".")[0][-1:] in ("1", "3", "5"):
                await socket.send_str(f'44{place}{{"message":"We are full."}}')
                continue
            mine = Connection(socket, token.partition(".")[0], place)
            self.connections.append(mine)
            await socket.send_str(f'40{place}{{"sid":"s"}}')
            if does := _UPON_CONNECT.get(self.manner):
                task = asyncio.create_task(does(self, mine))
                self._tasks.add(task)
        if mine in self.connections:
            self.connections.remove(mine)
        return socket

    async def _go_on(self) -> None:
        """Do nothing more, where that is the manner."""
        if self._has_stopped:
            await asyncio.Event().wait()

    async def log_in(self, request: web.Request) -> web.StreamResponse:
        """A new token."""
        await self._go_on()
        if self.manner in _LOGINS:
            return _LOGINS[self.manner]()
        if self.manner == "drips":
            return await _drip(request)
        user = (await request.json())["email"].partition("@")[0]
        if user in self._banned:
            return web.json_response({"error": {"code": "account_banned"}}, status=403)
        token: Any = f"{user}.{next(self._numbers)}"
        if self.manner == "lies-of-tokens" and not user.startswith("admin"):
            token = {"is": [token]}
        return web.json_response({"token": token, "user": {"id": user, "tier": self._tier(user)}})

    async def me(self, request: web.Request) -> web.Response:
        """Who bears this token."""
        await self._go_on()
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        user = token.partition(".")[0]
        if token in self._revoked or user in self._banned:
            return web.json_response({"error": {"code": "token_revoked"}}, status=401)
        tier: Any = {"lies": [self._tier(user)]} if self.manner == "lies-of-tokens" else self._tier(user)
        return web.json_response({"id": user, "tier": tier})

    async def act(self, request: web.Request) -> web.StreamResponse:
        """What admins do."""
        self._has_stopped = self._has_stopped or self.manner == "stops"
        await self._go_on()
        user, verb = request.match_info["user"], request.match_info["verb"]
        if verb == "ban":
            if self.manner == "hangs":
                await asyncio.sleep(3600)
            if self.manner == "drips-calls":
                return await _drip(request)
            self._banned.add(user)
            for connection in [one for one in self.connections if one.user == user]:
                await connection.emit("user.banned", json.dumps(_BANNED))
                await connection.socket.close()
        elif verb == "unban":
            if self.manner == "never-unbans":
                return web.json_response({"error": {"code": "internal"}}, status=500)
            self._banned.discard(user)
        else:
            await self._change_tier(user, (await request.json())["tier"])
            if self.manner == "another-error-each-time":
                text = f"{next(self._numbers)} {'x' * 5000} \udcff"
                return web.Response(status=400, body=text.encode("utf-8", "surrogateescape"))
        return web.json_response({"id": user})

    def tiers(self) -> dict[str, str]:
        """Whose tier is not the first one."""
        return {user: tier for user, tier in self._tiers.items() if tier != "basic"}

    async def state(self, _request: web.Request) -> web.Response:
        """What a test wants to know."""
        return web.json_response({"banned": sorted(self._banned), "tiers": self.tiers()})

    def _tier(self, user: str) -> str:
        return self._tiers.get(user, "basic")

    async def _change_tier(self, user: str, tier: str) -> None:
        self._tiers[user] = tier
        sentence = f"Your plan has been updated to {_TIERS[tier]}."
        payload = _PAYLOADS.get(self.manner, json.dumps({"message": sentence}))
        for connection in [one for one in self.connections if one.user == user]:
            await connection.emit("user.tier.updated", payload)


def _split(told: str) -> tuple[str, str, str]:
    place, brace, rest = told.partition("{")
    return place.rstrip(","), "", brace + rest


async def _drip(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.2)


async def _flood(_target: Target, connection: Connection) -> None:
    """Valid events that nobody caused, as fast as the socket takes them."""
    event = json.dumps({"message": "Your plan has been updated to Free."})
    while not connection.socket.closed:
        for _ in range(200):
            await connection.emit("user.tier.updated", event)
        await asyncio.sleep(0)


async def _flood_with_names(_target: Target, connection: Connection) -> None:
    for number in itertools.count():
        if connection.socket.closed:
            return
        await connection.emit(f"event {number} {'x' * 200}", json.dumps({"code": "x" * 500, "number": number}))


async def _one_endless_frame(_target: Target, connection: Connection) -> None:
    """The head of a text frame of 15 MB, and most of it."""
    transport = connection.socket._writer.transport  # type: ignore[union-attr]  # what no library would send
    transport.write(b"\x81\x7f" + (15 * 1024 * 1024).to_bytes(8))
    for _ in range(14):
        transport.write(_MEGABYTE)
        await asyncio.sleep(0.05)


async def _a_large_event(_target: Target, connection: Connection) -> None:
    await connection.emit("user.tier.updated", json.dumps({"message": "x" * len(_MEGABYTE)}))


async def _many_at_once(_target: Target, connection: Connection) -> None:
    event = json.dumps({"message": "Your plan has been updated to Free."})
    for _ in range(100_000):
        await connection.emit("user.tier.updated", event)


async def _one_unknown_event(_target: Target, connection: Connection) -> None:
    await connection.emit("user.promoted", "{}")


_UPON_CONNECT: dict[str, Callable[[Target, Connection], Any]] = {
    "floods": _flood,
    "floods-with-names": _flood_with_names,
    "endless-frame": _one_endless_frame,
    "unknown-event": _one_unknown_event,
    "megabyte": _a_large_event,
    "hundred-thousand": _many_at_once,
}
_PAYLOADS = {
    "deep": "[" * 900 + "]" * 900,
    "half-a-pair": '{"message": "\\ud800"}',
    "huge-number": '{"message": ' + "9" * 5000 + "}",
    "no-number": '{"message": NaN}',
    "invalid": '{"message": 1}',
}
_LOGINS: dict[str, Callable[[], web.StreamResponse]] = {
    "login-301": lambda: web.Response(status=301, headers={"Location": "https://elsewhere.example/login"}),
    "login-401": lambda: web.json_response({"error": {"code": "invalid_credentials"}}, status=401),
    "login-404": lambda: web.Response(status=404),
    "login-429": lambda: web.Response(status=429, headers={"Retry-After": "1"}),
    "login-503": lambda: web.Response(status=503),
    "login-empty": lambda: web.json_response({"token": 7}),
}
MANNERS = (
    *("right", "drips", "drips-calls", "hangs", "never-unbans", "another-error-each-time", "lies-of-tokens"),
    *("refuses-half", "stops"),
)


async def _serve(manner: str) -> AsyncIterator[None]:
    target, application = Target(manner), web.Application()
    application.router.add_get("/socket.io/", target.live)
    application.router.add_post("/api/auth/login", target.log_in)
    application.router.add_get("/api/me", target.me)
    application.router.add_get("/state", target.state)
    application.router.add_route("*", "/api/admin/users/{user}/{verb}", target.act)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    yield
    await runner.cleanup()


async def _run(manner: str) -> None:
    async for _ in _serve(manner):
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    known = {*MANNERS, *_UPON_CONNECT, *_PAYLOADS, *_LOGINS}
    assert sys.argv[1] in known, f"the manners are {', '.join(sorted(known))}"
    asyncio.run(_run(sys.argv[1]))
