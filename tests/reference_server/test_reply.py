"""How an answer is written."""

from typing import Any, cast

import pytest
from aiohttp import HttpVersion10, HttpVersion11, web

from reference_server.transport.reply import CLOSES, NOTHING, Lines, Reply, json_response, stays_for


class _Asked:
    def __init__(self, method: str = "GET", version: Any = HttpVersion11) -> None:
        self.method, self.version = method, version


def _written(reply: Reply, *, connection: Lines = CLOSES, **asked: Any) -> tuple[list[str], bytes]:
    """The lines of the head but for the date, and the content."""
    written = reply.written(cast(web.BaseRequest, _Asked(**asked)), NOTHING, connection)
    head, _, content = written.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert [line for line in lines if line.startswith("Date: ") and line.endswith(" GMT")]
    return [line for line in lines if not line.startswith("Date: ")], content


def test_an_answer_has_its_length_and_its_kind() -> None:
    lines = ["HTTP/1.1 404 Not Found", "Content-Type: application/json", "Content-Length: 7", "X-A: b", *CLOSES]
    assert _written(json_response(404, {"a": 1}, {"X-A": "b"})) == (lines, b'{"a":1}')


@pytest.mark.parametrize(
    ("reply", "asked", "lines", "content"),
    [
        (Reply(204), {}, ["HTTP/1.1 204 No Content", *CLOSES], b""),
        (Reply(200), {}, ["HTTP/1.1 200 OK", "Content-Length: 0", *CLOSES], b""),
        (
            Reply(200, b"ab", "text/plain"),
            {"method": "HEAD"},
            ["HTTP/1.1 200 OK", "Content-Type: text/plain", "Content-Length: 2", *CLOSES],
            b"",
        ),
        (Reply(204), {"version": HttpVersion10}, ["HTTP/1.0 204 No Content", *CLOSES], b""),
    ],
)
def test_what_has_no_content_says_so(reply: Reply, asked: dict[str, Any], lines: list[str], content: bytes) -> None:
    assert _written(reply, **asked) == (lines, content)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (10.0, ["Keep-Alive: timeout=9"]),
        (75.0, ["Keep-Alive: timeout=67"]),
        (1.2, ["Keep-Alive: timeout=1"]),
        (1.0, []),
        (0.2, []),
    ],
)
def test_whoever_heeds_how_long_an_idle_connection_stays_lets_go_before_the_server(
    seconds: float, said: list[str]
) -> None:
    lines, _ = _written(Reply(204), connection=stays_for(seconds))
    assert lines == ["HTTP/1.1 204 No Content", "Connection: keep-alive", *said]


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\nb", "a\rb", "a\0b"])
def test_no_header_ends_its_line(value: str) -> None:
    with pytest.raises(ValueError, match="end its line"):
        _written(Reply(204, headers={"Location": value}))
