"""python-socketio on aiohttp, as it comes; stores nothing. Only its heartbeats are slower, as everybody's here."""

from typing import Any

import jwt
import socketio
from aiohttp import web

from .calls import Told, claims_of, listen, mount


def main() -> None:
    """Serve."""
    server = socketio.AsyncServer(async_mode="aiohttp", ping_interval=120, ping_timeout=30)
    app = web.Application()
    server.attach(app)

    @server.event  # type: ignore[untyped-decorator]  # socketio ships no types
    async def connect(sid: str, _environ: dict[str, Any], auth: dict[str, str]) -> None:
        try:
            user_id = claims_of(auth["token"])["sub"]
        except (jwt.PyJWTError, KeyError, TypeError):
            raise socketio.exceptions.ConnectionRefusedError("this token is refused") from None
        await server.enter_room(sid, f"user:{user_id}")

    @server.on("join:storefront")  # type: ignore[untyped-decorator]
    async def join(sid: str, seller: str) -> dict[str, str]:
        await server.enter_room(sid, f"storefront:{seller}")
        return {"joined": seller}

    @server.on("leave:storefront")  # type: ignore[untyped-decorator]
    async def leave(sid: str, seller: str) -> dict[str, str]:
        await server.leave_room(sid, f"storefront:{seller}")
        return {"left": seller}

    async def tell_user(user_id: str, name: str, argument: Any) -> None:
        await server.emit(name, argument, room=f"user:{user_id}")

    async def end(user_id: str) -> None:
        for sid, _ in list(server.manager.get_participants("/", f"user:{user_id}")):
            await server.disconnect(sid)

    async def tell_storefront(seller: str, name: str, argument: Any) -> None:
        await server.emit(name, argument, room=f"storefront:{seller}")

    mount(app, Told(tell_user, tell_storefront, end))
    listen(app)


if __name__ == "__main__":
    main()
