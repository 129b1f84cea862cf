"""What Engine.IO 4 and Socket.IO 5 forbid in a packet, and what no packet means: sent over either transport."""

from collections.abc import Iterator
from typing import Final

from .attack import TEN, Attack, Binary, Door, Force, Kind, Message, Sent, Who

__all__ = ["ATTACKS"]

_BOTH = (Door.WEBSOCKET, Door.POLLING)
_ANYBODY = (Who.STRANGER, Who.MEMBER)
_MEMBER = (Who.MEMBER,)
_TYPES = "Engine.IO, protocol: a packet has one of the types 0 (open) to 6 (noop)."
_PAYLOAD = (
    "Socket.IO, EVENT: the payload is mandatory and MUST be a non-empty array; if that's not the case, the receiver "
    "MUST close the connection."
)
_FORMAT = (
    "Socket.IO, packet encoding: <packet type>[<# of binary attachments>-][<namespace>,][<acknowledgment id>][JSON]"
)
_BINARY = (
    "Socket.IO, BINARY_EVENT: as many attachments follow as its packet says; each placeholder is the index of one."
)
_FIRST = "Socket.IO: at the beginning of a Socket.IO session, the client MUST send a CONNECT packet."
_HALVES = "socket.io-parser looks for a number within bounds, and not for a whole one"
_RESERVED = "such names are the libraries' own, and reach the handlers that they have for them"


def _attack(
    kind: Kind,
    name: str,
    breaks: str,
    *sends: Sent,
    who: tuple[Who, ...] = _MEMBER,
    tolerated: str = "",
    last: bool = False,
    full: Force = TEN,
) -> Attack:
    return Attack(name, kind, breaks, sends, _BOTH, who, tolerated, last=last, full=full)


def _engine() -> Iterator[Attack]:
    for name, text in {
        "packet-type-7": "7",
        "packet-type-9-with-a-message": "9$said",
        "packet-without-a-type": "hello",
        "packet-of-nothing": "",
        "packet-of-control-characters": "\x00\x01\x7f\x1b[2J",
        "open-from-a-client": '0{"sid":"of-my-own","upgrades":[],"pingInterval":1,"pingTimeout":1}',
        "ping-from-a-client": "2",
        "upgrade-of-nothing": "5",
        "message-of-nothing": "4",
    }.items():
        yield _attack(Kind.ENGINE, name, _TYPES, Message(text), who=_ANYBODY)


def _packets() -> Iterator[Attack]:
    for name, text in {
        "event-before-connect": "$said",
        "acknowledgement-before-connect": "43${ns}5[]",
        "disconnect-before-connect": "41$ns",
        "attachments-before-connect": "451-${ns}$id[$event]",
    }.items():
        yield _attack(Kind.PACKET, name, _FIRST, Message(text), who=(Who.STRANGER,))
    for name, text in {
        "socket-type-7": "47$ns$id[$event]",
        "event-in-a-namespace-never-joined": "42/never-joined,$id[$event]",
        "connect-with-a-number": "40${ns}5",
        "connect-with-broken-json": '40$ns{"token":',
        "connect-error-from-a-client": '44$ns{"message":"no"}',
        "acknowledgement-without-id": "43$ns[]",
        "acknowledgement-of-nothing": "43${ns}99[]",
        "acknowledgement-that-is-no-array": '43${ns}1{"a":1}',
        "id-of-thirty-digits": "42${ns}" + "9" * 30 + "[$event]",
        "id-below-zero": "42$ns-$id[$event]",
        "namespace-of-10000-characters": "40/" + "n" * 10_000 + ",{}",
    }.items():
        yield _attack(Kind.PACKET, name, _FORMAT, Message(text))
    yield _attack(
        Kind.PACKET,
        "second-connect",
        "Socket.IO: a namespace is joined once.",
        Message("40$ns$auth"),
        full=Force(10, 5),
    )
    yield _attack(
        Kind.PACKET,
        "event-behind-disconnect",
        "Socket.IO: DISCONNECT leaves the namespace.",
        Message("41$ns"),
        Message("$said"),
        last=True,
    )
    for name, text in {
        "event-without-payload": "42$ns$id",
        "event-that-is-an-object": '42$ns$id{"0":$name}',
        "event-that-is-a-text": "42$ns$id$name",
        "event-of-an-empty-array": "42$ns$id[]",
        "event-named-null": "42$ns$id[null,$event]",
        "event-named-by-an-array": "42$ns$id[[$event]]",
        "event-of-broken-json": "42$ns$id[$event",
        "event-with-something-behind": "42$ns$id[$event]]",
        "event-of-json-in-single-quotes": "42$ns$id['$event']",
    }.items():
        yield _attack(Kind.PACKET, name, _PAYLOAD, Message(text))
    for name in ("connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"):
        yield _attack(
            Kind.PACKET,
            f"event-named-{name}",
            "Socket.IO: the names that the libraries use for themselves are reserved.",
            Message(f'42$ns$id["{name}"]'),
            tolerated=_RESERVED,
        )
    for name, text in {
        "event-named-by-half-a-surrogate-pair": r'42${ns}73["\ud800"]',
        "event-nested-5000-deep": '42${ns}73["deep",' + "[" * 5_000 + "]" * 5_000 + "]",
        "event-with-a-number-of-5000-digits": '42${ns}73["long",' + "9" * 5_000 + "]",
        "event-that-names-prototypes": '42${ns}73["__proto__",{"__proto__":{"admin":1},"constructor":{"prototype":1}}]',
        "event-with-nan": '42${ns}73["nan",NaN,Infinity]',
    }.items():
        yield _attack(Kind.PACKET, name, "RFC 8259, and what a parser of JSON may refuse.", Message(text))


