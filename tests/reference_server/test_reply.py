"""How an answer is written."""

from typing import Any, cast

import pytest
from aiohttp import HttpVersion10, HttpVersion11, web

from reference_server.transport.reply import NOTHING, Reply, json_response


class _Asked:
    def __init__(self, method: str = "GET", version: Any = HttpVersion11) -> None:
        self.method, self.version = method, version


def _written(reply: Reply, *, closes: bool = False, **asked: Any) -> tuple[list[str], bytes]:
    """The lines of the head but for the date, and the content."""
    written = reply.written(cast(web.BaseRequest, _Asked(**asked)), NOTHING, closes=closes)
    head, _, content = written.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert [line for line in lines if line.startswith("Date: ") and line.endswith(" GMT")]
    return [line for line in lines if not line.startswith("Date: ")], content


def test_an_answer_has_its_length_and_its_kind() -> None:
    lines = ["HTTP/1.1 404 Not Found", "Content-Type: application/json", "Content-Length: 7", "X-A: b"]
    assert _written(json_response(404, {"a": 1}, {"X-A": "b"})) == (lines, b'{"a":1}')


@pytest.mark.parametrize(
    ("reply", "asked", "lines", "content"),
    [
        (Reply(204), {}, ["HTTP/1.1 204 No Content"], b""),
        (Reply(200), {}, ["HTTP/1.1 200 OK", "Content-Length: 0"], b""),
        (
            Reply(200, b"ab", "text/plain"),
            {"method": "HEAD"},
            ["HTTP/1.1 200 OK", "Content-Type: text/plain", "Content-Length: 2"],
            b"",
        ),
        (Reply(204), {"closes": True}, ["HTTP/1.1 204 No Content", "Connection: close"], b""),
        (Reply(204), {"version": HttpVersion10}, ["HTTP/1.0 204 No Content", "Connection: keep-alive"], b""),
    ],
)
def test_what_has_no_content_says_so(reply: Reply, asked: dict[str, Any], lines: list[str], content: bytes) -> None:
    assert _written(reply, **asked) == (lines, content)


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\nb", "a\rb", "a\0b"])
def test_no_header_ends_its_line(value: str) -> None:
    with pytest.raises(ValueError, match="end its line"):
        _written(Reply(204, headers={"Location": value}))
