"""The opening handshake of RFC 6455 (section 4), seen from the client: an HTTP request out, its answer in."""

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha1

from eventproof.errors import ProtocolViolation, UsageError

from .excerpt import excerpt

__all__ = ["HandshakeResponse", "accept_token", "handshake_request", "handshake_response", "new_key"]

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_END = b"\r\n\r\n"
_MAX_HEAD = 64 * 1024


@dataclass(frozen=True, slots=True)
class HandshakeResponse:
    """The server's answer. `rest` is what came after the head: frames, or the beginning of a refusal's body."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    rest: bytes

    @property
    def accepted(self) -> bool:
        """Whether the connection is now a WebSocket."""
        return self.status == 101

    def header(self, name: str) -> str:
        """The header of that name, several joined by commas; empty where there is none."""
        return ", ".join(value for key, value in self.headers if key.lower() == name.lower())


def new_key(nonce: bytes) -> str:
    """The `Sec-WebSocket-Key` made of 16 random bytes."""
    return b64encode(nonce).decode("ascii")


def accept_token(key: str) -> str:
    """The `Sec-WebSocket-Accept` that answers this key."""
    digest = sha1(key.encode("ascii") + _GUID, usedforsecurity=False).digest()
    return b64encode(digest).decode("ascii")


def handshake_request(host: str, target: str, key: str, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """The request; `host` with its port where it is not the scheme's, `target` with its query."""
    fields = [
        ("Host", host),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", key),
        ("Sec-WebSocket-Version", "13"),
        *headers,
    ]
    lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
    if any("\r" in line or "\n" in line for line in lines):
        raise UsageError("A header or path of the WebSocket handshake has a line break in it.")
    try:
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    except UnicodeEncodeError:
        raise UsageError("A header or path of the WebSocket handshake has characters outside Latin-1.") from None


def handshake_response(data: bytes, key: str) -> HandshakeResponse | None:
    """Read all that came so far; None while the head is incomplete.

    Any status may come back; a 101 is checked as section 4.1 says.
    """
    head, end, rest = data.partition(_END)
    if len(head) > _MAX_HEAD:
        raise _violation(f"a head of at most {_MAX_HEAD} bytes", head)
    if not b"HTTP/1.1 ".startswith(data[:9]):
        raise _violation("HTTP/1.1", data)
    if not end:
        return None
    status_line, *lines = head.decode("latin-1").split("\r\n")
    _, status, *reason = status_line.split(" ", 2)
    if len(status) != 3 or not (status.isascii() and status.isdigit()):
        raise _violation("a status of three digits", head)
    fields = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise _violation("header lines `name: value`", line.encode("latin-1"))
        fields.append((name, value.strip()))
    response = HandshakeResponse(int(status), "".join(reason), tuple(fields), rest)
    if response.accepted:
        _check(response, key)
    return response


def _check(response: HandshakeResponse, key: str) -> None:
    connection = [token.strip().lower() for token in response.header("Connection").split(",")]
    for name, valid, expected in (
        ("Upgrade", response.header("Upgrade").lower() == "websocket", "websocket"),
        ("Connection", "upgrade" in connection, "upgrade"),
        ("Sec-WebSocket-Accept", response.header("Sec-WebSocket-Accept") == accept_token(key), accept_token(key)),
        ("Sec-WebSocket-Extensions", not response.header("Sec-WebSocket-Extensions"), "none, since none was offered"),
    ):
        if not valid:
            raise ProtocolViolation(
                f"The WebSocket handshake was answered with a wrong {name}.",
                expected=expected,
                observed=response.header(name) or "no such header",
            )


def _violation(expected: str, observed: bytes) -> ProtocolViolation:
    return ProtocolViolation(
        "The answer to the WebSocket handshake is not valid HTTP.", expected=expected, observed=excerpt(observed)
    )
