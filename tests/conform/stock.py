"""A user-state back end as Python teams write them: aiohttp and python-socketio with their defaults, nothing tuned.

Its bans send a DISCONNECT packet and leave the transport open, its malformed tokens are answered with 422 and its
metrics are JSON for an admin, as libraries of the field do it. Prints one line of JSON when it is ready.
"""

import asyncio
import json
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import jwt
import socketio
from aiohttp import web

BANNED = "Your account has been banned by an administrator."
TIERS = {"free": "Free", "basic": "Basic", "premium": "Premium"}
NEEDED = {"reports": "basic", "insights": "premium"}
SECRET = secrets.token_hex(32)
PASSWORD = secrets.token_hex(8)


@dataclass
class User:
    id: str
    email: str
    role: str
    tier: str = "free"
    is_banned: bool = False
    sessions: set[str] = field(default_factory=set)

    @property
    def room(self) -> str:
        return f"user:{self.id}"


class Refusal(Exception):
    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.code, self.sentence = status, code, sentence


def _object_id() -> str:
    return f"{int(time.time()):08x}{secrets.token_hex(8)}"


USERS = {
    user.id: user
    for user in (
        User(
            _object_id(),
            f"user-{number}@stock.example" if number else "admin@stock.example",
            "user" if number else "admin",
        )
        for number in range(13)
    )
}
SOCKETS = socketio.AsyncServer(async_mode="aiohttp")


def issue(user: User) -> str:
    session, now = secrets.token_hex(8), int(time.time())
    user.sessions.add(session)
    claims = {"sub": user.id, "jti": session, "iat": now, "exp": now + 3600, "type": "access", "fresh": False}
    return jwt.encode(claims, SECRET, "HS256")


def holder(token: str | None) -> tuple[User, str]:
    """Who bears the token, and of which session it is."""
    if not token:
        raise Refusal(401, "authorization_required", "Missing Authorization Header")
    try:
        claims = jwt.decode(token, SECRET, ["HS256"], options={"require": ["exp", "sub", "jti"]})
    except jwt.ExpiredSignatureError:
        raise Refusal(401, "token_expired", "Token has expired: log in again") from None
    except jwt.PyJWTError:
        raise Refusal(422, "invalid_token", "The token cannot be verified: log in again") from None
    user = USERS.get(claims["sub"])
    if user is None or claims["jti"] not in user.sessions:
        raise Refusal(401, "token_revoked", "Token has been revoked: log in again")
    return user, claims["jti"]


def subject(request: web.Request) -> User:
    user = USERS.get(request.match_info["id"])
    if user is None:
        raise Refusal(404, "not_found", "There is no user with this id")
    return user


async def body(request: web.Request) -> dict[str, Any]:
    try:
        found = await request.json()
    except ValueError:
        raise Refusal(400, "bad_request", "The body of the request is no JSON") from None
    if not isinstance(found, dict):
        raise Refusal(400, "bad_request", "The body of the request is no object")
    return found


Act = Callable[[web.Request, User, str], Awaitable[dict[str, Any]]]


