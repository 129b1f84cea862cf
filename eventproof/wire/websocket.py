"""RFC 6455 for a client: the opening handshake and the framing, without I/O.

No extension is offered, so no reserved bit may be set. What the peer must not do raises `FrameViolation`, which knows
the close code that RFC 6455 gives for it.
"""

from enum import IntEnum
from typing import Final, NamedTuple

from eventproof.errors import ProtocolViolation, UsageError

from .excerpt import excerpt
from .handshake import (
    HandshakeResponse,
    UnaskedFor,
    accept_token,
    handshake_request,
    handshake_response,
    new_key,
    subprotocols_of,
)

__all__ = [
    "CloseCode",
    "CloseReason",
    "FrameDecoder",
    "FrameViolation",
    "HandshakeResponse",
    "Message",
    "Opcode",
    "UnaskedFor",
    "accept_token",
    "close_reason",
    "encode",
    "encode_close",
    "handshake_request",
    "handshake_response",
    "new_key",
    "subprotocols_of",
]


class Opcode(IntEnum):
    """What a frame carries (section 5.2)."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


class CloseCode(IntEnum):
    """The status codes with a meaning of their own (section 7.4.1 and the registry)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    NO_STATUS = 1005
    ABNORMAL = 1006
    INVALID_PAYLOAD = 1007
    POLICY_VIOLATION = 1008
    TOO_BIG = 1009
    MANDATORY_EXTENSION = 1010
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014
    TLS_FAILED = 1015


class FrameViolation(ProtocolViolation):
    """The peer broke RFC 6455.

    `close_code` is what the connection is to be failed with; `before` are the messages that were complete before it
    in the same bytes.
    """

    def __init__(self, sentence: str, *, expected: str, observed: str, close_code: CloseCode) -> None:
        super().__init__(sentence, expected=expected, observed=observed)
        self.close_code = close_code
        self.before: tuple[Message, ...] = ()


class Message(NamedTuple):
    """A whole message or a control frame; the payload of TEXT is `str`, of all others `bytes`."""

    opcode: Opcode
    payload: str | bytes


class CloseReason(NamedTuple):
    """What a CLOSE says; NO_STATUS where it says nothing."""

    code: int
    text: str


_NEVER_SENT = frozenset({CloseCode.NO_STATUS, CloseCode.ABNORMAL, CloseCode.TLS_FAILED})
_OPCODES = {int(opcode): opcode for opcode in Opcode}
_FINAL: Final = 0x80
_RESERVED: Final = 0x70
_MASKED: Final = 0x80
_SINGLE_TEXT: Final = _FINAL | Opcode.TEXT
_CONTROL_LIMIT: Final = 125
_SHOWN: Final = 32
"""How many bytes are shown of what is no frame."""


