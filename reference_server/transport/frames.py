"""WebSocket frames, the server's side: a client's bytes in, its messages out, and our own frames made. No I/O.

Quotations are from RFC 6455.
"""

from dataclasses import dataclass
from typing import Final

CONTINUATION: Final = 0x0
TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA

NORMAL: Final = 1000
GOING_AWAY: Final = 1001
PROTOCOL_ERROR: Final = 1002
UNSUPPORTED_DATA: Final = 1003
INVALID_TEXT: Final = 1007
POLICY_VIOLATION: Final = 1008
TOO_BIG: Final = 1009
INTERNAL_ERROR: Final = 1011

Message = str | bytes

_FIN: Final = 0x80
_RESERVED: Final = 0x70
_MASKED: Final = 0x80
_HEADER: Final = 2
_MASK: Final = 4
_LEGAL: Final = frozenset(
    {*(_FIN | kind for kind in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG)), CONTINUATION, TEXT, BINARY}
)
"""What a frame may begin with: no reserved bit, a known opcode, and control frames "MUST NOT be fragmented"."""
_LONGEST_CONTROL: Final = 125
_WIDTHS: Final = {126: 2, 127: 8}
"""How many bytes say the length of a frame whose second byte says this."""
_LEAST: Final = {126: 126, 127: 1 << 16}
"""From where on so many are used: "the minimal number of bytes MUST be used to encode the length"."""
_CODES: Final = frozenset({*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)})
"""The codes that a Close frame may have: those that are defined, registered, or left to applications."""


class FrameError(Exception):
    """The client sent what RFC 6455 forbids; the connection fails with this close code."""

    def __init__(self, code: int, problem: str) -> None:
        super().__init__(problem)
        self.code = code


@dataclass(frozen=True, slots=True)
class Ping:
    """Is to be answered with a Pong of the same payload."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Pong:
    """An answer, or a sign of life that nobody asked for."""


@dataclass(frozen=True, slots=True)
class Close:
    """The client closes; the code is what it said, None where it said none."""

    code: int | None


@dataclass(frozen=True, slots=True)
class Part:
    """A fragment of a message that is not whole yet."""


PART: Final = Part()
Found = Message | Ping | Pong | Close | Part


class Frames:
    """Reads the frames of one client. Bytes go in by `feed`, and what they are comes out of `next`, in order.

    A message, whole or in fragments, may have `most` bytes; one that announces more fails before it is kept.
    """

    __slots__ = ("_at", "_data", "_kind", "_most", "_parts", "_passes_reserved_bits")

    def __init__(self, most: int, passes_reserved_bits: bool = False) -> None:
        self._most = most
        self._passes_reserved_bits = passes_reserved_bits
        self._data: bytes | bytearray = b""
        self._at = 0
        """How far the data was read."""
        self._kind = CONTINUATION
        """What the message in fragments is, that has begun; CONTINUATION where none has."""
        self._parts: bytearray | None = None
        """Its fragments so far."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing has come that was not read."""
        return self._at == len(self._data)

    def feed(self, data: bytes) -> None:
        """Take bytes as they came."""
        if self._at == len(self._data):
            self._data, self._at = data, 0
            return
        if isinstance(self._data, bytes):
            self._data = bytearray(self._data[self._at :])
        else:
            del self._data[: self._at]
        self._at = 0
        self._data += data

    def next(self) -> Found | None:
        """What the next frame is, or None until more bytes have come. Raises FrameError."""
        data, at = self._data, self._at
        whole = len(data)
        if whole - at < _HEADER:
            return self._keep()
        first, size = data[at], data[at + 1]
        if self._passes_reserved_bits:
            first &= ~_RESERVED
        if first not in _LEGAL:
            raise FrameError(PROTOCOL_ERROR, "a frame begins with what the protocol does not know")
        if size < _MASKED:
            raise FrameError(PROTOCOL_ERROR, "a frame is not masked")
        size ^= _MASKED
        start = at + _HEADER
        if size in _WIDTHS:
            start += _WIDTHS[size]
            if whole < start:
                return self._keep()
            size = _length(size, data[at + _HEADER : start])
        opcode = first & 0x0F
        self._check(opcode, size)
        start += _MASK
        end = start + size
        if whole < end:
            return self._keep()
        self._at = end
        payload = unmasked(data[start - _MASK : start], data[start:end])
        if opcode >= CLOSE:
            return _control(opcode, payload)
        if opcode == CONTINUATION or first < _FIN:
            gathered = self._gather(opcode, payload, last=first >= _FIN)
            if gathered is None:
                return PART
            opcode, payload = gathered
        return _text(payload) if opcode == TEXT else payload

    def _keep(self) -> Found | None:
        """What there is, is the beginning of a frame at most."""
        if self._at == len(self._data):
            self._data, self._at = b"", 0
        return None

    def _check(self, opcode: int, size: int) -> None:
        """Whether a frame of this kind and length may come now."""
        if opcode >= CLOSE:
            if size > _LONGEST_CONTROL:
                raise FrameError(PROTOCOL_ERROR, "a control frame is longer than 125 bytes")
            return
        if (opcode == CONTINUATION) != (self._parts is not None):
            raise FrameError(PROTOCOL_ERROR, "a fragment is of no message, or a message inside another one")
        if size + (len(self._parts) if self._parts is not None else 0) > self._most:
            raise FrameError(TOO_BIG, f"a message has more than {self._most} bytes")

    def _gather(self, opcode: int, payload: bytes, *, last: bool) -> tuple[int, bytes] | None:
        """Put a fragment to those before it; gives the message with its kind once it is whole."""
        if self._parts is None:
            self._kind, self._parts = opcode, bytearray()
        self._parts += payload
        if not last:
            return None
        kind, gathered = self._kind, bytes(self._parts)
        self._kind, self._parts = CONTINUATION, None
        return kind, gathered


def _length(form: int, digits: bytes | bytearray) -> int:
    length = int.from_bytes(digits, "big")
    if length < _LEAST[form] or length >> 63:
        raise FrameError(PROTOCOL_ERROR, "a length is not written as the protocol has it")
    return length


def unmasked(key: bytes | bytearray, payload: bytes | bytearray) -> bytes:
    """A payload without its mask, of four bytes; or with it: one undoes the other."""
    size = len(payload)
    if not size:
        return b""
    mask = (key * (size // _MASK + 1))[:size]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(mask, "little")).to_bytes(size, "little")


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise FrameError(INVALID_TEXT, "a text is not UTF-8") from None


def _control(opcode: int, payload: bytes) -> Ping | Pong | Close:
    if opcode == PING:
        return Ping(payload)
    if opcode == PONG:
        return Pong()
    if not payload:
        return Close(None)
    code = int.from_bytes(payload[:2], "big")
    if len(payload) < 2 or code not in _CODES:
        raise FrameError(PROTOCOL_ERROR, "a Close frame has a code that nobody may send")
    _text(payload[2:])
    return Close(code)


def frame(opcode: int, payload: bytes) -> bytes:
    """One whole unmasked message: "A server MUST NOT mask any frames that it sends to the client."."""
    size = len(payload)
    if size < 126:
        header = bytes((_FIN | opcode, size))
    elif size < 1 << 16:
        header = bytes((_FIN | opcode, 126)) + size.to_bytes(2, "big")
    else:
        header = bytes((_FIN | opcode, 127)) + size.to_bytes(8, "big")
    return header + payload


def close_frame(code: int | None, reason: str = "") -> bytes:
    """A Close frame; without a code it answers one that had none."""
    return frame(CLOSE, b"" if code is None else code.to_bytes(2, "big") + reason.encode())
