"""Whoever does not read is cut off, costs a bounded amount of memory, and delays nobody."""

import asyncio
import socket
import time
from collections.abc import MutableMapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Request, TextMessage

from reference_server.delivery.message import Message
from reference_server.delivery.rooms import of_user
from reference_server.limits import Limits
from tests.reference_server.house import SECONDS, House, Person, keep_house

LIMITS = Limits(max_backlog=64 * 1024, close_timeout=0.1, linger=0.1)


def _large(user: Person) -> Message:
    return Message("user.tier.updated", {"message": "x" * 8 * 1024}, of_user(user.id))


async def _silent_websocket(house: House, user: Person) -> socket.socket:
    """A connected client that has stopped reading, with next to no buffer."""
    loop = asyncio.get_running_loop()
    host, port = house.url.removeprefix("http://").split(":")
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setblocking(False)
    await loop.sock_connect(connection, (host, int(port)))
    protocol = WSConnection(ConnectionType.CLIENT)
    target = "/socket.io/?EIO=4&transport=websocket"
    await loop.sock_sendall(connection, protocol.send(Request(host=host, target=target)))
    connected = False
    while not connected:
        protocol.receive_data(await loop.sock_recv(connection, 4096))
        for event in protocol.events():
            if isinstance(event, AcceptConnection):
                await loop.sock_sendall(connection, protocol.send(TextMessage(user.connect)))
            connected = connected or (isinstance(event, TextMessage) and event.data.startswith("40"))
    return connection


async def _flood(house: House, user: Person) -> list[MutableMapping[str, Any]]:
    """Tell the user large things until one of their connections was cut off; gives what was logged of that."""
    with capture_logs() as logs:
        async with asyncio.timeout(SECONDS):
            while not (await house.gauges())["eventproof_slow_readers_cut_total"]:
                await house.tell("user-state", *[_large(user)] * 100)
    return [log for log in logs if log["event"] == "connection-cut"]


def _cut(user: Person, channel: str, transport: str) -> dict[str, str]:
    """What is logged of a connection that was cut off."""
    of_it = {"user": user.id, "channel": channel, "transport": transport}
    return {"event": "connection-cut", "log_level": "info", "reason": "slow reader", **of_it}


async def test_a_websocket_that_is_not_read_is_cut_off_and_the_log_says_why(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=LIMITS) as house:
        user = await house.person()
        silent = await _silent_websocket(house, user)
        assert await _flood(house, user) == [_cut(user, "/", "websocket")]
        await house.settles(connections=0, engine_sessions=0)
        silent.close()


async def test_a_session_that_is_not_polled_is_cut_off_and_the_log_says_why(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=LIMITS) as house:
        user = await house.person()
        polling = await house.polling_socket(user)
        assert await _flood(house, user) == [_cut(user, "/", "polling")]
        await house.settles(connections=0, engine_sessions=0)
        assert (await polling.get())[0] == 400


async def test_a_stream_that_is_not_read_is_cut_off_and_the_log_says_why(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=LIMITS) as house:
        user = await house.person()
        answer = await house.http.get(f"{house.url}/api/me/stream", headers=user.headers)
        assert await _flood(house, user) == [_cut(user, "/api/me/stream", "sse")]
        await house.settles(connections=0)
        answer.close()


async def test_a_native_websocket_that_is_not_read_is_cut_off_and_the_log_says_why(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=LIMITS) as house:
        user = await house.person()
        native = await house.http.ws_connect(f"{house.url}/api/me/ws", headers=user.headers)
        assert await _flood(house, user) == [_cut(user, "/api/me/ws", "websocket")]
        await house.settles(connections=0)
        await native.close()


async def test_who_pings_a_native_websocket_and_reads_nothing_is_cut_off(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=replace(LIMITS, heartbeats_a_second=1_000_000)) as house:
        user = await house.person()
        native = await house.http.ws_connect(f"{house.url}/api/me/ws", headers=user.headers, autoping=False)
        assert native._response.connection is not None
        transport = native._response.connection.transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()
        link: Any = house.services.connections.of_user(user.id)[0].link
        link._pipe._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        ping = bytes((0x89, 0x80 | 125)) + bytes(4) + b"x" * 125
        async with asyncio.timeout(SECONDS):
            while (await house.gauges())["eventproof_slow_readers_cut_total"] == 0:
                if not transport.get_write_buffer_size():
                    transport.write(ping * 200)
        await house.settles(connections=0)
        transport.abort()


