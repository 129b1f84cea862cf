"""Frames of clients are masked (RFC 6455, 5.1), and speak version 13 of the protocol."""

import asyncio
import struct

import pytest

from tests.reference_server.house import House

pytestmark = pytest.mark.asyncio(loop_scope="package")

SOCKET_IO = "/socket.io/?EIO=4&transport=websocket"
PING, TEXT, CLOSE = 0x89, 0x81, 0x88
PROTOCOL_ERROR = b"\x88\x02\x03\xea"


def _frame(first: int, payload: bytes, *, masked: bool) -> bytes:
    mask, flag = (b"\x37\xfa\x21\x3d", 0x80) if masked else (b"", 0)
    size = len(payload)
    if size < 126:
        header = bytes((first, flag | size))
    elif size < 1 << 16:
        header = bytes((first, flag | 126)) + struct.pack(">H", size)
    else:
        header = bytes((first, flag | 127)) + struct.pack(">Q", size)
    return header + mask + (bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload)) if masked else payload)


class _Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    async def say(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def head(self) -> bytes:
        return await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), 5)

    async def until(self, what: bytes) -> bytes:
        return await asyncio.wait_for(self._reader.readuntil(what), 5)

    async def rest(self) -> bytes:
        return await asyncio.wait_for(self._reader.read(), 5)


async def _opened(house: House, path: str, version: str = "13") -> _Client:
    host, _, port = house.url.removeprefix("http://").rpartition(":")
    client = _Client(*await asyncio.open_connection(host, int(port)))
    offered = "" if version is None else f"Sec-WebSocket-Version: {version}\r\n"
    await client.say(
        f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{offered}\r\n".encode()
    )
    return client


async def _paths(house: House) -> list[str]:
    user = await house.person()
    return [SOCKET_IO, f"/api/me/ws?token={user.token}"]


@pytest.mark.parametrize(
    "frame",
    [
        _frame(TEXT, b"40/nowhere", masked=False),
        _frame(TEXT, b"", masked=False),
        _frame(TEXT, b"x" * 1000, masked=False),
        _frame(TEXT, b"x" * 70_000, masked=False)[:10],
        _frame(PING, b"", masked=False),
        _frame(CLOSE, b"\x03\xe8", masked=False),
        _frame(TEXT, b"6", masked=True) * 3 + _frame(TEXT, b"6", masked=False),
    ],
)
async def test_a_frame_that_is_not_masked_closes_the_connection(house: House, frame: bytes) -> None:
    for path in await _paths(house):
        client = await _opened(house, path)
        assert b" 101 " in await client.head()
        await client.say(frame)
        assert (await client.rest()).endswith(PROTOCOL_ERROR)
        client.writer.close()


async def test_a_masked_frame_is_taken_however_it_is_cut(house: House) -> None:
    client = await _opened(house, SOCKET_IO)
    assert b" 101 " in await client.head()
    frame = _frame(TEXT, b"40/nowhere,", masked=True)
    for at in range(len(frame)):
        await client.say(frame[at : at + 1])
        await asyncio.sleep(0)
    await client.until(b'44/nowhere,{"message":"Invalid namespace"}')
    await client.say(_frame(CLOSE, b"\x03\xe8", masked=True))
    assert await client.rest() == b"\x88\x02\x03\xe8"
    client.writer.close()


@pytest.mark.parametrize("version", ["12", "8", "7", "0", "25", "", "13.0"])
async def test_another_version_is_refused_with_the_one_that_is_spoken(house: House, version: str) -> None:
    for path in await _paths(house):
        client = await _opened(house, path, version)
        head = (await client.head()).lower()
        assert head.startswith(b"http/1.1 426 upgrade required\r\n")
        assert b"\r\nsec-websocket-version: 13\r\n" in head
        assert b"\r\nupgrade: websocket\r\n" in head
        client.writer.close()
