"""A back end with sessions in cookies and one stream, as small ones are: passwords that change, sessions by number.

BUG names a misbehaviour: logout-ends-all, renewed-for-ever, renewing-closes, password-spares-others, told-to-all or
told-for-a-moment. Prints one line of JSON when it is ready.
"""

import asyncio
import json
import os
import secrets
import sys
from contextlib import suppress
from dataclasses import dataclass, field

from aiohttp import web

BUG = os.environ.get("BUG", "")
PASSWORD = secrets.token_hex(8)


@dataclass
class Session:
    number: str
    user: str
    cookie: str
    renewal: str
    streams: list[asyncio.Queue[str | None]] = field(default_factory=list)


USERS = {f"user-{number}": PASSWORD for number in range(1, 7)} | {"head": PASSWORD}
SESSIONS: dict[str, Session] = {}


def session(request: web.Request) -> Session:
    found = next((known for known in SESSIONS.values() if known.cookie == request.cookies.get("sid")), None)
    if found is None:
        raise web.HTTPUnauthorized(text="log in again")
    return found


def head(request: web.Request) -> None:
    if session(request).user != "head":
        raise web.HTTPForbidden(text="not yours to do")


def with_cookie(known: Session) -> web.Response:
    response = web.json_response({"session": known.number, "renewal": known.renewal})
    response.set_cookie("theme", "dark")
    response.set_cookie("sid", known.cookie, httponly=True)
    return response


def end(known: Session, *, at_once: bool = True) -> None:
    SESSIONS.pop(known.number, None)
    streams = known.streams
    if at_once:
        for stream in streams:
            stream.put_nowait(None)
    else:
        LINGERING.extend(streams)
        for lingering in streams:
            asyncio.get_running_loop().call_later(0.6, lingering.put_nowait, None)


LINGERING: list[asyncio.Queue[str | None]] = []
OVER: dict[str, str] = {}
"""The renewals of sessions that have ended, each with its user."""


async def log_in(request: web.Request) -> web.Response:
    given = await request.json()
    if USERS.get(given["user"]) != given["password"]:
        raise web.HTTPForbidden(text="wrong")
    known = Session(secrets.token_hex(4), given["user"], secrets.token_hex(8), secrets.token_hex(8))
    SESSIONS[known.number] = known
    return with_cookie(known)


async def log_out(request: web.Request) -> web.Response:
    mine = session(request)
    for known in list(SESSIONS.values()):
        if known is mine or (BUG == "logout-ends-all" and known.user == mine.user):
            OVER[known.renewal] = known.user
            end(known, at_once=BUG != "told-for-a-moment")
    return web.Response(status=204)


async def revoke(request: web.Request) -> web.Response:
    head(request)
    known = SESSIONS[request.match_info["number"]]
    OVER[known.renewal] = known.user
    end(known)
    return web.Response(status=204)


async def change_password(request: web.Request) -> web.Response:
    mine, given = session(request), await request.json()
    if USERS[mine.user] != given["old"]:
        raise web.HTTPForbidden(text="wrong")
    USERS[mine.user] = given["new"]
    for known in list(SESSIONS.values()):
        if known.user == mine.user and known is not mine and BUG != "password-spares-others":
            OVER[known.renewal] = known.user
            end(known)
    return web.Response(status=204)


async def renew(request: web.Request) -> web.Response:
    given = (await request.json())["renewal"]
    known = next((known for known in SESSIONS.values() if known.renewal == given), None)
    if known is None and BUG == "renewed-for-ever" and given in OVER:
        known = Session(secrets.token_hex(4), OVER[given], secrets.token_hex(8), given)
        SESSIONS[known.number] = known
    if known is None:
        raise web.HTTPUnauthorized(text="log in again")
    if BUG == "renewing-closes":
        for stream in known.streams:
            stream.put_nowait(None)
    known.cookie = secrets.token_hex(8)
    return with_cookie(known)


async def me(request: web.Request) -> web.Response:
    return web.json_response({"user": session(request).user})


async def tell(request: web.Request) -> web.Response:
    head(request)
    told = [stream for known in SESSIONS.values() for stream in known.streams]
    for stream in [*told, *LINGERING]:
        stream.put_nowait(json.dumps({"event": "message", "data": "hello"}))
    return web.Response(status=204)


async def stream(request: web.Request) -> web.StreamResponse:
    mine = session(request)
    queue: asyncio.Queue[str | None] = asyncio.Queue()
    mine.streams.append(queue)
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    with suppress(ConnectionResetError):  # whoever listened has gone
        while (message := await queue.get()) is not None:
            await response.write(f"event: message\ndata: {message}\n\n".encode())
    return response


async def main() -> None:
    app = web.Application()
    app.router.add_post("/login", log_in)
    app.router.add_post("/logout", log_out)
    app.router.add_delete("/sessions/{number}", revoke)
    app.router.add_post("/password", change_password)
    app.router.add_post("/renew", renew)
    app.router.add_post("/tell", tell)
    app.router.add_get("/me", me)
    app.router.add_get("/stream", stream)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(json.dumps({"port": runner.addresses[0][1], "password": PASSWORD, "people": []}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
