"""What no protocol forbids and nobody needs: connections that are slow or do nothing, and floods.

Gently, each shows that the bound is there; with full force, that it holds.
"""

from typing import Final

from .attack import ONCE, Attack, Binary, Body, Bytes, Door, Force, Frame, Kind, Message, Sent, Who

__all__ = ["ATTACKS"]

_SOCKET = (Door.WEBSOCKET, Door.POLLING)
_STRANGER, _MEMBER = (Who.STRANGER,), (Who.MEMBER,)
_FEW, _CROWD = Force(2), Force(200)
_SOME, _MANY = Force(1, 20), Force(5, 5_000)
_WAIT = "A client that does nothing holds up nobody else."
_BOUND = "A client gets no more of the server than its share."
_POST = "POST $target HTTP/1.1\r\nHost: $host\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n0123456789"
_HALF_A_MEGABYTE = "x" * 500_000


def _slow(name: str, doors: tuple[Door, ...], who: tuple[Who, ...], *sends: Sent, full: Force = _CROWD) -> Attack:
    return Attack(name, Kind.SLOW, _WAIT, sends, doors, who, holds=True, gentle=_FEW, full=full)


def _flood(
    name: str,
    doors: tuple[Door, ...],
    who: tuple[Who, ...],
    *sends: Sent,
    gentle: Force = _SOME,
    full: Force = _MANY,
) -> Attack:
    return Attack(name, Kind.FLOOD, _BOUND, sends, doors, who, gentle=gentle, full=full)


ATTACKS: Final = (
    _slow("connection-that-says-nothing", (Door.HTTP,), _STRANGER, Bytes("")),
    _slow("head-that-never-ends", (Door.HTTP,), _STRANGER, Bytes("GET $target HTTP/1.1\r\nHost: $host\r\nX-Slow: ")),
    _slow("body-that-never-ends", (Door.HTTP,), _STRANGER, Bytes(_POST)),
    _slow("session-that-never-logs-in", _SOCKET, _STRANGER, full=Force(300)),
    _slow("frame-that-never-ends", (Door.WEBSOCKET,), _STRANGER, Frame(0x82, "x" * 10, length=1_000)),
    _slow("message-that-never-ends", (Door.WEBSOCKET,), _STRANGER, Frame(0x01, "x" * 10)),
    _slow("reader-that-never-reads", (Door.WEBSOCKET, Door.NATIVE, Door.STREAM), _MEMBER, full=Force(100)),
    _slow(
        "attachments-kept-waiting",
        (Door.WEBSOCKET,),
        (Who.STRANGER, Who.MEMBER),
        Message('4516-${ns}73["hoard"]'),
        *([Binary("x" * 20_000)] * 15),
        full=Force(100),
    ),
    _flood(
        "body-of-megabytes", (Door.POLLING,), _MEMBER, Body("4" + _HALF_A_MEGABYTE * 3), gentle=ONCE, full=Force(20)
    ),
    _flood(
        "message-of-megabytes",
        (Door.WEBSOCKET, Door.NATIVE),
        _MEMBER,
        Frame(0x81, "42" + _HALF_A_MEGABYTE * 3),
        gentle=ONCE,
        full=Force(20),
    ),
    _flood(
        "connects-in-one-payload",
        (Door.POLLING,),
        _STRANGER,
        Body("40/elsewhere,{}", 10),
        gentle=Force(1, 2),
        full=Force(10, 500),
    ),
    _flood("packets-in-one-payload", (Door.POLLING,), _MEMBER, Body("43${ns}9[]"), full=Force(10, 5_000)),
    _flood("connects-to-nowhere", (Door.WEBSOCKET,), _STRANGER, Message("40/elsewhere,{}")),
    _flood("connects-with-a-bad-token", (Door.WEBSOCKET,), _STRANGER, Message('40$ns{"token":"a.b.c"}')),
    _flood(
        "connects-and-disconnects",
        (Door.WEBSOCKET,),
        _MEMBER,
        Message("41$ns"),
        Message("40$ns$auth"),
        gentle=Force(1, 3),
        full=Force(5, 500),
    ),
    _flood("events-by-the-thousand", (Door.WEBSOCKET,), _MEMBER, Message("42$ns[$event]")),
    _flood("acknowledgements-by-the-thousand", (Door.WEBSOCKET,), _MEMBER, Message("43${ns}9[]")),
    _flood("pongs-by-the-thousand", (Door.WEBSOCKET,), (Who.STRANGER, Who.MEMBER), Message("3")),
    _flood("pings-by-the-thousand", (Door.WEBSOCKET, Door.NATIVE), _MEMBER, Frame(0x89, "x")),
    _flood("fragments-of-nothing", (Door.WEBSOCKET,), _STRANGER, Frame(0x01), *([Frame(0x00)] * 50), Frame(0x80, "6")),
)
