"""The server's reader of WebSocket frames, by itself."""

import struct
from collections.abc import Iterator

import pytest

from reference_server.transport.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    INVALID_TEXT,
    PING,
    PONG,
    PROTOCOL_ERROR,
    TEXT,
    TOO_BIG,
    Close,
    Found,
    FrameError,
    Frames,
    Part,
    Ping,
    Pong,
    close_frame,
    frame,
    unmasked,
)

MOST = 1000
FIN = 0x80
KEY = b"\x37\xfa\x21\x3d"


def masked(first: int, payload: bytes = b"", *, key: bytes = KEY, width: int | None = None) -> bytes:
    """One frame of a client; `width` is how many bytes say its length, where those are not the fewest."""
    size = len(payload)
    if width is None:
        width = 0 if size < 126 else 2 if size < 1 << 16 else 8
    said = {0: FIN | size, 2: 0xFE, 8: 0xFF}[width]
    return bytes((first, said)) + (size.to_bytes(width, "big") if width else b"") + key + unmasked(key, payload)


def found(*pieces: bytes, most: int = MOST) -> Iterator[Found]:
    """What is found in what comes in these pieces, but for parts."""
    frames = Frames(most)
    for piece in pieces:
        frames.feed(piece)
        while (one := frames.next()) is not None:
            if not isinstance(one, Part):
                yield one


WHOLE: dict[str, tuple[bytes, list[Found]]] = {
    "a text": (masked(FIN | TEXT, "grüße".encode()), ["grüße"]),
    "an empty text": (masked(FIN | TEXT), [""]),
    "bytes": (masked(FIN | BINARY, b"\xff\x00"), [b"\xff\x00"]),
    "no bytes": (masked(FIN | BINARY), [b""]),
    "a mask of zeros": (masked(FIN | TEXT, b"plain", key=b"\0\0\0\0"), ["plain"]),
    "two bytes of length": (masked(FIN | TEXT, b"x" * 126), ["x" * 126]),
    "as much as may be": (masked(FIN | TEXT, b"x" * MOST), ["x" * MOST]),
    "a ping and a pong": (masked(FIN | PING, b"x" * 125) + masked(FIN | PONG, b"y"), [Ping(b"x" * 125), Pong()]),
    "a close": (masked(FIN | CLOSE, b"\x03\xe8bye"), [Close(1000)]),
    "a close without a code": (masked(FIN | CLOSE), [Close(None)]),
    "a close with a code of an application": (masked(FIN | CLOSE, b"\x0f\xa0"), [Close(4000)]),
    "fragments, cut inside a letter": (masked(TEXT, b"\xc3") + masked(FIN | CONTINUATION, b"\xbc"), ["ü"]),
    "fragments of nothing": (masked(BINARY) + masked(CONTINUATION) * 3 + masked(FIN | CONTINUATION), [b""]),
    "a ping between fragments": (
        masked(TEXT, b"a") + masked(FIN | PING) + masked(FIN | CONTINUATION, b"b"),
        [Ping(b""), "ab"],
    ),
    "one message behind another": (
        masked(BINARY, b"a") + masked(FIN | CONTINUATION, b"b") + masked(FIN | TEXT, b"c") * 2,
        [b"ab", "c", "c"],
    ),
}


@pytest.mark.parametrize(("stream", "expected"), WHOLE.values(), ids=WHOLE)
def test_what_the_protocol_allows_is_found_however_it_is_cut(stream: bytes, expected: list[Found]) -> None:
    for step in (1, 2, 3, 5, 7, 64, len(stream)):
        pieces = [stream[at : at + step] for at in range(0, len(stream), step)]
        assert list(found(*pieces)) == expected, step


def test_each_fragment_is_told_so_that_a_flood_of_them_can_be_left_for_later() -> None:
    frames = Frames(MOST)
    frames.feed(masked(TEXT, b"a") + masked(CONTINUATION) * 3 + masked(FIN | CONTINUATION, b"b"))
    assert [frames.next() for _ in range(6)] == [Part(), Part(), Part(), Part(), "ab", None]


