"""The opening handshake of RFC 6455 (section 4), seen from the client: an HTTP request out, its answer in."""

from base64 import b64encode
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from hashlib import sha1

from eventproof.errors import ProtocolViolation

from .excerpt import excerpt
from .http import Head, get_request, read_head

__all__ = [
    "HandshakeResponse",
    "UnaskedFor",
    "accept_token",
    "handshake_request",
    "handshake_response",
    "new_key",
    "subprotocols_of",
]

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_EXTENSIONS = "Sec-WebSocket-Extensions"
_SUBPROTOCOL = "Sec-WebSocket-Protocol"


class UnaskedFor(ProtocolViolation):
    """A server speaks WebSocket, and chose a subprotocol or an extension that was not offered to it."""


@dataclass(frozen=True, slots=True)
class HandshakeResponse(Head):
    """The server's answer. `rest` is what came after the head: frames, or the beginning of a refusal's body."""

    rest: bytes
    violation: UnaskedFor | None = None
    """Why the client has to fail a connection that the server accepted."""

    @property
    def accepted(self) -> bool:
        """Whether the connection is now a WebSocket."""
        return self.status == 101 and self.violation is None


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
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", key),
        ("Sec-WebSocket-Version", "13"),
        *headers,
    ]
    return get_request(host, target, fields)


def subprotocols_of(headers: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The subprotocols that a client offers in these headers of its request."""
    lists = (value.split(",") for name, value in headers if name.lower() == "sec-websocket-protocol")
    return frozenset(name.strip() for names in lists for name in names if name.strip())


def handshake_response(data: bytes, key: str, subprotocols: Collection[str] = frozenset()) -> HandshakeResponse | None:
    """Read all that came so far; None while the head is incomplete. `subprotocols` are those that were offered.

    Any status may come back, interim ones (1xx) excepted; a 101 is checked as section 4.1 says. An answer that is no
    opening of a WebSocket raises ProtocolViolation; one that chose a subprotocol unasked says so as its `violation`.
    """
    try:
        found = read_head(data)
    except ProtocolViolation as violation:
        raise _violation(violation.expected, violation.observed) from None
    if found is None:
        return None
    head, rest = found
    response = HandshakeResponse(head.version, head.status, head.reason, head.headers, rest)
    if response.accepted:
        _check(response, key)
    if response.accepted and response.has(_SUBPROTOCOL) and response.header(_SUBPROTOCOL) not in subprotocols:
        return replace(response, violation=_unasked(response, _SUBPROTOCOL, "a subprotocol", subprotocols))
    return response


def _check(response: HandshakeResponse, key: str) -> None:
    if response.version != "1.1":
        raise _violation("HTTP/1.1", f"HTTP/{response.version}")
    for name, valid, expected in (
        ("Upgrade", response.header("Upgrade").lower() == "websocket", "websocket"),
        ("Connection", "upgrade" in response.tokens("Connection"), "upgrade"),
        ("Sec-WebSocket-Accept", response.header("Sec-WebSocket-Accept") == accept_token(key), accept_token(key)),
    ):
        if not valid:
            raise ProtocolViolation(
                f"The WebSocket handshake was answered with a wrong {name}.",
                expected=expected,
                observed=excerpt(response.header(name)) if response.has(name) else "no such header",
            )
    if response.has(_EXTENSIONS):
        raise _unasked(response, _EXTENSIONS, "an extension", ())


def _unasked(response: HandshakeResponse, name: str, what: str, offered: Collection[str]) -> UnaskedFor:
    return UnaskedFor(
        f"The WebSocket handshake was answered with a wrong {name}: it chose {what} that the client did not offer, "
        "so the client has to fail the connection (RFC 6455 4.1), as every browser does.",
        expected=f"one of {', '.join(sorted(offered))}, or no such header" if offered else "no such header",
        observed=excerpt(response.header(name)),
    )


def _violation(expected: str, observed: str) -> ProtocolViolation:
    return ProtocolViolation(
        "The answer to the WebSocket handshake is not valid HTTP.", expected=expected, observed=observed
    )
