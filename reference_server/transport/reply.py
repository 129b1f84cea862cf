"""Replies: the answers to HTTP requests, as values and as bytes. No I/O; the date is the system's."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

import orjson
from aiohttp import web

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
PLAIN: Final = "text/plain; charset=utf-8"
_JSON: Final = "application/json"
_REASONS: Final = {status.value: status.phrase for status in HTTPStatus}
_EMPTY: Final = frozenset({204, 304})
"""RFC 9110, 6.4.1: "All 1xx (Informational), 204 (No Content), and 304 (Not Modified) responses do not include
content.".
"""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, with its content and what kind that is."""

    status: int
    content: bytes = b""
    kind: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: NOTHING)

    def written(self, request: web.BaseRequest, shared: Mapping[str, str], *, closes: bool) -> bytes:
        """The bytes of it; `shared` are further headers. Raises ValueError where a header would end its line."""
        headers: dict[str, str] = {"Content-Type": self.kind} if self.content else {}
        if self.status not in _EMPTY:
            headers["Content-Length"] = str(len(self.content))
        head = written_head(request, self.status, {**headers, **self.headers, **shared}, closes=closes)
        return head if request.method == "HEAD" else head + self.content


def json_response(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer in JSON, or an empty one."""
    if body is None:
        return Reply(status, headers=headers or NOTHING)
    return Reply(status, orjson.dumps(body), _JSON, headers or NOTHING)


def written_head(request: web.BaseRequest, status: int, headers: Mapping[str, str], *, closes: bool) -> bytes:
    """The head of an answer, after which the connection `closes` or not.

    Raises ValueError where a header would end its line.
    """
    major, minor = request.version
    lines = [f"HTTP/{major}.{minor} {status} {_REASONS[status]}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"Date: {_date(int(time.time()))}")
    if closes:
        lines.append("Connection: close")
    elif minor == 0:
        lines.append("Connection: keep-alive")
    head = "\r\n".join(lines)
    ends = len(lines) - 1
    if head.count("\r") != ends or head.count("\n") != ends or "\0" in head:
        raise ValueError("a header has a character that would end its line")
    return f"{head}\r\n\r\n".encode()


@lru_cache(1)
def _date(second: int) -> str:
    """RFC 9110, 6.6.1: "An origin server with a clock […] MUST generate a Date header field in all 2xx […]"."""
    return formatdate(second, usegmt=True)
