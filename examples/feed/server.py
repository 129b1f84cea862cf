"""The feed of feed.yaml on aiohttp, at PORT (0: anywhere); it prints a line of JSON when ready. BUG plants a defect."""

import asyncio
import json
import os
import sys
import uuid
from contextlib import suppress

from aiohttp import web

BUGS = {"", "no-title", "another-name", "forgets-one", "tells-nobody"}
BUG = os.environ.get("BUG", "")
if BUG not in BUGS:
    raise SystemExit(f"there is no bug {BUG}; there are {', '.join(filter(None, BUGS))}")

readers: list[asyncio.Queue[bytes]] = []


async def news(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    queue: asyncio.Queue[bytes] = asyncio.Queue(100)
    readers.append(queue)
    try:
        await response.write(b": welcome\n\n")
        while True:
            await response.write(await queue.get())
    except ConnectionError:
        return response
    finally:
        readers.remove(queue)


async def publish(request: web.Request) -> web.Response:
    with suppress(ValueError, RecursionError):
        asked = await request.json()
        title = asked.get("title") if isinstance(asked, dict) else None
        if isinstance(title, str) and 0 < len(title) <= 200:
            item = {"id": str(uuid.uuid4()), "title": title}
            told = {"id": item["id"]} if BUG == "no-title" else item
            name = "news" if BUG == "another-name" else "published"
            message = f"event: {name}\ndata: {json.dumps(told)}\n\n".encode()
            for reader in [] if BUG == "tells-nobody" else readers[:-1] if BUG == "forgets-one" else readers:
                with suppress(asyncio.QueueFull):
                    reader.put_nowait(message)
            return web.json_response(item, status=201)
    return web.json_response({"error": "Give a title of up to 200 letters."}, status=422)


async def main() -> None:
    application = web.Application(client_max_size=16 * 1024)
    application.add_routes([web.get("/news", news), web.post("/items", publish)])
    runner = web.AppRunner(application, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ.get("PORT", "3002"))).start()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until whoever started it lets go
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