def test_a_long_message_is_found_in_few_and_in_many_pieces() -> None:
    text = "äöü" * 40_000
    stream = masked(FIN | TEXT, text.encode())
    for step in (1000, 65_536, len(stream)):
        assert list(found(*(stream[at : at + step] for at in range(0, len(stream), step)), most=1 << 20)) == [text]


BROKEN: dict[str, tuple[bytes, int]] = {
    "no mask": (b"\x81\x01x", PROTOCOL_ERROR),
    "no mask, and nothing more": (b"\x81\x00", PROTOCOL_ERROR),
    **{f"reserved bit {bit:#x}": (masked(FIN | bit | TEXT, b"x"), PROTOCOL_ERROR) for bit in (0x40, 0x20, 0x10)},
    **{
        f"unknown kind {kind:#x}": (masked(FIN | kind, b"x"), PROTOCOL_ERROR)
        for kind in (*range(0x3, 0x8), *range(0xB, 0x10))
    },
    **{f"a control frame {kind:#x} in fragments": (masked(kind), PROTOCOL_ERROR) for kind in (CLOSE, PING, PONG)},
    **{f"a long control frame {kind:#x}": (masked(FIN | kind, b"x" * 126), PROTOCOL_ERROR) for kind in (CLOSE, PING)},
    "a long form of a short length": (masked(FIN | TEXT, b"x" * 125, width=2), PROTOCOL_ERROR),
    "the longest form of a short length": (masked(FIN | TEXT, b"x" * 126, width=8), PROTOCOL_ERROR),
    "a length below zero": (b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", PROTOCOL_ERROR),
    "a fragment of nothing": (masked(FIN | CONTINUATION, b"x"), PROTOCOL_ERROR),
    "a message inside another": (masked(TEXT, b"x") + masked(FIN | TEXT, b"y"), PROTOCOL_ERROR),
    "more than may be, before it comes": (b"\x82\xfe" + struct.pack("!H", MOST + 1), TOO_BIG),
    "far more, before it comes": (b"\x82\xff" + struct.pack("!Q", 1 << 40), TOO_BIG),
    "more than may be, in fragments": (
        masked(BINARY, b"x" * MOST) + masked(FIN | CONTINUATION, b"x")[:2],
        TOO_BIG,
    ),
    "no UTF-8": (masked(FIN | TEXT, b"\xff"), INVALID_TEXT),
    "half a pair of surrogates": (masked(FIN | TEXT, b"\xed\xa0\x80"), INVALID_TEXT),
    "no UTF-8 in fragments": (masked(TEXT, b"\xc3") + masked(FIN | CONTINUATION, b"x"), INVALID_TEXT),
    "a close with half a code": (masked(FIN | CLOSE, b"\x03"), PROTOCOL_ERROR),
    **{
        f"a close with the code {code}": (masked(FIN | CLOSE, struct.pack("!H", code)), PROTOCOL_ERROR)
        for code in (0, 999, 1004, 1005, 1006, 1015, 1100, 2999, 5000, 65535)
    },
    "a close with no UTF-8": (masked(FIN | CLOSE, b"\x03\xe8\xff"), INVALID_TEXT),
}


@pytest.mark.parametrize(("stream", "code"), BROKEN.values(), ids=BROKEN)
def test_what_the_protocol_forbids_fails_with_the_code_that_it_gives(stream: bytes, code: int) -> None:
    for step in (1, 3, len(stream)):
        before = masked(FIN | TEXT, b"before")
        pieces = [before, *(stream[at : at + step] for at in range(0, len(stream), step))]
        reading = found(*pieces)
        assert next(reading) == "before"
        with pytest.raises(FrameError) as failed:
            list(reading)
        assert failed.value.code == code


def test_our_own_frames_have_the_shortest_header_and_no_mask() -> None:
    assert frame(TEXT, b"x") == b"\x81\x01x"
    assert frame(TEXT, b"x" * 126)[:4] == b"\x81\x7e\x00\x7e"
    assert frame(BINARY, b"x" * 65_536)[:10] == b"\x82\x7f" + struct.pack("!Q", 65_536)
    assert close_frame(1002, "why") == b"\x88\x05\x03\xeawhy"
    assert close_frame(None) == b"\x88\x00"
