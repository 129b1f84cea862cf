"""The feed of feed.yaml on FastAPI, at PORT (0: anywhere); it prints a line of JSON when it is ready.

BUG plants one of the defects below, for those who want to see the check find it.
"""

import asyncio
import json
import os
import re
import socket
import sys
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

BUGS = {
    "": "none",
    "no-title": "published lacks a field",
    "wrong-type": "its number is a text",
    "another-name": "it is sent as news",
    "unknown-event": "something is sent that the contract does not have",
    "tells-nobody": "it reaches nobody",
    "forgets-one": "it does not reach whoever came last",
    "another-id": "it has another id than the answer to the call",
    "forgets-some": "every third one reaches nobody",
    "out-of-order": "now and then one waits",
    "lets-anybody-in": "a stream without a token is accepted",
}
BUG = os.environ.get("BUG", "")
if BUG not in BUGS:
    raise SystemExit(f"there is no bug {BUG}; there are {', '.join(filter(None, BUGS))}")

feed = FastAPI()
readers: list[asyncio.Queue[bytes]] = []
counts: Counter[str] = Counter()


class Item(BaseModel):
    """What somebody publishes."""

    topic: str = Field(min_length=1, max_length=100)
    title: str = Field(min_length=1, max_length=200)


def known(authorization: Annotated[str, Header()] = "") -> None:
    """Refuse whoever does not say who they are."""
    if not re.fullmatch(r"Bearer [a-z]+-[0-9]+", authorization):
        raise HTTPException(401, "Say who you are.")


def message(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


async def events() -> AsyncIterator[bytes]:
    queue: asyncio.Queue[bytes] = asyncio.Queue(100)
    readers.append(queue)
    try:
        yield message("welcome", {}) if BUG == "unknown-event" else b": welcome\n\n"
        while True:
            yield await queue.get()
    finally:
        readers.remove(queue)


@feed.get("/news", dependencies=[] if BUG == "lets-anybody-in" else [Depends(known)])
async def news() -> StreamingResponse:
    return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


@feed.post("/items", status_code=201, dependencies=[Depends(known)])
async def publish(item: Item) -> dict[str, Any]:
    counts[item.topic] += 1
    published = {"id": str(uuid.uuid4()), "number": counts[item.topic], **item.model_dump()}
    told = dict(published)
    if BUG == "no-title":
        del told["title"]
    if BUG == "wrong-type":
        told["number"] = str(told["number"])
    if BUG == "another-id":
        told["id"] = str(uuid.uuid4())
    if BUG == "forgets-some" and counts[item.topic] % 3 == 0:
        return published
    if BUG == "out-of-order" and counts[item.topic] % 2:
        asyncio.get_running_loop().call_later(0.15, tell, told)
    else:
        tell(told)
    return published


def tell(item: dict[str, Any]) -> None:
    """Everybody who reads is told; whoever reads too slowly misses some."""
    sent = message("news" if BUG == "another-name" else "published", item)
    for reader in [] if BUG == "tells-nobody" else readers[:-1] if BUG == "forgets-one" else readers:
        with suppress(asyncio.QueueFull):
            reader.put_nowait(sent)


async def main() -> None:
    listening = socket.create_server(("127.0.0.1", int(os.environ.get("PORT", "3002"))))
    server = uvicorn.Server(uvicorn.Config(feed, log_level="error", timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    print(json.dumps({"port": listening.getsockname()[1]}), flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until whoever started it lets go
    server.should_exit = True
    await serving


if __name__ == "__main__":
    asyncio.run(main())
