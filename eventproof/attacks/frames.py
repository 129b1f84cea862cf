"""What RFC 6455 forbids in a frame; a good message is in it wherever a server could take it as one."""

from collections.abc import Iterator
from typing import Final

from .attack import TEN, Attack, Door, Force, Frame, Kind, Sent, Who

__all__ = ["ATTACKS"]

_FINAL, _CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING = 0x80, 0x0, 0x1, 0x2, 0x8, 0x9
_RESERVED = {"rsv1": 0x40, "rsv2": 0x20, "rsv3": 0x10}
_HUGE = 1 << 40
_UNREAD = "gorilla/websocket leaves it to the application whether a text is UTF-8"
_CODES = (0, 999, 1004, 1005, 1006, 1015, 2999, 5000)


def _attack(name: str, breaks: str, *sends: Sent, tolerated: str = "", full: Force = TEN) -> Attack:
    doors = (Door.WEBSOCKET, Door.NATIVE)
    return Attack(name, Kind.FRAME, breaks, sends, doors, (Who.MEMBER,), tolerated, full=full)


def _attacks() -> Iterator[Attack]:
    yield _attack(
        "unmasked-frame",
        "5.1: The server MUST close the connection upon receiving a frame that is not masked.",
        Frame(_FINAL | _TEXT, "$said", masked=False),
    )
    for name, bit in _RESERVED.items():
        yield _attack(
            f"{name}-set",
            "5.2: If a nonzero value is received and none of the negotiated extensions defines the meaning of such a "
            "nonzero value, the receiving endpoint MUST _Fail the WebSocket Connection_.",
            Frame(_FINAL | bit | _TEXT, "$said"),
        )
    for opcode in (0x3, 0x7, 0xB, 0xF):
        yield _attack(
            f"opcode-{opcode:x}",
            "5.2: If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket Connection_.",
            Frame(_FINAL | opcode, "$said"),
        )
    yield _attack(
        "fragmented-ping",
        "5.5: All control frames MUST have a payload length of 125 bytes or less and MUST NOT be fragmented.",
        Frame(_PING, "a"),
        Frame(_FINAL | _CONTINUATION, "b"),
        Frame(_FINAL | _TEXT, "$said"),
    )
    for name, opcode in {"ping": _PING, "close": _CLOSE}.items():
        yield _attack(
            f"{name}-of-126-bytes",
            "5.5: All control frames MUST have a payload length of 125 bytes or less and MUST NOT be fragmented.",
            Frame(_FINAL | opcode, "\x03\udce8" + "x" * 124),
            Frame(_FINAL | _TEXT, "$said"),
        )
    yield _attack(
        "continuation-of-nothing",
        "5.4: A fragmented message begins with an opcode other than 0; the frames that follow have the opcode 0.",
        Frame(_FINAL | _CONTINUATION, "$said"),
    )
    yield _attack(
        "message-inside-another",
        "5.4: The fragments of one message MUST NOT be interleaved between the fragments of another message.",
        Frame(_TEXT, "42"),
        Frame(_FINAL | _TEXT, "$said"),
    )
    yield _attack(
        "text-that-is-no-utf-8",
        "8.1: When an endpoint is to interpret a byte stream as UTF-8 but finds that the byte stream is not, in fact, "
        "a valid UTF-8 stream, that endpoint MUST _Fail the WebSocket Connection_.",
        Frame(_FINAL | _TEXT, '42$ns$id[$event,"\udcff\udcfe"]'),
        tolerated=_UNREAD,
    )
    yield _attack(
        "surrogate-in-utf-8",
        "8.1, and RFC 3629: the definition of UTF-8 prohibits encoding character numbers between U+D800 and U+DFFF.",
        Frame(_FINAL | _TEXT, '42$ns$id[$event,"\udced\udca0\udc80"]'),
        tolerated=_UNREAD,
    )
    for code in _CODES:
        yield _attack(
            f"close-code-{code}",
            "7.4: an endpoint MUST NOT set the status code that is reserved, or that is in no range of section 7.4.2.",
            Frame(_FINAL | _CLOSE, code.to_bytes(2, "big").decode("utf-8", "surrogateescape")),
        )
    yield _attack(
        "close-of-one-byte",
        "5.5.1: If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer.",
        Frame(_FINAL | _CLOSE, "\x03"),
    )
    yield _attack(
        "close-whose-reason-is-no-utf-8",
        "5.5.1: Following the 2-byte integer, the body MAY contain UTF-8-encoded data.",
        Frame(_FINAL | _CLOSE, "\x03\udce8\udcff"),
    )
    yield _attack(
        "message-behind-a-close",
        "5.5.1: The application MUST NOT send any more data frames after sending a Close frame.",
        Frame(_FINAL | _CLOSE, "\x03\udce8"),
        Frame(_FINAL | _TEXT, "$said"),
    )
    yield _attack(
        "length-in-too-many-bytes",
        "5.2: the minimal number of bytes MUST be used to encode the length.",
        Frame(_FINAL | _TEXT, "$said", width=8),
        tolerated="the servers of Node.js and Go do not look at how many bytes say a length",
    )
    yield _attack(
        "length-with-its-highest-bit",
        "5.2: a 64-bit unsigned integer (the most significant bit MUST be 0).",
        Frame(_FINAL | _BINARY, "x", length=(1 << 63) + 1, width=8),
    )
    yield _attack(
        "length-of-a-terabyte",
        "10.4: limits on the size of frames and the total message size, to protect against denial of service.",
        Frame(_FINAL | _BINARY, "x", length=_HUGE),
    )
    yield _attack(
        "fragments-without-end",
        "10.4: limits on the size of frames and the total message size after reassembly from multiple frames.",
        Frame(_TEXT, "x"),
        *([Frame(_CONTINUATION, "x" * 1000)] * 20),
        full=Force(10, 20),
    )


ATTACKS: Final = tuple(_attacks())