def endpoint(act: Act, role: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        try:
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            user, session = holder(token if scheme == "Bearer" else None)
            if role == "admin" and user.role != "admin":
                raise Refusal(403, "forbidden", "You do not have the permission to do this")
            return web.json_response(await act(request, user, session))
        except Refusal as refusal:
            return _refused(refusal)

    return answer


def _refused(refusal: Refusal) -> web.Response:
    return web.json_response({"code": refusal.code, "msg": refusal.sentence}, status=refusal.status)


async def log_in(request: web.Request) -> web.Response:
    try:
        given = await body(request)
        user = next((known for known in USERS.values() if known.email == given.get("email")), None)
        if user is None or not secrets.compare_digest(str(given.get("password")).encode(), PASSWORD.encode()):
            raise Refusal(401, "bad_credentials", "Bad e-mail address or password")
        if user.is_banned:
            raise Refusal(403, "banned", BANNED)
    except Refusal as refusal:
        return _refused(refusal)
    return web.json_response({"token": issue(user), "user": {"id": user.id, "tier": user.tier}})


async def log_out(_request: web.Request, user: User, session: str) -> dict[str, Any]:
    user.sessions.discard(session)
    return {}


async def me(_request: web.Request, user: User, _session: str) -> dict[str, Any]:
    return {"id": user.id, "email": user.email, "tier": user.tier}


async def feature(request: web.Request, user: User, _session: str) -> dict[str, Any]:
    needed = NEEDED.get(request.match_info["feature"])
    if needed is None:
        raise Refusal(404, "not_found", "There is no such feature")
    if list(TIERS).index(user.tier) < list(TIERS).index(needed):
        raise Refusal(403, "tier_too_low", "Your plan does not include this feature")
    return {"enabled": True}


async def one(request: web.Request, _admin: User, _session: str) -> dict[str, Any]:
    user = subject(request)
    return {"id": user.id, "tier": user.tier}


async def ban(request: web.Request, _admin: User, _session: str) -> dict[str, Any]:
    user = subject(request)
    if not user.is_banned:
        user.is_banned = True
        user.sessions.clear()
        await SOCKETS.emit("user.banned", {"message": BANNED}, room=user.room)
        for socket, _ in list(SOCKETS.manager.get_participants("/", user.room)):
            await SOCKETS.disconnect(socket)
    return {"ok": True}


async def unban(request: web.Request, _admin: User, _session: str) -> dict[str, Any]:
    subject(request).is_banned = False
    return {"ok": True}


async def set_tier(request: web.Request, _admin: User, _session: str) -> dict[str, Any]:
    user, tier = subject(request), (await body(request)).get("tier")
    if tier not in TIERS:
        raise Refusal(422, "validation", f"tier must be one of {', '.join(TIERS)}")
    user.tier = tier
    message = f"Your plan has been updated to {TIERS[tier]}."
    await SOCKETS.emit("user.tier.updated", {"message": message}, room=user.room)
    return {"ok": True}


async def stats(_request: web.Request, _admin: User, _session: str) -> dict[str, Any]:
    rooms = SOCKETS.manager.rooms.get("/", {})
    return {"sockets": {"open": len(rooms.get(None, {}))}, "rooms": len(rooms)}


async def connect(socket: str, _environ: Any, auth: Any) -> None:
    token = auth.get("token") if isinstance(auth, dict) else None
    try:
        await SOCKETS.enter_room(socket, holder(token)[0].room)
        holder(token)
    except Refusal as refusal:
        raise socketio.exceptions.ConnectionRefusedError(refusal.sentence, {"code": refusal.code}) from None


async def main() -> None:
    app = web.Application()
    SOCKETS.attach(app)
    SOCKETS.on("connect", connect)
    route = app.router.add_route
    route("POST", "/api/auth/login", log_in)
    for method, path, act, role in (
        ("POST", "/api/auth/logout", log_out, "user"),
        ("GET", "/api/me", me, "user"),
        ("GET", "/api/features/{feature}", feature, "user"),
        ("GET", "/api/admin/users/{id}", one, "admin"),
        ("POST", "/api/admin/users/{id}/ban", ban, "admin"),
        ("POST", "/api/admin/users/{id}/unban", unban, "admin"),
        ("PUT", "/api/admin/users/{id}/tier", set_tier, "admin"),
        ("GET", "/internal/stats", stats, "admin"),
    ):
        route(method, path, endpoint(act, role))
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    people = [{"id": user.id, "email": user.email, "role": user.role, "password": PASSWORD} for user in USERS.values()]
    print(json.dumps({"port": runner.addresses[0][1], "secret": SECRET, "people": people}), flush=True)
    # Whoever started it closes our standard input when it is not needed any more.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
