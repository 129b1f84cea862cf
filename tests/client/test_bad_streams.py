"""What a target may send in place of a stream, to both of our clients: an end and a sentence, in bounded memory."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from aiohttp import web

from eventproof.client.aio import ConnectionRefused, Ending, SseClient
from eventproof.client.hub_connection import ClosureReason
from eventproof.errors import EventproofError, ProtocolViolation
from tests.client.hub_peer import beside

_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
_CHUNKED: Final = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
_PLAIN: Final = _HEAD + b"\r\n"
_MOST: Final = 64 * 1024
"""Bytes that an event may have in these tests."""


@asynccontextmanager
async def saying(said: bytes, again: bytes = b"") -> AsyncIterator[str]:
    """A server that says these bytes to everybody, and others for as long as they are read; then it hangs up."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(said)
            for _ in range(4000 if again else 0):
                writer.write(again)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _by_the_hub(url: str) -> list[tuple[Any, ...]]:
    """What a listener of the hub is told, the end included."""

    def work(hub: Any, heard: Any) -> list[tuple[Any, ...]]:
        hub.stream(heard, "/stream")
        told = [heard.next()]
        while told[-1][0] != "closed":
            told.append(heard.next())
        return told

    return await beside(url, work, max_message=_MOST)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def test_events_are_read_whatever_the_chunks_are(serving: Any) -> None:
    events = b"id: 1\nevent: a\ndata: [1]\n\ndata: two\n\n"
    body = b"".join(_chunk(events[place : place + 1]) for place in range(len(events))) + b"0\r\n\r\n"
    async with saying(_CHUNKED + body) as url:
        told = await _by_the_hub(url)
        assert [one[:3] for one in told[:-1]] == [
            ("opened", None),
            ("received", "a", ([1],)),
            ("received", "message", ("two",)),
        ]
        assert told[-1][1].reason is ClosureReason.END


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", "HTTP 204 No Content"),
        (b"HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n", "HTTP 302 Found"),
        (b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", "HTTP 401 Unauthorized"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", "text/html where a stream was asked for"),
        (b"HTTP/1.1 200 OK\r\n\r\ndata: 1\n\n", "no content type where a stream was asked for"),
    ],
)
async def test_what_is_no_stream_is_a_refusal(said: bytes, detail: str) -> None:
    async with saying(said) as url:
        ((kind, how),) = await _by_the_hub(url)
        assert (kind, how.reason, how.detail) == ("closed", ClosureReason.REFUSED, detail)
        with pytest.raises((ConnectionRefused, EventproofError)):
            await SseClient(url, "/stream").open()


async def test_half_a_line_is_no_event() -> None:
    async with saying(_PLAIN + b"data: whole\n\ndata: cut") as url:
        told = await _by_the_hub(url)
        assert [one[2] for one in told if one[0] == "received"] == [("whole",)]
        async with SseClient(url, "/stream") as client:
            assert (await client.closed(5)).ending is Ending.STREAM_END
            assert [event.payload for event in client.received] == ["whole"]


@pytest.mark.parametrize(
    ("said", "again"),
    [
        (_PLAIN + b"data: ", b"x" * 65536),
        (_PLAIN, (b"data: " + b"x" * 8000 + b"\n") * 8),
        (_PLAIN, b"id" * 32768),
        (_CHUNKED, _chunk(b"data: " + b"x" * 65536)),
    ],
    ids=["an endless line", "an endless event", "a line without a field", "endless chunks"],
)
async def test_an_event_without_end_is_left(said: bytes, again: bytes) -> None:
    async with saying(said, again) as url:
        told = await _by_the_hub(url)
        assert told[-1][1].reason in (ClosureReason.VIOLATION, ClosureReason.OVERSIZED)
        async with SseClient(url, "/stream") as client:
            assert (await client.closed(20)).ending is Ending.VIOLATION
            with pytest.raises(ProtocolViolation, match="too big"):
                await client.expect("message", 1)


async def test_gzip_that_never_ends_is_left() -> None:
    packing = zlib.compressobj(wbits=31)
    bomb = packing.compress(b"data: ") + packing.compress(b"x" * 64 * 1024 * 1024) + packing.flush()
    async with saying(_HEAD + b"Content-Encoding: gzip\r\n\r\n" + bomb) as url:
        told = await _by_the_hub(url)
        assert told[-1][1].reason is ClosureReason.VIOLATION
        async with SseClient(url, "/stream") as client:
            assert (await client.closed(20)).ending is Ending.VIOLATION


async def test_a_packing_that_nobody_knows_is_refused() -> None:
    async with saying(_HEAD + b"Content-Encoding: br\r\n\r\ndata: x\n\n") as url:
        ((_, how),) = await _by_the_hub(url)
        assert how.reason is ClosureReason.REFUSED


async def test_chunks_that_are_none_are_a_violation() -> None:
    async with saying(_CHUNKED + b"zz\r\ndata: x\n\n\r\n") as url:
        told = await _by_the_hub(url)
        assert told[-1][1].reason is ClosureReason.VIOLATION


async def test_a_large_event_is_an_event() -> None:
    large = b"x" * 10 * 1024 * 1024
    async with saying(_PLAIN + b"data: " + large + b"\n\n") as url, SseClient(url, "/stream") as client:
        assert len((await client.expect("message", 20)).payload) == len(large)


async def test_a_stream_is_taken_up_where_it_was(serving: Any) -> None:
    asked: list[str] = []

    async def stream(request: web.Request) -> web.Response:
        asked.append(request.headers.get("Last-Event-ID", ""))
        return web.Response(body=b"id: 7\ndata: 1\n\nid: 8\n\ndata: 2\n", content_type="text/event-stream")

    application = web.Application()
    application.router.add_get("/stream", stream)

    def work(hub: Any, heard: Any) -> str | None:
        first = hub.stream(heard, "/stream")
        while heard.next()[0] != "closed":
            pass
        hub.stream(heard, "/stream", recover=first.recovery)
        while heard.next()[0] != "closed":
            pass
        return str(first.recovery)

    async with serving(application) as url:
        assert await beside(url, work) == "8"
    assert asked == ["", "8"]
