"""WebSocket frames (RFC 6455, 5.2) for a client that is in a hurry. Pure: bytes in, numbers and bytes out.

The servers that are measured send whole, unmasked text frames; what one says is looked at where it is asked for alone.
"""

from collections.abc import Callable
from typing import Final

__all__ = ["PONG", "count", "events", "masked", "payloads"]

_TEXT: Final = 0x81
_MASKED: Final = 0x80
_DEFLATED: Final = 0x40
"""The bit of a frame's first byte that says so (RFC 7692, 6)."""
_TAIL: Final = b"\x00\x00\xff\xff"
_KEY: Final = b"\x37\xfa\x21\x3d"
_MEDIUM: Final = 126
_LONG: Final = 127
"""What stands for a size of two bytes that follow, and of eight."""


def masked(text: str) -> bytes:
    """A text frame of a client, with a key that is always the same."""
    data = text.encode()
    size = len(data)
    if size < _MEDIUM:
        head = bytes((_TEXT, _MASKED | size))
    elif size < 1 << 16:
        head = bytes((_TEXT, _MASKED | _MEDIUM)) + size.to_bytes(2, "big")
    else:
        head = bytes((_TEXT, _MASKED | _LONG)) + size.to_bytes(8, "big")
    key = (_KEY * (size // 4 + 1))[:size]
    return head + _KEY + (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


PONG: Final = masked("3")
"""The answer to Engine.IO's ping."""


def count(data: bytes) -> tuple[int, int, bytes]:
    """How many frames are in there, how many of them are pings of Engine.IO, and the frame that is not whole."""
    frames = pings = at = 0
    end = len(data)
    while end - at >= 2:
        start, stop = _bounds(data, at)
        if stop > end:
            break
        frames += 1
        if stop - start == 1 and data[start] == 0x32:
            pings += 1
        at = stop
    return frames, pings, data[at:]


def payloads(data: bytes, inflate: Callable[[bytes], bytes] | None = None) -> tuple[list[bytes], bytes]:
    """What the frames say, and the frame that is not whole; `inflate` is for those that are compressed."""
    said = []
    at, end = 0, len(data)
    while end - at >= 2:
        start, stop = _bounds(data, at)
        if stop > end:
            break
        payload = data[start:stop]
        said.append(inflate(payload + _TAIL) if inflate and data[at] & _DEFLATED else payload)
        at = stop
    return said, data[at:]


def _bounds(data: bytes, at: int) -> tuple[int, int]:
    """Where the payload of the frame that begins `at` begins and ends; behind the data where the head is not whole."""
    size = data[at + 1]
    if size < _MEDIUM:
        return at + 2, at + 2 + size
    start = at + (4 if size == _MEDIUM else 10)
    if start > len(data):
        return start, start
    return start, start + int.from_bytes(data[at + 2 : start], "big")


def events(data: bytes) -> int:
    """How many events of a stream (Server-Sent Events) begin in there; comments are none."""
    return data.count(b"data: ")
