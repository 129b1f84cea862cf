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
Lines = tuple[str, ...]
CLOSES: Final[Lines] = ("Connection: close",)
"""The headers of an answer behind which the connection ends."""
_ON_THE_WAY: Final = 0.1
"""The share of the time that is left to answers and requests which are under way: so a client lets go first."""


def stays_for(seconds: float) -> Lines:
    """The headers of an answer behind which a connection stays for so long, if nothing more is asked on it."""
    whole = int(seconds * (1 - _ON_THE_WAY))
    return ("Connection: keep-alive", *([f"Keep-Alive: timeout={whole}"] if whole else []))


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, with its content and what kind that is."""

    status: int
    content: bytes = b""
    kind: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: NOTHING)

    def written(self, request: web.BaseRequest, shared: Mapping[str, str], connection: Lines) -> bytes:
        """The bytes of it; `shared` are further headers, `connection` those that say what becomes of the connection.

        Raises ValueError where a header would end its line.
        """
        headers: dict[str, str] = {"Content-Type": self.kind} if self.content else {}
        if self.status not in _EMPTY:
            headers["Content-Length"] = str(len(self.content))
        head = written_head(request, self.status, {**headers, **self.headers, **shared}, connection)
        return head if request.method == "HEAD" else head + self.content


def json_response(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Reply:
    """An answer in JSON, or an empty one."""
    if body is None:
        return Reply(status, headers=headers or NOTHING)
    return Reply(status, orjson.dumps(body), _JSON, headers or NOTHING)


def written_head(request: web.BaseRequest, status: int, headers: Mapping[str, str], connection: Lines) -> bytes:
    """The head of an answer; `connection` are the headers that say what becomes of the connection.

    Raises ValueError where a header would end its line.
    """
    major, minor = request.version
    lines = [f"HTTP/{major}.{minor} {status} {_REASONS[status]}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"Date: {_date(int(time.time()))}")
    lines += connection
    head = "\r\n".join(lines)
    ends = len(lines) - 1
    if head.count("\r") != ends or head.count("\n") != ends or "\0" in head:
        raise ValueError("a header has a character that would end its line")
    return f"{head}\r\n\r\n".encode()


@lru_cache(1)
def _date(second: int) -> str:
    """RFC 9110, 6.6.1: "An origin server with a clock […] MUST generate a Date header field in all 2xx […]"."""
    return formatdate(second, usegmt=True)
