"""Packets of Socket.IO: what clients may say, read by python-socketio's codec, and what is said to them. No I/O.

Quotations are from the Socket.IO protocol, version 5.
"""

import re
from typing import Any, Final, NamedTuple

import orjson
from socketio import packet

from ..delivery.emission import Emission
from .payloads import MESSAGE, ProtocolError

CONNECT: Final = packet.CONNECT
DISCONNECT: Final = packet.DISCONNECT
CONNECT_ERROR: Final = packet.CONNECT_ERROR
ACK: Final = packet.ACK
EVENTS: Final = (packet.EVENT, packet.BINARY_EVENT)
BINARY: Final = (packet.BINARY_EVENT, packet.BINARY_ACK)
RESERVED: Final = frozenset(
    {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}
)
"""Names that no client may send as an event; the official server closes the connection, and so do we."""
_FROM_CLIENTS: Final = (CONNECT, DISCONNECT, ACK, packet.BINARY_ACK, *EVENTS)
_SPOKEN: Final = re.compile(r"2(?:(/[^,?]*)(?:\?[^,]*)?,?)?([0-9]{0,18})(.*)", re.DOTALL)
"""An EVENT packet: the namespace if it is not `/`, an id where an acknowledgement is asked for, and the event."""
_HEADER: Final = re.compile(r"(?:[0-4]|[56][1-9][0-9]{0,2}-)(?:/[^,]*(?:,|\Z)|(?!/))[0-9]{0,99}(?![\d-])")
"""What packets begin with: python-socketio takes attachments of those that have none, and digits of any script."""


class Packet(packet.Packet):  # type: ignore[misc]  # socketio ships no types
    """python-socketio takes a placeholder without a number, and one that counts from the end.

    "num" is "the index of the attachment"; the official parser refuses any other as "illegal attachments".
    """

    @property
    def place(self) -> str:
        """The namespace."""
        return self.namespace or "/"

    def check_placeholders(self) -> None:
        """Raises ProtocolError where one stands for no attachment that was announced."""
        self.data: Any = self.reconstruct_binary(self.data, [b""] * self.attachment_count)

    @classmethod
    def reconstruct_binary(cls, data: Any, attachments: list[bytes]) -> Any:
        """The data with each placeholder replaced. Raises ProtocolError."""
        if isinstance(data, list):
            return [cls.reconstruct_binary(item, attachments) for item in data]
        if not isinstance(data, dict):
            return data
        if data.get("_placeholder") is not True:
            return {key: cls.reconstruct_binary(item, attachments) for key, item in data.items()}
        number = data.get("num")
        if type(number) is not int or not 0 <= number < len(attachments):
            raise ProtocolError("illegal attachments")
        return attachments[number]


class Spoken(NamedTuple):
    """An event without attachments, of which nothing but the frame has been read."""

    namespace: str
    number: int | None
    """The id of the acknowledgement that is asked for."""
    text: str
    """The name and the argument, which may be anything."""


def spoken(message: str) -> Spoken | None:
    """The event in a message; None where it is another packet, or none."""
    found = _SPOKEN.fullmatch(message)
    return None if found is None else Spoken(found[1] or "/", int(found[2]) if found[2] else None, found[3])


def read(message: str) -> Packet:
    """The packet in a message, before its attachments. Raises ProtocolError where no client may send it."""
    if not _HEADER.match(message):
        raise ProtocolError("no packet of Socket.IO")
    try:
        received = Packet(encoded_packet=message)
        _check(received)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as unreadable:
        raise ProtocolError("no packet of Socket.IO") from unreadable
    return received


def _check(received: Packet) -> None:
    """Raises ProtocolError where a packet may not come from a client, or not with this payload.

    "The payload is mandatory and MUST be a non-empty array. If that's not the case, then the receiver MUST close the
    connection."
    """
    kind, data = received.packet_type, received.data
    if kind not in _FROM_CLIENTS:
        raise ProtocolError("a packet that only the server sends")
    if not received.place.isprintable():
        raise ProtocolError("a namespace that nobody can read")
    if kind in BINARY:
        received.check_placeholders()
    if kind in (CONNECT, DISCONNECT):
        return
    if not isinstance(data, list):
        raise ProtocolError("the payload is an array")
    if kind in EVENTS:
        if not data or not isinstance(data[0], str) or data[0] in RESERVED:
            raise ProtocolError("an event begins with its name")
    elif received.id is None:
        raise ProtocolError("an acknowledgement has an id")


def written(kind: int, namespace: str, data: Any = None, number: int | None = None) -> str:
    """A packet of ours, in its message: none has attachments."""
    payload = "" if data is None else orjson.dumps(data).decode()
    return f"{MESSAGE}{kind}{_place(namespace)}{'' if number is None else number}{payload}"


def event(namespace: str, emission: Emission) -> str:
    """An event of ours, in its message."""
    argument = "" if emission.empty else f",{emission.text}"
    return f"{MESSAGE}{packet.EVENT}{_place(namespace)}[{orjson.dumps(emission.name).decode()}{argument}]"


def _place(namespace: str) -> str:
    """A namespace as a packet has it: "the namespace (if different from the main namespace `/`)"."""
    return "" if namespace == "/" else f"{namespace},"
