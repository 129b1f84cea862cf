"""What aiohttp's reader of WebSocket frames does not ask: whether a client's frames are masked.

RFC 6455, 5.1: "a client MUST mask all frames that it sends to the server. […] The server MUST close the connection upon
receiving a frame that is not masked. In this case, a server MAY send a Close frame with a status code of 1002."
"""

from typing import Any, Final

_MASKED: Final = 0x80
_MASK_BYTES: Final = 4
_WIDTHS: Final = {126: 2, 127: 8}
"""How many bytes say the length of a frame whose second byte says this."""
_ILLEGAL: Final = b"\xf0\x80"
"""A header with reserved bits set: the reader fails the connection for it, with 1002."""


class MaskedFrames:
    """Stands before aiohttp's reader and looks at the headers of frames; a payload passes as it came.

    A header that comes in pieces is kept until it is whole.
    """

    __slots__ = ("_header", "_left", "_reader")

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self._header = b""
        self._left = 0
        """How many bytes of the present frame are still to come."""

    def feed_data(self, data: bytes) -> Any:
        """Part of aiohttp's protocol for parsers: whether the connection ends, and what was not taken."""
        if self._header:
            data, self._header = self._header + data, b""
        at, size = self._left, len(data)
        while at < size:
            start = at + 2
            if start > size:
                break
            length = data[at + 1]
            if length < _MASKED:
                return self._refuse(data[:at])
            length ^= _MASKED
            if length in _WIDTHS:
                start += _WIDTHS[length]
                if start > size:
                    break
                length = int.from_bytes(data[at + 2 : start], "big")
            at = start + _MASK_BYTES + length
        else:
            self._left = at - size
            return self._reader.feed_data(data)
        self._left, self._header = 0, data[at:]
        return self._reader.feed_data(data[:at])

    def feed_eof(self) -> None:
        """Part of aiohttp's protocol for parsers: the client has gone."""
        self._reader.feed_eof()

    def _refuse(self, before: bytes) -> Any:
        """Let the reader take what came before, and fail."""
        return self._reader.feed_data(before + _ILLEGAL)
