"""`/ws/orders` on the wire: who may come in, and what becomes of frames that RFC 6455 allows and forbids."""

import asyncio
import base64
import json
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from multidict import CIMultiDict
from structlog.testing import capture_logs

from eventproof.wire.websocket import FrameDecoder, Opcode, close_reason
from reference_server.delivery.emission import Emission
from reference_server.reasons import Reason
from tests.reference_server.house import SECONDS, House, Person, keep_house
from tests.reference_server.marketplace.market import done, listening, on_orders, ordered, product

pytestmark = pytest.mark.asyncio(loop_scope="package")

FIN, MASK = 0x80, 0x80
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA


@dataclass
class Raw:
    """An open WebSocket on which any bytes can be sent."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    decoder: FrameDecoder = field(default_factory=FrameDecoder)
    found: list[tuple[Opcode, str | bytes]] = field(default_factory=list)

    async def next(self) -> tuple[Opcode, str | bytes]:
        """The next message or control frame of the server."""
        async with asyncio.timeout(SECONDS):
            while not self.found:
                data = await self.reader.read(4096)
                assert data, "TCP was closed without a CLOSE frame"
                self.found += self.decoder.feed(data)
        return self.found.pop(0)

    async def close_code(self) -> int:
        """The code with which the server closes."""
        while (frame := await self.next())[0] is not Opcode.CLOSE:
            pass
        assert isinstance(frame[1], bytes)
        return close_reason(frame[1])[0]


def frame(
    opcode: int, payload: bytes = b"", *, first: int = FIN, masked: bool = True, length: int | None = None
) -> bytes:
    """One frame of a client; `first` are the upper bits of its first byte, `length` what it says of its length."""
    size = len(payload) if length is None else length
    flag = MASK if masked else 0
    if size < 126:
        head = bytes((first | opcode, flag | size))
    elif size < 2**16:
        head = bytes((first | opcode, flag | 126)) + struct.pack("!H", size)
    else:
        head = bytes((first | opcode, flag | 127)) + struct.pack("!Q", size)
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + bytes(byte ^ key[place % 4] for place, byte in enumerate(payload))


@asynccontextmanager
async def raw(house: House, person: Person) -> AsyncIterator[Raw]:
    """A WebSocket to the orders of this person."""
    reader, writer = await asyncio.open_connection(*house.url.removeprefix("http://").split(":"))
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        (
            f"GET /ws/orders HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {person.token}\r\n\r\n"
        ).encode()
    )
    try:
        async with asyncio.timeout(SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head
        yield Raw(reader, writer)
    finally:
        writer.transport.abort()


FORBIDDEN = {
    "binary": (frame(BINARY, b"x"), 1003),
    "larger than a message may be": (frame(TEXT, b"x" * 200_000), 1009),
    "larger than anything, by its length": (frame(TEXT, b"x", length=2**40), 1009),
    "larger in its parts": (
        frame(TEXT, b"x" * 100_000, first=0) + frame(CONTINUATION, b"x" * 100_000),
        1009,
    ),
    "a reserved bit": (frame(TEXT, b"x", first=FIN | 0x40), 1002),
    "another reserved bit": (frame(TEXT, b"x", first=FIN | 0x10), 1002),
    "no UTF-8": (frame(TEXT, b"\xff"), 1007),
    "no UTF-8 in its parts": (frame(TEXT, b"\xc3", first=0) + frame(CONTINUATION, b"x"), 1007),
    "unmasked": (frame(TEXT, b"x", masked=False), 1002),
    "a long ping": (frame(PING, b"x" * 126), 1002),
    "a ping in parts": (frame(PING, b"x", first=0), 1002),
    "a close in parts": (frame(CLOSE, b"", first=0), 1002),
    "an unknown opcode": (frame(0x3, b"x"), 1002),
    "an unknown control opcode": (frame(0xB, b"x"), 1002),
    "a continuation of nothing": (frame(CONTINUATION, b"x"), 1002),
    "a message inside another": (frame(TEXT, b"x", first=0) + frame(TEXT, b"x"), 1002),
    "a close with one byte": (frame(CLOSE, b"x"), 1002),
    "a close with a code that nobody may send": (frame(CLOSE, struct.pack("!H", 1005)), 1002),
    "a close with no UTF-8": (frame(CLOSE, struct.pack("!H", 1000) + b"\xff"), 1007),
}


@pytest.mark.parametrize(("sent", "code"), FORBIDDEN.values(), ids=FORBIDDEN)
async def test_what_rfc_6455_forbids_ends_its_own_connection_with_the_code_that_it_gives(
    house: House, sent: bytes, code: int
) -> None:
    seller, buyer = await house.person("seller"), await house.person()
    witness = await on_orders(house, buyer)
    async with raw(house, buyer) as socket:
        socket.writer.write(sent)
        assert await socket.close_code() == code
    order = await ordered(house, buyer, await product(house, seller))
    assert (await witness.next())[1]["orderId"] == order


async def test_fragments_pings_and_texts_are_taken_and_the_connection_stays(house: House) -> None:
    seller, buyer = await house.person("seller"), await house.person()
    async with raw(house, buyer) as socket:
        socket.writer.write(frame(PING, b"there?"))
        assert await socket.next() == (Opcode.PONG, b"there?")
        parts = frame(TEXT, "é".encode()[:1], first=0) + frame(PING, b"between") + frame(CONTINUATION, "é".encode()[1:])
        socket.writer.write(parts + frame(TEXT, b"hello") + frame(PONG, b"unasked"))
        assert await socket.next() == (Opcode.PONG, b"between")
        for byte in frame(PING, b"slowly"):
            socket.writer.write(bytes((byte,)))
            await socket.writer.drain()
        assert await socket.next() == (Opcode.PONG, b"slowly")
        order = await ordered(house, buyer, await product(house, seller))
        opcode, text = await socket.next()
        assert (opcode, order in str(text)) == (Opcode.TEXT, True)
        socket.writer.write(frame(CLOSE, struct.pack("!H", 1000)))
        assert await socket.close_code() == 1000


@pytest.mark.parametrize("where", ["header", "cookie", "query"])
async def test_a_token_comes_in_a_header_a_cookie_or_the_query(house: House, where: str) -> None:
    buyer = await house.person()
    headers = {"header": buyer.headers, "cookie": {"Cookie": f"session={buyer.token}"}, "query": {}}[where]
    query = f"?token={buyer.token}" if where == "query" else ""
    async with house.http.ws_connect(f"{house.url}/ws/orders{query}", headers=headers) as socket:
        await socket.ping()
        assert not socket.closed


SEVERAL = {
    "headers": ["Authorization: Bearer {}", "Authorization: Bearer {}"],
    "cookies in one header": ["Cookie: session={}; session={}"],
    "cookies in two headers": ["Cookie: session={}", "Cookie: a=b; session={}"],
    "cookies beside a header": ["Authorization: Bearer {}", "Cookie: session={}; session={}"],
    "in the query": [],
}


@pytest.mark.parametrize("kind", SEVERAL)
async def test_several_tokens_in_one_place_are_refused_also_where_they_are_the_same(house: House, kind: str) -> None:
    query = "" if SEVERAL[kind] else "?token={}&token={}"
    lines = [f"GET /api/me/stream{query} HTTP/1.1", "Host: a", "Connection: close", *SEVERAL[kind], "", ""]
    head, body = await house.says("\r\n".join(lines).replace("{}", (await house.person()).token).encode())
    assert head.split()[1] == b"401"
    assert json.loads(body)["error"] == {
        "code": "token_invalid",
        "message": "More than one session token came with the request: send one.",
    }


@pytest.mark.parametrize(
    "cookies", [["session={}"], ['a="b"; session={}; sessions=c'], ["a=b", "session={}"], ['session="{}"']]
)
async def test_a_cookie_is_found_among_others(house: House, cookies: list[str]) -> None:
    buyer = await house.person()
    headers = CIMultiDict(("Cookie", cookie.replace("{}", buyer.token)) for cookie in cookies)
    async with house.http.ws_connect(f"{house.url}/ws/orders", headers=headers) as socket:
        await socket.ping()
        assert not socket.closed


async def test_nobody_comes_in_without_a_good_token(house: House) -> None:
    buyer = await house.person()
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    upgrade["Sec-WebSocket-Key"] = base64.b64encode(os.urandom(16)).decode()
    for token, code in (
        (None, "token_missing"),
        ("no.such.token", "token_invalid"),
        (buyer.token[:-4], "token_invalid"),
    ):
        headers = {**upgrade, **({} if token is None else {"Authorization": f"Bearer {token}"})}
        status, answer = await house.call("GET", "/ws/orders", headers=headers)
        assert (status, answer["error"]["code"]) == (401, code)


async def test_a_ban_ends_both_wires(house: House) -> None:
    buyer = await house.person()
    native, ear = await on_orders(house, buyer), await listening(house, buyer)
    await house.ban(buyer)
    assert native.raw is not None
    assert ear.socket is not None
    async with asyncio.timeout(SECONDS):
        assert (await native.raw.receive()).data == 1008
    assert '42["user.banned"' in (await ear.socket.rest())[0][0]


class DeadLink:
    """A way out that fails each time, without a wait."""

    transport = "websocket"

    def __init__(self) -> None:
        self.failed = 0

    def send(self, _: Emission) -> None:
        self.failed += 1
        raise OSError("the line is dead")

    def close(self, _: Reason) -> None:
        pass


async def test_an_emission_that_fails_is_logged_and_fails_nobodys_call(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    dead = DeadLink()
    async with keep_house(tmp_path_factory.mktemp("fails"), systems=("marketplace",)) as house:
        seller, viewer = await house.person("seller"), await house.person()
        one = await product(house, seller)
        mine, theirs = await listening(house, seller), await listening(house, viewer)
        await theirs.asks("join:product", one)
        (connection,) = house.services.connections.of_user(seller.id)
        connection.link = dead
        with capture_logs() as logs:
            assert (await done(house, seller, "PATCH", f"/api/products/{one}/stock", stock=30))["stock"] == 30
        assert await theirs.names() == ["product:stock_changed"], "who comes later is told all the same"
        assert dead.failed == 1
        assert mine.socket is not None
    assert [(log["event"], log["log_level"]) for log in logs] == [("delivery-failed", "error")]


async def test_a_client_that_reads_nothing_delays_nobodys_call(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with keep_house(tmp_path_factory.mktemp("stalls"), systems=("marketplace",)) as house:
        seller, buyer = await house.person("seller"), await house.person()
        one = await product(house, seller, stock=1_000_000)
        async with raw(house, buyer) as stalled:
            stalled.writer.transport.pause_reading()  # type: ignore[attr-defined]
            witness = await on_orders(house, seller)
            for _ in range(50):
                async with asyncio.timeout(1.0):
                    order = await ordered(house, buyer, one)
                assert (await witness.next())[1]["orderId"] == order