def _attachments() -> Iterator[Attack]:
    yield _attack(Kind.ATTACHMENT, "attachment-that-never-comes", _BINARY, Message("451-$ns$id[$event]"), last=True)
    yield _attack(
        Kind.ATTACHMENT,
        "attachment-of-a-placeholder-that-never-comes",
        _BINARY,
        Message('451-$ns$id[$event,{"_placeholder":true,"num":0}]'),
        last=True,
    )
    yield _attack(
        Kind.ATTACHMENT,
        "text-in-place-of-an-attachment",
        _BINARY,
        Message('451-$ns$id[$event,{"_placeholder":true,"num":0}]'),
        Message('42${ns}73["between"]'),
        tolerated="python-socketio takes a text as the attachment",
    )
    yield _attack(Kind.ATTACHMENT, "attachment-that-nobody-announced", _BINARY, Binary("\x00\x01\x02"), who=_ANYBODY)
    yield _attack(
        Kind.ATTACHMENT,
        "event-as-an-attachment-that-nobody-announced",
        _BINARY,
        Binary("2$ns$id[$event]"),
        who=_ANYBODY,
    )
    yield _attack(
        Kind.ATTACHMENT, "packet-as-an-attachment-that-nobody-announced", _BINARY, Binary("$said"), who=_ANYBODY
    )
    yield _attack(
        Kind.ATTACHMENT,
        "attachment-beyond-those-announced",
        _BINARY,
        Message('451-${ns}73["two",{"_placeholder":true,"num":0}]'),
        Binary("one"),
        Binary("2$ns$id[$event]"),
    )
    for name, number in {"minus-one": "-1", "five": "5", "a-text": '"0"', "a-half": "0.5", "null": "null"}.items():
        yield _attack(
            Kind.ATTACHMENT,
            f"placeholder-{name}",
            _BINARY,
            Message(f'451-$ns$id[$event,{{"_placeholder":true,"num":{number}}}]'),
            Binary("one"),
            tolerated=_HALVES if name == "a-half" else "",
        )
    for name, count in {"a-billion": "999999999-", "minus-one": "-1-", "no-number": "x-", "no-dash": ""}.items():
        yield _attack(Kind.ATTACHMENT, f"attachments-counted-by-{name}", _FORMAT, Message(f"45{count}$ns$id[$event]"))
    yield _attack(
        Kind.ATTACHMENT,
        "attachments-of-a-connect",
        _FORMAT,
        Message("4016-/elsewhere,{}"),
        *([Binary("x" * 1000)] * 3),
        who=(Who.STRANGER,),
    )


ATTACKS: Final = (*_engine(), *_packets(), *_attachments())
