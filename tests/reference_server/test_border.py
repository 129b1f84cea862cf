"""Odd HTTP: each is refused with a code, and none with a stack trace."""

import asyncio
import gzip
import json

import pytest

from tests.reference_server.house import SECONDS, House

pytestmark = pytest.mark.asyncio(loop_scope="package")

LOGIN = b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
UPGRADE = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
WEBSOCKET = b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n" + UPGRADE
BODY = b'{"email": "a@b.example", "password": "x"}'
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)

REFUSED = {
    "an expectation": (LOGIN + LENGTH + b"Expect: 200-maybe\r\n\r\n" + BODY, b"400"),
    "an expectation of a WebSocket": (WEBSOCKET + b"Expect: 200-maybe\r\n\r\n", b"400"),
    "an unknown transfer coding": (LOGIN + b"Transfer-Encoding: gzip\r\n\r\n" + BODY, b"400"),
    "a transfer coding before chunks": (LOGIN + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKED, b"400"),
    "a transfer coding behind chunks": (LOGIN + b"Transfer-Encoding: chunked, gzip\r\n\r\n" + CHUNKED, b"400"),
    "chunks and a length": (LOGIN + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED, b"400"),
    "a compressed body": (LOGIN + LENGTH + b"Content-Encoding: gzip\r\n\r\n" + BODY, b"415"),
    "a compressed body that is one": (
        LOGIN
        + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(gzip.compress(BODY))
        + gzip.compress(BODY),
        b"415",
    ),
    "two lengths": (LOGIN + LENGTH + b"Content-Length: 3\r\n\r\n" + BODY, b"400"),
    "two hosts": (HEALTH + b"Host: y\r\n\r\n", b"400"),
    "two types": (LOGIN + LENGTH + b"Content-Type: text/plain\r\n\r\n" + BODY, b"400"),
    "a flood of headers": (HEALTH + b"".join(b"X-%d: y\r\n" % number for number in range(500)) + b"\r\n", b"400"),
    "a large header": (HEALTH + b"X: " + b"y" * 10_000 + b"\r\n\r\n", b"400"),
    "a large target": (b"GET /" + b"y" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
    "a line's end in a value": (HEALTH + b"X: a\rSet-Cookie: b\r\n\r\n", b"400"),
    "a NUL in a value": (HEALTH + b"X: a\x00b\r\n\r\n", b"400"),
    "a target of another scheme's form": (b"GET http://[::1/healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
    "a line's end in a target": (b"GET /a%0d%0aX:b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"404"),
    "a tunnel": (b"CONNECT other.example:443 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"404"),
    "chunks in HTTP/1.0": (LOGIN.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED, b"400"),
    "a version that is none of ours": (HEALTH.replace(b"1.1", b"2.0") + b"\r\n", b"400"),
    "a version that had no headers": (HEALTH.replace(b"1.1", b"0.9") + b"\r\n", b"400"),
    "a host that is none": (HEALTH.replace(b"Host: x", b"Host: x/y") + b"\r\n", b"400"),
    "no host": (HEALTH.replace(b"Host: x\r\n", b"") + b"\r\n", b"400"),
    "a page of a host that is no text": (
        HEALTH.replace(b"Host: x", b"Host: \xff") + b"Origin: http://\xff\r\n\r\n",
        b"400",
    ),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),
}
ACCEPTED = {
    "an absolute target": (b"GET http://x/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"200"),
    "no host in HTTP/1.0": (b"GET /healthz HTTP/1.0\r\n\r\n", b"200"),
    "a host with an address and a port": (HEALTH.replace(b"Host: x", b"Host: [::1]:80") + b"\r\n", b"200"),
    "a body in HTTP/1.0": (LOGIN.replace(b"1.1", b"1.0") + LENGTH + b"\r\n" + BODY, b"401"),
    "chunks": (LOGIN + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED, b"401"),
    "a body as it is": (LOGIN + LENGTH + b"Content-Encoding: identity\r\n\r\n" + BODY, b"401"),
    "many headers": (HEALTH + b"".join(b"X-%d: y\r\n" % number for number in range(100)) + b"\r\n", b"200"),
}


@pytest.mark.parametrize("kind", REFUSED)
async def test_odd_http_is_refused_with_a_code(
    house: House, kind: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    request, status = REFUSED[kind]
    head, body = await house.says(request)
    assert head.split()[1] == status
    assert set(json.loads(body)["error"]) == {"code", "message"}
    assert "Traceback" not in capsys.readouterr().out + caplog.text


@pytest.mark.parametrize("kind", ACCEPTED)
async def test_what_differs_in_that_alone_is_taken(house: House, kind: str) -> None:
    request, status = ACCEPTED[kind]
    head, _ = await house.says(request)
    assert head.split()[1] == status


@pytest.mark.parametrize(("signature", "status"), [(b"\x80", b"400"), (b"\xc3\xa9", b"422")])
async def test_a_header_that_a_call_reads_is_text(
    house: House, signature: bytes, status: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that is gets as far as the body, which is none of that call."""
    signed = LOGIN.replace(b"/api/auth/login", b"/api/webhooks/payments") + b"Stripe-Signature: %s\r\n" % signature
    head, _ = await house.says(signed + LENGTH + b"\r\n" + BODY)
    assert head.split()[1] == status
    assert "failed" not in capsys.readouterr().out


async def test_who_is_to_be_told_to_go_on_is_told(house: House) -> None:
    reader, writer = await asyncio.open_connection(*house.url.removeprefix("http://").split(":"))
    writer.write(LOGIN + LENGTH + b"Expect: 100-continue\r\n\r\n")
    async with asyncio.timeout(SECONDS):
        assert (await reader.readuntil(b"\r\n\r\n")).split()[1] == b"100"
        writer.write(BODY)
        assert (await reader.read()).split()[1] == b"401"
    writer.transport.abort()


@pytest.mark.parametrize("connection", [b"Connection: close\r\n", b""])
async def test_who_sends_a_body_that_is_too_large_reads_why(house: House, connection: bytes) -> None:
    size = 4 * 1024 * 1024
    large = LOGIN.replace(b"Connection: close\r\n", connection) + b"Content-Length: %d\r\n\r\n" % size
    reader, writer = await asyncio.open_connection(*house.url.removeprefix("http://").split(":"))
    try:
        writer.write(large + b" " * size)
        async with asyncio.timeout(SECONDS):
            await writer.drain()
            assert (await reader.readuntil(b"\r\n\r\n")).split()[1] == b"413"
    finally:
        writer.transport.abort()


async def test_who_waits_to_be_told_to_go_on_and_is_refused_hears_that_the_connection_ends(house: House) -> None:
    asked = (
        b"PUT /api/admin/users/x/tier HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n"
    )
    for expectation, ends in ((b"Expect: 100-continue\r\n\r\n", True), (b"\r\n", False)):
        reader, writer = await asyncio.open_connection(*house.url.removeprefix("http://").split(":"))
        writer.write(asked + expectation)
        async with asyncio.timeout(SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()
        assert (head.split()[1], b"Connection: close" in head) == (b"401", ends)


async def test_a_client_that_hangs_up_within_its_body_leaves_no_stack_trace(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await asyncio.open_connection(*house.url.removeprefix("http://").split(":"))
    writer.write(LOGIN + LENGTH + b"\r\n{")
    await writer.drain()
    # Another one is answered: so the first was read.
    assert (await house.says(HEALTH + b"\r\n"))[0].split()[1] == b"200"
    there = house.services.places.taken
    writer.transport.abort()
    async with asyncio.timeout(SECONDS):
        while house.services.places.taken >= there:
            await house.says(HEALTH + b"\r\n")
    assert caplog.text == ""
