"""A server that asks clients to acknowledge what it tells them, on python-socketio, at PORT; BUG plants a defect."""

import asyncio
import json
import logging
import os
import sys
from typing import Any

import socketio
from aiohttp import web

BUG = os.environ.get("BUG", "")
AGAIN = 0.4
"""Seconds until what nobody acknowledged is told again."""
TIMES = 20

logging.disable()
server = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins=[])
tasks: set[asyncio.Task[None]] = set()


async def tell(sid: str, payload: Any) -> None:
    """Until it is acknowledged; that is enough once."""
    done = asyncio.Event()
    for _ in range(TIMES):
        if not done.is_set() or BUG == "never-satisfied":
            await server.emit("told", payload, to=sid, callback=None if BUG == "asks-nobody" else lambda *_: done.set())
        await asyncio.sleep(TIMES if BUG == "gives-up" else AGAIN)


async def say(sid: str, payload: Any) -> dict[str, bool]:
    if not isinstance(payload, dict) or not isinstance(payload.get("text"), str):
        return {"ok": False}
    task = asyncio.create_task(tell(sid, payload))
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return {"ok": True}


server.on("say", say)


async def main() -> None:
    application = web.Application()
    server.attach(application)
    runner = web.AppRunner(application, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ.get("PORT", "0"))).start()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until whoever started it lets go
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