class FrameDecoder:
    """Bytes from the server in, messages out, whatever the chunks.

    After a CLOSE the rest is ignored, as section 5.5.1 says; after a violation nothing may be fed any more.
    """

    __slots__ = ("_buffer", "_closed", "_fragments", "_max_message", "_needed", "_opcode")

    def __init__(self, *, max_message: int = 16 * 1024 * 1024) -> None:
        self._max_message = max_message
        self._buffer: bytes | bytearray = b""
        self._needed = 0
        self._opcode: Opcode | None = None
        self._fragments: bytes | bytearray = b""
        self._closed = False

    def feed(self, data: bytes) -> list[Message]:
        """The messages that these bytes complete, in their order."""
        if (whole := self._whole(data)) is not None:
            return [whole]
        messages: list[Message] = []
        try:
            self._feed(data, messages)
        except FrameViolation as violation:
            violation.before = tuple(messages)
            raise
        return messages

    def _whole(self, data: bytes) -> Message | None:
        """The one text of less than 64 kB that these bytes are, as most are that come; None where they are not."""
        size = len(data)
        if size < 2 or data[0] != _SINGLE_TEXT or self._buffer or self._closed or self._opcode is not None:
            return None
        start = 2 if data[1] <= _CONTROL_LIMIT else 4
        length = data[1] if start == 2 else int.from_bytes(data[2:4], "big")
        is_shortest = start == 2 or (data[1] == _CONTROL_LIMIT + 1 and length > _CONTROL_LIMIT)
        if not is_shortest or start + length != size or length > self._max_message:
            return None
        try:
            return Message(Opcode.TEXT, data[start:].decode())
        except UnicodeDecodeError:
            return None

    def _feed(self, data: bytes, messages: list[Message]) -> None:
        if self._buffer:
            self._buffer += data
            if len(self._buffer) < self._needed:
                return
            data = bytes(self._buffer)
        position, available = 0, len(data)
        while not self._closed:
            self._needed = 2
            if available - position < 2:
                break
            first, length = data[position], data[position + 1]
            start = position + 2
            if length > _CONTROL_LIMIT:
                width = 2 if length == 126 else 8
                if length >= _MASKED:
                    raise _violation("A frame from the server is masked.", "an unmasked frame", f"0x{length:02x}")
                if available - start < width:
                    self._needed = 2 + width
                    break
                length = _extended(data[start : start + width])
                start += width
            end = start + length
            if first != _SINGLE_TEXT or length > self._max_message:
                self._check_header(first, length, data[position : position + _SHOWN])
            if end > available:
                self._needed = end - position
                break
            if first == _SINGLE_TEXT and self._opcode is None:
                messages.append(Message(Opcode.TEXT, _text(data[start:end])))
            else:
                message = self._take(first, data[start:end])
                if message is not None:
                    messages.append(message)
            position = end
        self._buffer = bytearray(data[position:]) if position < available and not self._closed else b""

    def _check_header(self, first: int, length: int, beginning: bytes) -> None:
        """Refuse a frame by its header alone, before its payload is waited for."""
        if first & _RESERVED:
            # Often this is no frame at all; then its first bytes tell what it is, such as an HTTP answer.
            observed = f"0x{first:02x} in {excerpt(beginning)}"
            raise _violation("A frame has a reserved bit set.", "RSV1 to RSV3 clear", observed)
        opcode = _OPCODES.get(first & 0x0F)
        if opcode is None:
            raise _violation("A frame has a reserved opcode.", "0 to 2 or 8 to 10", f"{first & 0x0F}")
        if opcode >= Opcode.CLOSE:
            if not first & _FINAL:
                raise _violation("A control frame is fragmented.", "FIN set", f"0x{first:02x}")
            if length > _CONTROL_LIMIT:
                raise _violation("A control frame is too long.", "at most 125 bytes", f"{length} bytes")
        elif len(self._fragments) + length > self._max_message:
            raise _violation(
                "A message is too big.",
                f"at most {self._max_message} bytes",
                f"{len(self._fragments) + length} or more",
                CloseCode.TOO_BIG,
            )

    def _take(self, first: int, payload: bytes) -> Message | None:
        opcode = _OPCODES[first & 0x0F]
        if opcode >= Opcode.CLOSE:
            if opcode is Opcode.CLOSE:
                close_reason(payload)
                self._closed = True
            return Message(opcode, payload)
        if opcode is Opcode.CONTINUATION:
            if self._opcode is None:
                raise _violation("A continuation continues nothing.", "TEXT or BINARY", "CONTINUATION")
            opcode = self._opcode
        elif self._opcode is not None:
            raise _violation("A message begins inside another.", "CONTINUATION", opcode.name)
        if not first & _FINAL:
            self._opcode = opcode
            self._fragments = bytearray(self._fragments) if not self._fragments else self._fragments
            self._fragments += payload
            return None
        if self._fragments:
            payload = bytes(self._fragments + payload)
            self._fragments = b""
        self._opcode = None
        return Message(opcode, _text(payload) if opcode is Opcode.TEXT else payload)


def encode(opcode: Opcode, payload: str | bytes, mask: bytes, *, final: bool = True) -> bytes:
    """One masked frame; `mask` is four random bytes, new for each frame (section 5.3)."""
    if isinstance(payload, str):
        payload = payload.encode()
    length = len(payload)
    first = opcode | _FINAL if final else opcode
    if length <= _CONTROL_LIMIT:
        header = bytes((first, _MASKED | length))
    elif length < 1 << 16:
        header = bytes((first, _MASKED | 126)) + length.to_bytes(2, "big")
    else:
        header = bytes((first, _MASKED | 127)) + length.to_bytes(8, "big")
    key = (mask * (length // 4 + 1))[:length]
    masked = int.from_bytes(payload, "little") ^ int.from_bytes(key, "little")
    return header + mask + masked.to_bytes(length, "little")


def encode_close(mask: bytes, code: int | None = CloseCode.NORMAL, text: str = "") -> bytes:
    """A CLOSE frame; without a code it has no payload."""
    payload = b"" if code is None else code.to_bytes(2, "big") + text.encode()
    if len(payload) > _CONTROL_LIMIT:
        raise UsageError("The reason of a WebSocket close has at most 123 bytes.")
    return encode(Opcode.CLOSE, payload, mask)


def close_reason(payload: bytes) -> CloseReason:
    """Read the payload of a CLOSE."""
    if not payload:
        return CloseReason(CloseCode.NO_STATUS, "")
    code = int.from_bytes(payload[:2], "big") if len(payload) > 1 else 0
    if not ((1000 <= code <= 1014 and code != 1004) or 3000 <= code <= 4999) or code in _NEVER_SENT:
        raise _violation("A CLOSE has no valid status code.", "1000 to 1014 or 3000 to 4999", excerpt(payload))
    return CloseReason(code, _text(payload[2:]))


def _extended(width: bytes) -> int:
    length = int.from_bytes(width, "big")
    shortest = 126 if len(width) == 2 else 1 << 16
    if not shortest <= length < 1 << 63:
        raise _violation("A frame's length is not in its shortest form.", f"at least {shortest}", f"{length}")
    return length


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise _violation("A text message is not UTF-8.", "UTF-8", excerpt(payload), CloseCode.INVALID_PAYLOAD) from None


def _violation(
    sentence: str, expected: str, observed: str, close_code: CloseCode = CloseCode.PROTOCOL_ERROR
) -> FrameViolation:
    return FrameViolation(sentence, expected=expected, observed=observed, close_code=close_code)
