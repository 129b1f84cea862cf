"""A server of the example's feed that is not ours, over Server-Sent Events. Prints its URL, ends with its input.

`hostile_feed.py MANNER`: it does what it should, but for one thing, which its manner names.
"""

import asyncio
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

from aiohttp import web

_MEGABYTE: Final = 1024 * 1024
_ENOUGH: Final = 5
"""So many items are published before the target stops."""
_TAKEN: Final = 4
"""So many streams are opened by a target that refuses half: one asks whether it is there, three are half of six."""
UPON_OPENING: Final[dict[str, Callable[[], Iterator[bytes]]]] = {
    "right": lambda: iter(()),
    "megabyte": lambda: iter([_told(1, "x" * _MEGABYTE)]),
    "hundred-thousand": lambda: (_told(number, "Nothing happened") for number in range(1, 100_001)),
    "garbage": lambda: (os.urandom(16 * 1024).replace(b"\n", b"") for _ in itertools.count()),
}
"""What somebody is sent whose stream has just been opened."""
MANNERS: Final = (*UPON_OPENING, "refuses-half", "ends-at-once", "stops")


def _told(number: int, title: str, topic: str = "weather") -> bytes:
    return f"event: published\ndata: {json.dumps(_item(number, title, topic))}\n\n".encode()


def _item(number: int, title: str, topic: str) -> dict[str, Any]:
    return {"id": f"i-{number}", "topic": topic, "title": title, "number": number}


class Feed:
    """Everybody who reads."""

    def __init__(self, manner: str) -> None:
        self._manner = manner
        self._readers: list[web.StreamResponse] = []
        self._asked, self._published = itertools.count(), itertools.count(1)

    async def news(self, request: web.Request) -> web.StreamResponse:
        """The stream."""
        if self._manner == "refuses-half" and next(self._asked) >= _TAKEN:
            return web.Response(status=503)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for said in UPON_OPENING.get(self._manner, UPON_OPENING["right"])():
            await response.write(said)
        if self._manner != "ends-at-once":
            self._readers.append(response)
            await asyncio.Event().wait()
        return response

    async def publish(self, request: web.Request) -> web.Response:
        """Tell everybody."""
        number = next(self._published)
        if self._manner == "stops" and number > _ENOUGH:
            await asyncio.Event().wait()
        asked = await request.json()
        for reader in tuple(self._readers):
            try:
                await reader.write(_told(number, asked["title"], asked["topic"]))
            except ConnectionError:
                self._readers.remove(reader)
        return web.json_response(_item(number, asked["title"], asked["topic"]), status=201)


async def _serve(manner: str) -> None:
    feed, application = Feed(manner), web.Application()
    application.add_routes([web.get("/news", feed.news), web.post("/items", feed.publish)])
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    assert sys.argv[1] in MANNERS, f"the manners are {', '.join(MANNERS)}"
    asyncio.run(_serve(sys.argv[1]))
