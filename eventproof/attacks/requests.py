"""What is wrong with a payload of polling, and with a request of HTTP."""

from collections.abc import Iterator, Mapping
from typing import Final

from .attack import Attack, Body, Bytes, Door, Force, Kind, Who

__all__ = ["ATTACKS"]

_LONG = "x" * 100_000
_HEAD = "GET $target HTTP/1.1\r\nHost: $host\r\n"
_POST = "POST $target HTTP/1.1\r\nHost: $host\r\n"
_UPGRADE = "GET $upgrade HTTP/1.1\r\nHost: $host\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
_KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

_PAYLOADS: Final[Mapping[str, Body]] = {
    "base64-that-is-none": Body("b%%%not base64%%%"),
    "base64-cut-short": Body("bAAA"),
    "base64-of-an-event-that-nobody-announced": Body("bMg=="),
    "payload-of-nothing": Body(""),
    "payload-of-separators": Body("\x1e\x1e\x1e"),
    "payload-that-is-no-utf-8": Body("42\udcff\udcfe"),
    "payload-whose-last-packet-is-none": Body("6\x1e9"),
    "payload-of-protocol-3": Body("10:42[$event]"),
}
_REQUESTS: Final[Mapping[str, str]] = {
    "no-http-at-all": "\x16\x03\x01\x02\x00\x01\x00\x01\udcfc\x03\x03 hello\r\n\r\n",
    "http-of-version-9": "GET $target HTTP/9.9\r\nHost: $host\r\n\r\n",
    "request-without-a-path": "GET HTTP/1.1\r\nHost: $host\r\n\r\n",
    "header-without-a-colon": _HEAD + "no colon here\r\n\r\n",
    "header-of-100000-bytes": _HEAD + f"X-Long: {_LONG}\r\n\r\n",
    "headers-by-the-thousand": _HEAD + "X-Many: 1\r\n" * 2_000 + "\r\n",
    "nul-in-the-path": "GET /\x00$target HTTP/1.1\r\nHost: $host\r\n\r\n",
    "two-lengths": _POST + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length-below-zero": _POST + "Content-Length: -1\r\n\r\n",
    "length-and-chunks": _POST + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "chunk-whose-size-is-none": _POST + "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
    "two-authorizations": _HEAD + "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n",
    "expectation-of-nothing": _HEAD + "Expect: 999-nothing\r\n\r\n",
}
_UPGRADES: Final[Mapping[str, str]] = {
    "upgrade-without-a-key": _UPGRADE + "Sec-WebSocket-Version: 13\r\n\r\n",
    "upgrade-of-version-7": _UPGRADE + _KEY + "Sec-WebSocket-Version: 7\r\n\r\n",
    "upgrade-with-a-short-key": _UPGRADE + "Sec-WebSocket-Key: short\r\nSec-WebSocket-Version: 13\r\n\r\n",
}


def _attacks() -> Iterator[Attack]:
    for name, body in _PAYLOADS.items():
        breaks = "Engine.IO, payload encoding: packets joined by \\x1e, binary ones in base64 behind a b."
        yield Attack(name, Kind.PAYLOAD, breaks, (body,), (Door.POLLING,), (Who.MEMBER,))
    for name, request in _REQUESTS.items():
        yield _of_http(name, "RFC 9112: what a request looks like.", request)
    for name, request in _UPGRADES.items():
        yield _of_http(name, "RFC 6455, 4.1: what the client's opening handshake looks like.", request)


def _of_http(name: str, breaks: str, request: str) -> Attack:
    return Attack(name, Kind.HTTP, breaks, (Bytes(request),), (Door.HTTP,), (Who.STRANGER,), full=Force(20))


ATTACKS: Final = tuple(_attacks())
