"""The clients for Server-Sent Events and for native WebSockets, against a real aiohttp server."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import WSMsgType, web

from eventproof.client.aio import (
    By,
    ChannelClient,
    ConnectionRefused,
    Ending,
    NotReceived,
    SocketIOClient,
    SseClient,
    WebSocketClient,
    named_event,
)
from eventproof.errors import ProtocolViolation, UsageError
from eventproof.history import History, Kind
from eventproof.report import ndjson
from tests.report import samples

_TOKEN = "a-token-worth-hiding"


@pytest.fixture
async def url(serving: Any) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_get("/stream", _stream)
    application.router.add_get("/ws", _websocket)
    async with serving(application) as address:
        yield address


def _check(request: web.Request) -> None:
    if _TOKEN not in (request.query.get("token"), request.headers.get("Authorization", "").removeprefix("Bearer ")):
        body = json.dumps({"error": {"code": "token_missing", "message": "Send a token."}})
        raise web.HTTPUnauthorized(text=body, content_type="application/json")


async def _stream(request: web.Request) -> web.StreamResponse:
    _check(request)
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
    await response.prepare(request)
    await response.write(b"\xef\xbb\xbfretry: 3000\n: keep me alive\n\nevent: CREATE\nid: 7\nda")
    await response.write('ta: {"é":\ndata: [1]}\r\n\r\ndata: not json\n\n'.encode())
    token = request.query.get("token", "").encode()
    await response.write(b"event: token\ndata: " + token[:9])
    await asyncio.sleep(0.01)  # so that the token comes in two pieces
    await response.write(token[9:] + b"\n\n")
    if "cut" in request.query:
        assert request.transport is not None
        request.transport.abort()
    elif "stay" in request.query:
        await asyncio.sleep(30)
    return response


async def _websocket(request: web.Request) -> web.WebSocketResponse:
    _check(request)
    websocket = web.WebSocketResponse(heartbeat=0.2 if "brisk" in request.query else None)
    await websocket.prepare(request)
    async for message in websocket:
        if message.type is WSMsgType.TEXT and message.data == "close":
            await websocket.send_json({"event": "bye", "data": {"why": "asked"}})
            await websocket.close(code=4403, message=b"banned")
        elif message.type is WSMsgType.TEXT:
            await websocket.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await websocket.send_bytes(message.data)
    return websocket


async def test_a_stream_is_read_by_its_events(url: str) -> None:
    async with SseClient(url, "/stream?stay=1", headers=[("Authorization", f"Bearer {_TOKEN}")]) as client:
        created = await client.expect("CREATE", 5)
        assert (created.payload, created.id) == ({"é": [1]}, "7")
        assert (await client.expect("message", 5)).payload == "not json"
        assert client.retry == 3000
        assert client.last_event_id == "7"
        assert client.comments == ["keep me alive"]
        assert client.is_open
    assert (await client.closed(0)).by is By.US


async def test_a_stream_tells_its_headers_its_names_and_its_comments(url: str) -> None:
    async with SseClient(url, f"/stream?stay=1&token={_TOKEN}") as client:
        assert client.headers["content-type"] == "text/event-stream; charset=utf-8"
        await client.expect("message", 5)
        assert client.names == {"CREATE", "message"}
        with pytest.raises(NotReceived, match="No comment came"):
            await client.comment(0.01)


async def test_a_stream_that_stalls_takes_nothing(serving: Any) -> None:
    stalled = asyncio.Event()

    async def pour(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            async with asyncio.timeout(0.5):
                while True:
                    await response.write(b"data: " + b"x" * 65536 + b"\n\n")
        except TimeoutError:
            stalled.set()
        return response

    application = web.Application()
    application.router.add_get("/stream", pour)
    async with serving(application) as address, SseClient(address, "/stream", stalls=True) as client:
        await asyncio.wait_for(stalled.wait(), 10)
        assert client.received == ()


async def test_a_stream_that_ends_is_told_after_its_events(url: str) -> None:
    async with SseClient(url, f"/stream?token={_TOKEN}") as client:
        closed = await client.closed(5)
        last = client.received[-1]
        assert (closed.by, closed.ending) == (By.PEER, Ending.STREAM_END)
        assert last.order < closed.order
        assert last.at <= closed.at
        with pytest.raises(NotReceived, match="ended the stream"):
            await client.expect("DELETE", 30)


async def test_a_stream_that_is_cut_is_told_as_reset(url: str) -> None:
    async with SseClient(url, f"/stream?cut=1&token={_TOKEN}") as client:
        closed = await client.closed(5)
    assert (closed.by, closed.ending) == (By.PEER, Ending.RESET)


async def test_no_token_of_a_stream_is_written_with_its_history(url: str) -> None:
    history = History(time.monotonic)
    async with SseClient(url, f"/stream?token={_TOKEN}", history=history) as client:
        assert (await client.expect("token", 5)).payload == _TOKEN
        await client.closed(5)
    written = ndjson.render(samples.run(), history)
    assert _TOKEN[:9] not in written
    assert _TOKEN[9:] not in written
    assert {record.channel for record in history} == {"/stream"}


async def test_a_refused_stream_or_websocket_carries_why(url: str) -> None:
    for client in (SseClient(url, "/stream"), WebSocketClient(url, "/ws")):
        with pytest.raises(ConnectionRefused, match="Send a token") as refused:
            await client.open()
        assert refused.value.status == 401
        assert refused.value.data["error"]["code"] == "token_missing"
        await client.close()


async def test_a_websocket_carries_named_events(url: str) -> None:
    async with WebSocketClient(url, "/ws", headers=[("Authorization", f"Bearer {_TOKEN}")]) as client:
        await client.send({"type": "order_updated", "id": 1})
        assert (await client.expect("order_updated", 5)).payload == {"type": "order_updated", "id": 1}
        await client.send(b"\x00\x01")
        assert (await client.expect("message", 5)).payload == b"\x00\x01"
        await client.send("plain")
        assert (await client.expect("message", 5)).payload == "plain"
        await client.send("close")
        bye = await client.expect("bye", 5)
        closed = await client.closed(5)
    assert bye.payload == {"why": "asked"}
    assert (closed.by, closed.ending, closed.code) == (By.PEER, Ending.WEBSOCKET_CLOSE, 4403)
    assert bye.order < closed.order


async def test_an_event_that_comes_with_the_handshake_comes_after_it_in_the_history(serving: Any) -> None:
    async def handle(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        assert request.transport is not None
        request.transport.get_extra_info("socket").setsockopt(6, 3, 1)  # TCP_CORK: all leaves together
        await websocket.prepare(request)
        await websocket.send_str('{"event":"hello"}')
        await websocket.close()
        return websocket

    application = web.Application()
    application.router.add_get("/ws", handle)
    history = History(time.monotonic)
    async with serving(application) as address, WebSocketClient(address, "/ws", history=history) as client:
        await client.closed(5)
    kinds = [record.kind for record in history if record.kind not in (Kind.FRAME_IN, Kind.FRAME_OUT)]
    assert kinds == [Kind.OPENED, Kind.RECEIVED, Kind.CLOSED]


async def test_a_large_message_comes_back_whole(url: str) -> None:
    async with WebSocketClient(url, f"/ws?token={_TOKEN}") as client:
        for size in (125, 126, 65_535, 65_536, 1_000_000):
            await client.send("x" * size)
            assert (await client.expect("message", 10)).payload == "x" * size


async def test_a_websocket_whose_pings_are_withheld_is_closed_by_the_server(url: str) -> None:
    async with (
        WebSocketClient(url, f"/ws?brisk=1&token={_TOKEN}", answer_heartbeats=False) as client,
        WebSocketClient(url, f"/ws?brisk=1&token={_TOKEN}") as twin,
    ):
        assert (await client.closed(5)).by is By.PEER
        assert twin.is_open


async def test_a_websocket_is_closed_by_us_with_a_handshake(url: str) -> None:
    history = History(time.monotonic)
    async with WebSocketClient(url, f"/ws?token={_TOKEN}", history=history) as client:
        pass
    closed = await client.closed(0)
    assert (closed.by, closed.code) == (By.US, 1000)
    frames = [record.payload for record in history if record.kind in (Kind.FRAME_IN, Kind.FRAME_OUT)]
    assert frames == ["[CLOSE 1000]", "[CLOSE 1000]"]


async def test_a_dropped_websocket_or_stream_is_ours(url: str) -> None:
    for client in (WebSocketClient(url, f"/ws?token={_TOKEN}"), SseClient(url, f"/stream?stay=1&token={_TOKEN}")):
        await client.open()
        client.drop()
        closed = await client.closed(1)
        assert (closed.by, closed.ending) == (By.US, Ending.LOCAL)
        await client.close()


async def test_bytes_below_the_framing_can_be_sent(url: str) -> None:
    async with WebSocketClient(url, f"/ws?token={_TOKEN}") as client:
        await client.send_bytes(b"\xff\xff\xff\xff")
        closed = await client.closed(5)
    assert (closed.by, closed.code) == (By.PEER, 1002)


async def test_clients_keep_a_bounded_number_of_events(url: str) -> None:
    async with WebSocketClient(url, f"/ws?token={_TOKEN}", max_events=1) as client:
        await client.send("one")
        assert (await client.closed(5)).ending is Ending.OVERFLOW
    async with SseClient(url, f"/stream?stay=1&token={_TOKEN}", max_events=1) as stream:
        assert (await stream.closed(5)).ending is Ending.OVERFLOW


async def test_clients_open_once_and_send_only_when_open(url: str) -> None:
    client = WebSocketClient(url, f"/ws?token={_TOKEN}")
    with pytest.raises(UsageError, match="not open"):
        await client.send("x")
    async with client, SseClient(url, f"/stream?token={_TOKEN}") as stream:
        for opened in (client, stream):
            with pytest.raises(UsageError, match="opens once"):
                await opened.open()


def test_every_client_is_a_channel_client() -> None:
    clients: list[ChannelClient] = [
        SocketIOClient("http://127.0.0.1:1"),
        SseClient("http://127.0.0.1:1", "/stream"),
        WebSocketClient("http://127.0.0.1:1", "/ws"),
    ]
    assert all(not client.is_open and client.received == () for client in clients)


@pytest.mark.parametrize(
    ("message", "event"),
    [
        ('{"event":"a","data":1}', ("a", 1)),
        ('{"type":"b","payload":[2]}', ("b", [2])),
        ('{"type":"c","x":3}', ("c", {"type": "c", "x": 3})),
        ('{"event":4}', ("message", {"event": 4})),
        ("[5]", ("message", [5])),
        ("not json", ("message", "not json")),
        (b"\xff", ("message", b"\xff")),
    ],
)
def test_a_message_is_read_as_a_named_event(message: str | bytes, event: tuple[str, Any]) -> None:
    assert named_event(message) == event


async def test_a_message_nested_too_deeply_for_the_history_is_still_received(url: str) -> None:
    async with WebSocketClient(url, f"/ws?token={_TOKEN}") as client:
        await client.send("[" * 400 + "]" * 400)
        assert (await client.expect("message", 5)).name == "message"


async def test_a_stream_that_is_no_utf_8_is_still_a_stream(serving: Any) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: \xff\n\n")
        return response

    application = web.Application()
    application.router.add_get("/stream", handle)
    async with serving(application) as address, SseClient(address, "/stream") as client:
        assert (await client.expect("message", 5)).payload == "\ufffd"
        assert not isinstance((await client.closed(5)).ending, ProtocolViolation)
