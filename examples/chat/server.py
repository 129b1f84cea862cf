"""The chat of chat.yaml on python-socketio, at PORT (0: anywhere); it prints a line of JSON when it is ready.

BUG plants one of the defects below, for those who want to see the check find it.
"""

import asyncio
import json
import os
import re
import sys
import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Any

import socketio
from aiohttp import web

BUGS = {
    "": "none",
    "no-number": "message:new lacks a field",
    "wrong-type": "its number is a text",
    "unknown-event": "something is sent that the contract does not have",
    "tells-everybody": "a room's messages reach all rooms",
    "tells-nobody": "they reach nobody",
    "tells-twice": "each of them comes twice",
    "forgets-one": "they do not reach whoever joined last",
    "out-of-order": "now and then a message waits",
    "no-acknowledgement": "message:post is acknowledged with nothing",
    "odd-acknowledgement": "its acknowledgement has no ok",
    "no-acknowledgement-of-joining": "room:join is acknowledged with nothing",
    "takes-anything": "nothing is looked at before it is taken",
    "lets-anybody-in": "a connection without a token is accepted",
}
BUG = os.environ.get("BUG", "")
if BUG not in BUGS:
    raise SystemExit(f"there is no bug {BUG}; there are {', '.join(filter(None, BUGS))}")

server = socketio.AsyncServer(async_mode="aiohttp")
names: dict[str, str] = {}
counts: Counter[str] = Counter()
joined_last: dict[str, str] = {}
waiting: set[asyncio.Task[None]] = set()


def fits(asked: Any, fields: Mapping[str, int]) -> bool:
    """Whether it is an object of just these texts, none of them longer than this."""
    if BUG == "takes-anything":
        return isinstance(asked, dict) and isinstance(asked.get("roomId"), str)
    return (
        isinstance(asked, dict)
        and asked.keys() == fields.keys()
        and all(isinstance(asked[name], str) and 0 < len(asked[name]) <= most for name, most in fields.items())
    )


@server.event
async def connect(sid: str, _: Any, auth: Any) -> None:
    name = auth.get("token") if isinstance(auth, dict) else None
    if not re.fullmatch(r"[a-z]+-[0-9]+", str(name)) and BUG != "lets-anybody-in":
        raise socketio.exceptions.ConnectionRefusedError("Say who you are.")
    names[sid] = str(name)


@server.event
async def disconnect(sid: str, *_: Any) -> None:
    names.pop(sid, None)


@server.on("room:join")
async def join(sid: str, asked: Any = None) -> Any:
    if not fits(asked, {"roomId": 100}):
        return {"ok": False, "error": "Name a room: roomId."}
    await server.enter_room(sid, asked["roomId"])
    joined_last[asked["roomId"]] = sid
    if BUG == "unknown-event":
        await server.emit("server:hello", {}, to=sid)
    await server.emit("room:joined", {"roomId": asked["roomId"], "who": names[sid]}, room=asked["roomId"])
    return None if BUG == "no-acknowledgement-of-joining" else {"ok": True}


@server.on("message:post")
async def post(sid: str, asked: Any = None) -> Any:
    if not fits(asked, {"roomId": 100, "text": 500}):
        return {"ok": False, "error": "Give roomId and text."}
    room = asked["roomId"]
    counts[room] += 1
    message = {
        "id": str(uuid.uuid4()),
        "roomId": room,
        "from": names[sid],
        "text": asked.get("text"),
        "number": counts[room],
    }
    if BUG == "no-number":
        del message["number"]
    if BUG == "wrong-type":
        message["number"] = str(counts[room])
    if BUG == "out-of-order" and counts[room] % 2:
        later = server.start_background_task(tell_later, message)
        waiting.add(later)
        later.add_done_callback(waiting.discard)
    elif BUG != "tells-nobody":
        await tell(message)
    if BUG == "no-acknowledgement":
        return None
    return {"id": message["id"]} if BUG == "odd-acknowledgement" else {"ok": True, "id": message["id"]}


async def tell(message: dict[str, Any]) -> None:
    room = message["roomId"]
    forgotten = joined_last.get(room) if BUG == "forgets-one" else None
    for _ in range(2 if BUG == "tells-twice" else 1):
        await server.emit("message:new", message, room=None if BUG == "tells-everybody" else room, skip_sid=forgotten)


async def tell_later(message: dict[str, Any]) -> None:
    await asyncio.sleep(0.15)
    await tell(message)


async def main() -> None:
    application = web.Application()
    server.attach(application)
    runner = web.AppRunner(application, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(os.environ.get("PORT", "3000"))).start()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until whoever started it lets go
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
