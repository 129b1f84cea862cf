"""Whoever leaves takes everything with them: what was kept of a connection is freed without the garbage collector."""

import asyncio
import gc
import json
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from reference_server.limits import Limits
from tests.reference_server.house import SECONDS, House, Person, keep_house

ROUNDS = 20
_LOGIN = b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
SOCKET_IO = "/socket.io/?EIO=4&transport=websocket"
POLLING = "/socket.io/?EIO=4&transport=polling"


def _get(path: str, *headers: str) -> bytes:
    return "\r\n".join((f"GET {path} HTTP/1.1", "Host: x", *headers, "", "")).encode()


def _handshake(path: str, *headers: str) -> bytes:
    upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
    return _get(path, *upgrade, "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", *headers)


def _text(said: str) -> bytes:
    return b"\x81\xfe" + len(said).to_bytes(2, "big") + b"\0\0\0\0" + said.encode()


Step = tuple[bytes, bytes]
"""What a client says, and what it then waits for."""


def _visits(user: Person) -> dict[str, list[Step]]:
    bearer, connect = f"Authorization: Bearer {user.token}", (_handshake(SOCKET_IO), b"pingTimeout")
    long = _text("40" + json.dumps({"token": "x" * 200}))
    return {
        "says nothing": [],
        "says no HTTP": [(b"\0\1\r\n\r\n", b"malformed_request")],
        "asks for nothing there is": [(_get("/nowhere", "Connection: close"), b"not_found")],
        "hangs up within a head": [(b"GET /healthz HT", b"")],
        "hangs up within a body": [(_LOGIN, b"")],
        "calls": [(_get("/api/me", bearer), b"200 OK")],
        "opens a websocket": [connect],
        "logs in": [connect, (_text(user.connect), b'40{"sid"')],
        "is refused": [connect, (long, b"44{")],
        "breaks the framing": [connect, (b"\xff\xff", b"\x03\xea")],
        "breaks the protocol": [connect, (_text("4" + "x" * 200), b"\x03\xea")],
        "closes": [connect, (b"\x88\x82\0\0\0\0\x03\xe8", b"\x88\x02\x03\xe8")],
        "polls": [(_get(POLLING), b"pingTimeout")],
        "streams": [(_get("/api/me/stream", bearer), b"retry:")],
        "streams without a token": [(_get("/api/me/stream"), b"token_missing")],
        "opens the native websocket": [(_handshake("/api/me/ws", bearer), b"101 ")],
        "opens that without a token": [(_handshake("/api/me/ws"), b"token_missing")],
    }


async def _visit(house: House, steps: list[Step]) -> None:
    loop = asyncio.get_running_loop()
    host, port = house.url.removeprefix("http://").split(":")
    with socket.socket() as client:
        client.setblocking(False)
        await loop.sock_connect(client, (host, int(port)))
        for said, expected in steps:
            await loop.sock_sendall(client, said)
            heard = b""
            async with asyncio.timeout(SECONDS):
                while expected not in heard:
                    heard += await loop.sock_recv(client, 65536)


def _kept() -> Counter[str]:
    """How many objects there are of each type that a connection is made of."""
    modules = ("reference_server.", "aiohttp.web_protocol", "aiohttp.web_request", "asyncio.selector_events")
    kinds = map(type, gc.get_objects())
    return Counter(f"{kind.__module__}.{kind.__name__}" for kind in kinds if kind.__module__.startswith(modules))


def _left(before: Counter[str]) -> Counter[str]:
    """What each of the rounds has left behind."""
    return Counter({name: count for name, count in (_kept() - before).items() if count >= ROUNDS})


@pytest.fixture
def _uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_uncollected")
async def test_nothing_is_left_of_those_who_have_gone(tmp_path: Path) -> None:
    limits = Limits(connect_timeout=0.2, close_timeout=0.1, linger=0.1)
    async with keep_house(tmp_path, limits=limits) as house:
        user = await house.person()
        for name, steps in _visits(user).items():
            await _visit(house, steps)
            before = _kept()
            for _ in range(ROUNDS):
                await _visit(house, steps)
            try:
                async with asyncio.timeout(SECONDS):
                    while True:
                        if not _left(before):
                            break
                        await asyncio.sleep(0.05)
            except TimeoutError:
                pytest.fail(f"of each client that {name}, there is left: {_left(before)}")
