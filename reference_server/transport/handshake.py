"""The opening handshake of a WebSocket. Quotations are from RFC 6455."""

import base64
import binascii
import hashlib
from typing import Final

from ..refusals import Refusal
from .http import Request, upgrades

VERSION: Final = "13"
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY_BYTES: Final = 16
_SWITCHING: Final = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n"
)


def check(request: Request) -> bytes:
    """The answer that opens the WebSocket which a request asks for. Raises Refusal where the request is no handshake.

    4.4: "If this version does not match a version understood by the server, the server MUST [send] an appropriate HTTP
    error code (such as 426 Upgrade Required) and a Sec-WebSocket-Version header field". No extension is taken, and no
    subprotocol.
    """
    headers = request.headers
    is_websocket = headers.get("Upgrade", "").strip().lower() == "websocket"
    if is_websocket and headers.get("Sec-WebSocket-Version", "").strip() != VERSION:
        raise Refusal("upgrade_required", headers={"Sec-WebSocket-Version": VERSION, "Upgrade": "websocket"})
    key = _key(headers.get("Sec-WebSocket-Key", ""))
    if not is_websocket or key is None or not upgrades(request):
        raise Refusal("malformed_request", "This path speaks WebSocket: open it with a WebSocket client.")
    return _SWITCHING % base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())


def _key(said: str) -> bytes | None:
    """4.1: "a nonce consisting of a randomly selected 16-byte value that has been base64-encoded"."""
    key = said.strip().encode(errors="replace")
    try:
        return key if len(base64.b64decode(key, validate=True)) == _KEY_BYTES else None
    except binascii.Error:
        return None
