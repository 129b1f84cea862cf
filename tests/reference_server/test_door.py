"""The door: how many connections are let in, who makes room, and how long each may take over what is its turn."""

import asyncio
import os
import resource
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import pytest

from reference_server.descriptors import LOBBY
from reference_server.limits import Limits
from reference_server.transport.callers import Callers
from reference_server.transport.door import bound
from reference_server.transport.http import HttpProtocol, Request
from reference_server.transport.reply import Reply
from tests.reference_server.child import headers, start_child
from tests.reference_server.house import SECONDS, House, keep_house

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
UPGRADE = b"\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
MOST = 12
FULL = 8192
"""Bytes that wait for a reader: more than those on the way, fewer than stop the next answer."""


class Caller:
    """An HTTP client that keeps its connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def asks(self, request: bytes = HEALTH) -> bytes:
        """The status of the answer; what it holds is read."""
        return (await self.asks_for_head(request)).split()[1]

    async def asks_for_head(self, request: bytes) -> bytes:
        """The head of the answer; what it holds is read."""
        self.writer.write(request)
        async with asyncio.timeout(SECONDS):
            head = await self.reader.readuntil(b"\r\n\r\n")
            (length,) = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            await self.reader.readexactly(int(length.split(b":")[1]))
        return head

    async def ends(self) -> bool:
        """Wait until the server has closed."""
        async with asyncio.timeout(SECONDS):
            try:
                return await self.reader.read() == b""
            except ConnectionResetError:
                return True


@asynccontextmanager
async def _callers(house: House, number: int) -> AsyncIterator[list[Caller]]:
    host, port = house.url.removeprefix("http://").split(":")
    callers = [Caller(*await asyncio.open_connection(host, port)) for _ in range(number)]
    try:
        yield callers
    finally:
        for caller in callers:
            caller.writer.transport.abort()


@pytest.mark.parametrize("said", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_after_an_answer_a_client_has_as_long_as_for_its_first_request(tmp_path: Path, said: bytes) -> None:
    async with keep_house(tmp_path, limits=Limits(head_timeout=0.3)) as house, _callers(house, 1) as (caller,):
        assert await caller.asks() == b"200"
        caller.writer.write(said)
        assert await caller.ends()
        assert (await house.gauges())['eventproof_limits_met_total{limit="head_timeout"}'] == 1


async def test_a_crowd_that_is_late_is_closed_a_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []
    waiting = Callers.waiting

    def few(callers: Callers[HttpProtocol], since: float, most: int | None = None) -> list[HttpProtocol]:
        found = waiting(callers, since, most)
        closed.append(len(found))
        return found

    monkeypatch.setattr(Callers, "waiting", few)
    async with keep_house(tmp_path, limits=Limits(head_timeout=0.5)) as house, _callers(house, 150) as callers:
        assert all([await caller.ends() for caller in callers])
    assert sum(closed) >= 150
    assert max(closed) <= 64


async def test_an_address_that_the_system_has_not_is_passed_over_where_it_has_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there, missing = ("127.0.0.1", 0), ("192.0.2.1", 0)
    addresses = [missing, there]

    async def found(*_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", address) for address in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found)
    (listener,) = await bound("localhost", 0)
    with listener:
        assert listener.getsockname()[0] == "127.0.0.1"
    addresses.remove(there)
    with pytest.raises(OSError, match="assign requested address"):
        await bound("localhost", 0)


async def test_an_answer_says_how_long_the_connection_stays(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=Limits(head_timeout=20)) as house, _callers(house, 1) as (caller,):
        said = (await caller.asks_for_head(HEALTH)).split(b"\r\n")
        assert b"Connection: keep-alive" in said
        assert b"Keep-Alive: timeout=18" in said
        last = await caller.asks_for_head(HEALTH.replace(b"Host", b"Connection: close\r\nHost"))
        assert b"\r\nConnection: close\r\n" in last
        assert b"Keep-Alive" not in last
        assert await caller.ends()


async def test_who_goes_on_in_time_stays(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=Limits(head_timeout=0.6)) as house, _callers(house, 2) as (lively, idle):
        assert await idle.asks() == b"200"
        waiting = asyncio.create_task(idle.ends())
        while not waiting.done():
            assert await lively.asks() == b"200"
        assert await lively.asks() == b"200"


async def test_a_stream_and_a_websocket_are_nobodys_turn(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=Limits(head_timeout=0.2)) as house, _callers(house, 1) as (idle,):
        user = await house.person()
        socket = await house.socket(user)
        async with house.http.get(f"{house.url}/api/plans/subscribe", headers=user.headers) as stream:
            assert await idle.ends()
            assert await socket.is_open()
            assert not stream.content.at_eof()


async def _pour(writer: asyncio.StreamWriter) -> None:
    """Ask and ask, until the connection is cut."""
    async with asyncio.timeout(SECONDS):
        while True:
            writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 32)
            await writer.drain()
            await asyncio.sleep(0)


async def test_a_client_that_reads_no_answer_is_cut_off(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=Limits(head_timeout=0.3)) as house, _callers(house, 1) as (deaf,):
        deaf.writer.transport.pause_reading()  # type: ignore[attr-defined]  # it is a socket's
        with pytest.raises(ConnectionError):
            await _pour(deaf.writer)


async def test_a_client_that_reads_no_answer_on_a_connection_that_closes_is_cut_off_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes behind, and is not answered any more, makes it nobody else's turn."""
    let_in: list[tuple[HttpProtocol, asyncio.Transport]] = []
    connection_made, send = HttpProtocol.connection_made, HttpProtocol._send

    async def ask_behind(protocol: HttpProtocol, request: Request, reply: Reply, *, is_last: bool) -> bool:
        if is_last:
            protocol.data_received(HEALTH)
        return await send(protocol, request, reply, is_last=is_last)

    def note(protocol: HttpProtocol, transport: asyncio.Transport) -> None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        let_in.append((protocol, transport))
        connection_made(protocol, transport)

    monkeypatch.setattr(HttpProtocol, "connection_made", note)
    monkeypatch.setattr(HttpProtocol, "_send", ask_behind)
    loop = asyncio.get_running_loop()
    async with keep_house(tmp_path, limits=Limits(head_timeout=0.5)) as house, asyncio.timeout(SECONDS):
        host, port = house.url.removeprefix("http://").split(":")
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.setblocking(False)
            await loop.sock_connect(deaf, (host, int(port)))
            asked = 0
            while not let_in or let_in[0][1].get_write_buffer_size() < FULL:
                if let_in and let_in[0][0]._answered == asked:
                    await loop.sock_sendall(deaf, HEALTH)
                    asked += 1
                await asyncio.sleep(0)
            await loop.sock_sendall(deaf, HEALTH.replace(b"\r\n\r\n", UPGRADE))
            protocol, _ = let_in[0]
            while protocol.transport is not None:
                await house.gauges()
            assert (protocol._answered, protocol._request_count) == (asked + 1, asked + 2)


