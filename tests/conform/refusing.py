"""A back end of ours for tests of refusals: Socket.IO by python-socketio, which lets in, refuses, or ends at once."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import socketio
from aiohttp import web

Decide = Callable[[socketio.AsyncServer, str, str | None], Awaitable[None]]
"""What the server does with a connection that bears this token; it has accepted it already."""


@contextmanager
def back_end(decide: Decide) -> Iterator[str]:
    """The URL of the server; anybody is `u1`, and every connection is accepted before it is looked at."""
    sio = socketio.AsyncServer(async_mode="aiohttp", always_connect=True, monitor_clients=False)

    async def connect(sid: str, _environ: Any, auth: Any = None) -> None:
        sio.start_background_task(decide, sio, sid, (auth or {}).get("token"))

    sio.on("connect", connect)
    app = web.Application()
    app.router.add_get("/api/users/me", _me)
    app.router.add_get("/api/me", _me)
    sio.attach(app)
    ready, urls, loop = threading.Event(), [], asyncio.new_event_loop()

    async def serve() -> web.AppRunner:
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        urls.append(runner.addresses[0][1])
        ready.set()
        return runner

    def run() -> None:
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(serve())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait(10)
    try:
        yield f"http://127.0.0.1:{urls[0]}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


async def _me(_: web.Request) -> web.Response:
    return web.json_response({"id": "u1", "tier": "free"})
