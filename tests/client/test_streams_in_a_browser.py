"""Our client reads every stream as a browser's EventSource does: the same bytes go to both."""

import asyncio
from typing import Any, Final

from aiohttp import web

from eventproof.client.aio import ConnectionRefused, SseClient
from eventproof.errors import EventproofError
from tests.browser import LISTEN, page_of

_LONG: Final = b"x" * 70_000
STREAMS: Final[dict[str, bytes]] = {
    "two events": b"data: 1\n\nevent: a\nid: 7\ndata: 2\n\n",
    "half a line at the end": b"data: whole\n\ndata: cut",
    "no blank line at the end": b"data: 1\n\ndata: lost\n",
    "CR alone": b"data: 1\rdata: 2\r\rdata: 3\r\r",
    "mixed ends": b"data: 1\r\n\r\ndata: 2\n\rdata: 3\r\n\n",
    "a mark at the beginning": b"\xef\xbb\xbfdata: 1\n\n",
    "two marks": b"\xef\xbb\xbf\xef\xbb\xbfdata: 1\n\ndata: 2\n\n",
    "a mark in the middle": b"data: 1\n\n\xef\xbb\xbfdata: 2\n\ndata: 3\n\n",
    "an id with NUL": b"id: 1\ndata: a\n\nid: 2\x00\ndata: b\n\nid\ndata: c\n\n",
    "ids without data": b"id: 5\n\ndata: x\n\nid: 6\nevent: a\n\ndata: y\n\n",
    "retry with letters": b"retry: 3s\ndata: 1\n\nretry: 1000000\ndata: 2\n\n",
    "fields nobody knows": b"data: 1\nfoo: bar\njusttext\n:comment\n data: no\nDATA: no\ndata\n\n",
    "spaces": b"data:1\n\ndata:  2\n\ndata:\t3\n\ndata: \n\n",
    "no data": b"event: a\n\ndata: x\n\n:\n\n\n\ndata\n\n",
    "bytes that are no UTF-8": b"data: \xff\xc3\xa9\xe2\x82\n\ndata: \xed\xa0\x80\n\n",
    "letters of all lengths": "data: é日🚀\u2028\u2029\x85\x0b\n\n".encode(),
    "NUL": b"data: \x00\n\n\x00data: no\n\n",
    "a long line": b"data: " + _LONG + b"\n\ndata: 2\n\n",
    "many lines": b"data: x\n" * 3000 + b"\n",
    "an empty name": b"event:\ndata: 1\n\nevent: \ndata: 2\n\nevent: a\nevent: message\ndata: 3\n\n",
    "colons": b"data:a:b: c\n\ndata::\n\n:data: no\n\n",
}
KINDS: Final[dict[str, tuple[int, dict[str, str], bytes]]] = {
    "204": (204, {}, b""),
    "a redirect to a page": (302, {"Location": "/page"}, b""),
    "HTML with 200": (200, {"Content-Type": "text/html"}, b"data: 1\n\n"),
    "an error with a stream's type": (500, {"Content-Type": "text/event-stream"}, b"data: 1\n\n"),
    "no type": (200, {}, b"data: 1\n\n"),
    "a type with parameters": (200, {"Content-Type": "Text/Event-Stream; Charset=UTF-8; x=y"}, b"data: 1\n\n"),
}


def _application() -> web.Application:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<title>a page</title>", content_type="text/html")

    async def stream(request: web.Request) -> web.StreamResponse:
        """In two parts, cut where it hurts."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        whole = list(STREAMS.values())[int(request.match_info["number"])]
        for part in (whole[: len(whole) // 2], whole[len(whole) // 2 :]):
            await response.write(part)
        return response

    async def kind(request: web.Request) -> web.Response:
        status, headers, body = list(KINDS.values())[int(request.match_info["number"])]
        return web.Response(status=status, headers=headers, body=body)

    application = web.Application()
    application.router.add_get("/page", page)
    application.router.add_get("/stream/{number}", stream)
    application.router.add_get("/kind/{number}", kind)
    return application


async def _ours(url: str, path: str) -> list[list[Any]]:
    """What our client hears until the end; its arguments are JSON where that is possible, so they are not looked at."""
    heard: list[list[Any]] = []
    client = SseClient(url, path)
    take = client._take

    def taken(item: Any) -> None:
        if hasattr(item, "data"):
            heard.append([item.event, item.data, item.id])
        take(item)

    client._take = taken  # type: ignore[method-assign]  # the data as it came
    try:
        async with client:
            await client.closed(10)
    except (ConnectionRefused, EventproofError):
        return heard
    return heard


async def test_every_stream_is_read_as_a_browser_reads_it(chromium: str, serving: Any) -> None:
    names = ["message", "a"]
    async with serving(_application()) as url, page_of(chromium, f"{url}/page") as page:
        for number, name in enumerate(STREAMS):
            path = f"/stream/{number}"
            theirs, ours = await asyncio.gather(page.evaluate(LISTEN, [path, names]), _ours(url, path))
            assert ours == theirs, name


async def test_what_is_no_stream_is_one_for_neither(chromium: str, serving: Any) -> None:
    async with serving(_application()) as url, page_of(chromium, f"{url}/page") as page:
        for number, name in enumerate(KINDS):
            path = f"/kind/{number}"
            theirs, ours = await asyncio.gather(page.evaluate(LISTEN, [path, ["message"]]), _ours(url, path))
            assert ours == theirs, name