async def test_a_second_body_that_drips_ends_in_its_time(tmp_path: Path) -> None:
    post = b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n"
    async with keep_house(tmp_path, limits=Limits(body_timeout=0.2)) as house, _callers(house, 1) as (caller,):
        assert await caller.asks() == b"200"
        assert await caller.asks(post + b"{") == b"400"
        assert await caller.ends()


async def test_strangers_who_idle_make_room_and_those_who_are_in_are_served(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=Limits(max_connections=MOST, head_timeout=60)) as house:
        user = await house.person()
        socket = await house.socket(user)
        known = b"GET /api/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n" % user.token.encode()
        async with _callers(house, 1) as (member,), _callers(house, MOST + LOBBY) as strangers:
            assert await member.asks(known) == b"200"
            for stranger in strangers[:5]:
                assert await stranger.asks() == b"200"
            async with _callers(house, 2) as newcomers:
                assert [await newcomer.asks() for newcomer in newcomers] == [b"200", b"200"]
            assert await strangers[5].ends()
            assert await member.asks(known) == b"200"
            assert await socket.is_open()
            assert house.services.places.taken <= MOST + LOBBY


async def test_where_nobody_can_make_room_health_is_answered_still_and_connections_are_refused(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=Limits(max_connections=MOST)) as house:
        user = await house.person()
        taken = house.services.places.taken
        sockets = [await house.socket(user) for _ in range(MOST - taken)]
        async with _callers(house, 1) as (prober,):
            assert await prober.asks() == b"200"
        upgraded = "/socket.io/?EIO=4&transport=websocket&sid=any"
        for path in ("/socket.io/?EIO=4&transport=polling", upgraded, "/api/plans/subscribe", "/api/me/ws"):
            async with _callers(house, 1) as (late,):
                request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {user.token}\r\n"
                upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
                asked = request + (upgrade + key if path.endswith("ws") else "\r\n")
                assert await late.asks(asked.encode()) == b"503"
        await sockets.pop().raw.close()
        await (await house.socket(user)).raw.close()


@contextmanager
def _files(most: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_where_the_system_gives_no_file_it_is_told_in_one_line_and_asked_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        socket = await house.socket(user)
        host, port = house.url.removeprefix("http://").split(":")
        spare = os.open("/dev/null", os.O_RDONLY)
        os.close(spare)
        with _files(spare + 1):
            # One file is left, for the client: the server gets none.
            caller = Caller(*await asyncio.open_connection(host, port))
            refused = asyncio.create_task(caller.asks())
            assert await socket.is_open()
            assert b'limits_met_total{limit="max_connections"}' in await house.services.metrics.text()
            assert not refused.done()
        assert await refused == b"200"
        caller.writer.transport.abort()
    lines = [line for line in capsys.readouterr().out.splitlines() if "out-of-files" in line]
    assert len(lines) == 1


async def test_with_64_files_it_serves_as_many_as_it_can(tmp_path: Path) -> None:
    async with start_child(tmp_path, users=3, files=64) as child:
        url, token = child.url.replace("http", "ws"), headers(child.people[-1])
        async with AsyncExitStack() as stack:
            refused = None
            while refused is None:
                try:
                    await stack.enter_async_context(child.http.ws_connect(f"{url}/api/me/ws", headers=token))
                except aiohttp.WSServerHandshakeError as failure:
                    refused = failure.status
            assert refused == 503
            async with child.http.get(f"{child.url}/healthz") as answer:
                assert answer.status == 200
            assert await child.ban(child.people[-2]) == 200
        async with child.http.ws_connect(f"{url}/api/me/ws", headers=token) as back:
            assert not back.closed
        assert "Traceback" not in child.log.read_text()
