"""Several requests at once on one connection: each is answered, or the client is told that the rest is not."""

import asyncio

import pytest

from tests.reference_server.house import SECONDS, House

pytestmark = pytest.mark.asyncio(loop_scope="package")

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = HEALTH.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
WEBSOCKET = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
NO_HANDSHAKE = WEBSOCKET.replace(b"Connection: Upgrade\r\n", b"").replace(b"socket.io/", b"api/me/ws")


def _upgrading(protocol: bytes, size: int = 0) -> bytes:
    """A request that is served as it is, and asks to go on in this protocol."""
    wish = b"\r\nConnection: Upgrade\r\nUpgrade: %s\r\nContent-Length: %d\r\n\r\n" % (protocol, size)
    return HEALTH.replace(b"\r\n\r\n", wish)


async def _answers(house: House, *said: bytes) -> list[tuple[int, bool]]:
    """The status of each answer, and whether it says that the connection ends; what is said later waits for one.

    All is read until the server closes: one that goes on waiting fails here, and so does half an answer.
    """
    host, _, port = house.url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        async with asyncio.timeout(SECONDS):
            heads = []
            for part in said:
                writer.write(part)
                heads.append(await _head(reader))
            rest = asyncio.StreamReader()
            rest.feed_data(await reader.read())
            rest.feed_eof()
            while not rest.at_eof():
                heads.append(await _head(rest))
    finally:
        writer.transport.abort()
    return [(int(head.split()[1]), b"\r\nConnection: close" in head) for head in heads]


async def _head(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    sizes = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")]
    await reader.readexactly(sum(map(int, sizes)))
    return head


SAID = {
    "requests in one piece": ([HEALTH + HEALTH + LAST], [False, False, True]),
    "requests one by one": ([HEALTH, HEALTH, LAST], [False, False, True]),
    "another protocol": ([HEALTH + _upgrading(b"h2c") + HEALTH], [False, True]),
    "a WebSocket where none is": ([HEALTH + _upgrading(b"websocket") + HEALTH], [False, True]),
    "another protocol, and a body": ([HEALTH, _upgrading(b"h2c", 4) + b"body" + HEALTH], [False, True]),
    "a WebSocket, and a body": ([HEALTH, _upgrading(b"websocket", 4) + b"body" + HEALTH], [False, True]),
    "a choice of protocols, and half a head": ([_upgrading(b"websocket, h2c") + HEALTH[:20]], [True]),
}
"""What is said at once and after the answer to that, and of each answer whether it is the last."""


@pytest.mark.parametrize("kind", SAID)
async def test_behind_an_upgrade_that_is_not_granted_nothing_is_read_and_the_client_is_told_so(
    house: House, kind: str
) -> None:
    said, expected = SAID[kind]
    assert await _answers(house, *said) == [(200, is_last) for is_last in expected]


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
async def test_a_body_that_comes_later_than_its_answer_changes_nothing(house: House, protocol: bytes) -> None:
    host, _, port = house.url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(_upgrading(protocol, 4))
        async with asyncio.timeout(SECONDS):
            assert b"\r\nConnection: close" in await _head(reader)
            writer.write(b"body" + HEALTH)
            assert await reader.read() == b""
    finally:
        writer.transport.abort()


async def test_a_websocket_opens_behind_requests_that_were_answered(house: House) -> None:
    host, _, port = house.url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(HEALTH + WEBSOCKET)
        async with asyncio.timeout(SECONDS):
            assert b"Connection: close" not in await _head(reader)
            assert (await reader.readuntil(b"\r\n\r\n")).split()[1] == b"101"
    finally:
        writer.transport.abort()


async def test_no_websocket_is_opened_for_a_request_with_another_one_behind_it(house: House) -> None:
    """What came behind would be lost, or be read as frames."""
    user = await house.person()
    asked = NO_HANDSHAKE.replace(b"\r\n\r\n", f"\r\nAuthorization: Bearer {user.token}\r\n\r\n".encode())
    answers = await _answers(house, asked + _upgrading(b"websocket"))
    assert answers == [(400, False), (200, True)]
