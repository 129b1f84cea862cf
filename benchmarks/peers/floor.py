"""The floor: aiohttp's own WebSockets and streams, with no more of Engine.IO and Socket.IO than clients need to hear.

It looks at no signature, keeps no heartbeats and bounds nothing: what costs more here costs more everywhere.
"""

import asyncio
import json
from typing import Any

import jwt
from aiohttp import web

from .calls import Told, listen, mount

_OPENING = {"sid": "s", "upgrades": [], "pingInterval": 120_000, "pingTimeout": 30_000, "maxPayload": 1_000_000}


class Floor:
    """Everybody who is there."""

    def __init__(self) -> None:
        self.users: dict[str, web.WebSocketResponse] = {}
        self.transports: dict[str, asyncio.Transport | None] = {}
        self.storefronts: dict[str, set[web.WebSocketResponse]] = {}
        self.streams: set[web.StreamResponse] = set()

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """Socket.IO."""
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        await socket.send_str("0" + json.dumps(_OPENING))
        user_id = _user((await socket.receive()).data)
        await socket.send_str('40{"sid":"c"}')

        self.users[user_id], self.transports[user_id] = socket, request.transport
        async for message in socket:
            if message.data.startswith("42"):
                await self._event(socket, message.data)
        self.users.pop(user_id, None)
        self.transports.pop(user_id, None)
        return socket

    async def _event(self, socket: web.WebSocketResponse, text: str) -> None:
        at = text.index("[")
        name, seller = json.loads(text[at:])
        members = self.storefronts.setdefault(seller, set())
        if name == "join:storefront":
            members.add(socket)
        else:
            members.discard(socket)
        await socket.send_str(f"43{text[2:at]}" + json.dumps([{name.split(":")[0]: seller}]))

    async def plans(self, request: web.Request) -> web.StreamResponse:
        """A stream of changes, greeted."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b'data: {"type":"CONNECTED"}\n\n')
        self.streams.add(response)
        try:
            await asyncio.Event().wait()
        finally:
            self.streams.discard(response)
        return response

    async def tell_user(self, user_id: str, name: str, argument: Any) -> None:
        """One event to one user."""
        await self.users[user_id].send_str(f'42["{name}",{json.dumps(argument)}]')

    async def end(self, user_id: str) -> None:
        """Close the connection of one user."""
        transport = self.transports.pop(user_id)
        if transport is not None:
            transport.close()

    async def tell_storefront(self, seller: str, name: str, argument: Any) -> None:
        """One event to who has joined."""
        text = f'42["{name}",{json.dumps(argument)}]'
        for socket in self.storefronts.get(seller, ()):
            await socket.send_str(text)

    async def tell_streams(self, data: dict[str, Any]) -> None:
        """One event to every stream."""
        block = f"data: {json.dumps(data)}\n\n".encode()
        for response in self.streams:
            await response.write(block)


def _unverified(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def _user(join: str) -> str:
    try:
        return str(_unverified(json.loads(join[2:])["token"])["sub"])
    except jwt.PyJWTError:
        return ""


def main() -> None:
    """Serve."""
    floor, app = Floor(), web.Application()
    app.add_routes(
        [
            web.get("/socket.io/", floor.connect),
            web.get("/api/plans/subscribe", floor.plans),
        ]
    )
    mount(app, Told(floor.tell_user, floor.tell_storefront, floor.end, floor.tell_streams), _unverified)
    listen(app)


if __name__ == "__main__":
    main()
