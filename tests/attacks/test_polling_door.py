"""Attacks over polling, on a server that says what it is told to say."""

from typing import Final

import pytest
from aiohttp import web

from eventproof.attacks import ATTACKS, Attack, Attacker, Door, End, Outcome, Patience
from eventproof.attacks.place import Place
from eventproof.client.address import Address

OPEN: Final = '0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000}'
HELD: Final = ATTACKS["session-that-never-logs-in"]


class Server:
    """Its second poll has a ping in it; `status` answers all that comes behind the session's beginning."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.posted: list[str] = []

    async def get(self, request: web.Request) -> web.StreamResponse:
        if "sid" not in request.query:
            return web.Response(text=OPEN)
        return web.Response(status=self.status, text="2")

    async def post(self, request: web.Request) -> web.Response:
        self.posted.append(await request.text())
        return web.Response(status=self.status, text="ok")


async def outcomes(server: Server, attack: Attack) -> list[Outcome]:
    application = web.Application()
    application.router.add_get("/socket.io/", server.get)
    application.router.add_post("/socket.io/", server.post)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        address = Address.parse(f"http://127.0.0.1:{runner.addresses[0][1]}")
        there = Place((Door.POLLING,), address, "/socket.io/", (), {})
        return await Attacker(there, there, patience=Patience(looking=1.0)).make([attack])
    finally:
        await runner.cleanup()


async def test_a_ping_is_answered() -> None:
    server = Server()
    (first, *_) = await outcomes(server, ATTACKS["event-before-connect"])
    assert (first.end, "3" in server.posted) == (End.OPEN, True)


@pytest.mark.parametrize(("status", "end"), [(400, End.REFUSED), (503, End.UNMADE), (429, End.UNMADE)])
async def test_what_a_limit_or_a_proxy_answers_was_not_made(status: int, end: End) -> None:
    (first, *_) = await outcomes(Server(status), ATTACKS["event-before-connect"])
    assert first.end is end


@pytest.mark.parametrize(("status", "end"), [(200, End.OPEN), (400, End.ENDED)])
async def test_what_was_held_is_looked_at_in_the_end(status: int, end: End) -> None:
    assert {held.end for held in await outcomes(Server(status), HELD)} == {end}