async def test_a_ban_waits_for_no_reader(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=LIMITS) as house:
        user = await house.person()
        silent = await _silent_websocket(house, user)
        await house.tell("user-state", *[_large(user)] * 6)
        attentive = await house.socket(user)
        began = time.monotonic()
        await house.ban(user)
        frames, _ = await attentive.rest()
        assert [frame[:2] for frame in frames] == ["42", "41"]
        assert time.monotonic() - began < 1
        await house.settles(connections=0, engine_sessions=0)
        silent.close()


@pytest.mark.parametrize("failing", ["send", "close"])
async def test_a_connection_that_fails_stops_neither_the_ban_nor_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        poorly = await house.socket(user)
        well = await house.socket(user)
        broken = house.services.connections.of_user(user.id)[0]

        class Broken:
            transport = "websocket"

            def send(self, _: object) -> None:
                if failing == "send":
                    raise OSError("broken")

            def close(self, _: str) -> None:
                if failing == "close":
                    raise OSError("broken")

        monkeypatch.setattr(broken, "link", Broken())
        await house.ban(user)
        frames, _ = await well.rest()
        assert [frame[:2] for frame in frames] == ["42", "41"]
        await poorly.raw.close()


async def test_a_native_websocket_that_answers_no_ping_is_let_go(tmp_path: Path) -> None:
    """Its TCP connection may be long gone, and would otherwise count until its token expires."""
    async with keep_house(tmp_path, limits=Limits(ping_interval=0.2)) as house:
        user = await house.person()
        mute = await house.http.ws_connect(f"{house.url}/api/me/ws", headers=user.headers, autoping=False)
        lively = await house.http.ws_connect(f"{house.url}/api/me/ws", headers=user.headers)
        hearing = asyncio.create_task(lively.receive())
        assert (await mute.receive()).type is aiohttp.WSMsgType.PING
        await house.settles(connections=1)
        await asyncio.sleep(0.5)
        assert not hearing.done()
        hearing.cancel()


@pytest.mark.parametrize("said", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_a_client_that_never_says_what_it_wants_is_cut_off(tmp_path: Path, said: bytes) -> None:
    async with keep_house(tmp_path, limits=Limits(head_timeout=0.2)) as house:
        waiting = await house.socket(await house.person())
        loop = asyncio.get_running_loop()
        host, port = house.url.removeprefix("http://").split(":")
        with socket.socket() as connection:
            connection.setblocking(False)
            await loop.sock_connect(connection, (host, int(port)))
            await loop.sock_sendall(connection, said)
            async with asyncio.timeout(SECONDS):
                assert await loop.sock_recv(connection, 1) == b""
        assert await waiting.is_open()


def _asking(house: House, user: Person, path: str) -> bytes:
    """What opens this channel."""
    upgrade = (
        "" if path.endswith("stream") else "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    )
    return (
        f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {user.token}\r\n{upgrade}"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    ).encode()


@pytest.mark.parametrize(
    ("path", "farewell"),
    [
        ("/socket.io/?EIO=4&transport=websocket", b"\x88\x0d\x03\xf0slow reader"),
        ("/api/me/ws", b"\x88\x0d\x03\xf0slow reader"),
        ("/api/me/stream", b"\r\n0\r\n\r\n"),
    ],
)
async def test_who_reads_again_in_time_hears_the_end_of_it(tmp_path: Path, path: str, farewell: bytes) -> None:
    async with keep_house(tmp_path, limits=Limits(max_backlog=64 * 1024)) as house:
        user, loop = await house.person(), asyncio.get_running_loop()
        host, port = house.url.removeprefix("http://").split(":")
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.setblocking(False)
            await loop.sock_connect(client, (host, int(port)))
            await loop.sock_sendall(client, _asking(house, user, path))
            if "socket.io" in path:
                connect = user.connect.encode()
                await loop.sock_sendall(client, b"\x81\xfe" + len(connect).to_bytes(2, "big") + b"\0" * 4 + connect)
            await house.settles(connections=1)
            await _flood(house, user)
            await house.settles(connections=0)
            heard = b""
            async with asyncio.timeout(SECONDS):
                while piece := await loop.sock_recv(client, 65536):
                    heard = heard[-100:] + piece
        assert heard.endswith(farewell)
