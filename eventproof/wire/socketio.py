"""Socket.IO 5 packets: Engine.IO message data to packets and back, binary attachments included.

A packet with attachments is a text, then as many binary messages; `PacketDecoder` puts them back in their places.
"""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from eventproof.errors import ProtocolViolation, UsageError

from .excerpt import excerpt

__all__ = ["Packet", "PacketDecoder", "PacketType", "depth", "encode"]


class PacketType(IntEnum):
    """The packet types, by their id on the wire."""

    CONNECT = 0
    DISCONNECT = 1
    EVENT = 2
    ACK = 3
    CONNECT_ERROR = 4
    BINARY_EVENT = 5
    BINARY_ACK = 6


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet. `data` is JSON, with `bytes` where there were attachments; None where there is no payload."""

    type: PacketType
    namespace: str = "/"
    data: Any = None
    id: int | None = None


_TYPES = {str(int(packet_type)): packet_type for packet_type in PacketType}
_BINARY = {PacketType.EVENT: PacketType.BINARY_EVENT, PacketType.ACK: PacketType.BINARY_ACK}
_LONG = 500
"""Characters from which on it is worth telling what else a payload in JSON may be refused for."""
_HEADER = re.compile(r"([0-6])(?:([0-9]{1,9})-)?(?:(/[^,]*),)?([0-9]{1,16})?")


def encode(packet: Packet) -> list[str | bytes]:
    """The packet's text and, after it, its attachments.

    EVENT and ACK become BINARY_EVENT and BINARY_ACK where their data hold bytes.
    """
    attachments: list[str | bytes] = []

    def placeholder(value: object) -> dict[str, Any]:
        if not isinstance(value, bytes | bytearray | memoryview):
            raise TypeError(f"a value of type {type(value).__name__}")
        attachments.append(bytes(value))
        return {"_placeholder": True, "num": len(attachments) - 1}

    payload = ""
    if packet.data is not None:
        try:
            payload = json.dumps(
                packet.data, default=placeholder, ensure_ascii=False, allow_nan=False, separators=(",", ":")
            )
            payload.encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise UsageError(f"This cannot be sent as JSON: {error}.") from None
    packet_type = packet.type
    if attachments:
        if packet_type not in _BINARY and packet_type not in _BINARY.values():
            raise UsageError(f"A Socket.IO {packet_type.name} packet carries no bytes.")
        packet_type = _BINARY.get(packet_type, packet_type)
    count = f"{len(attachments)}-" if packet_type in _BINARY.values() else ""
    namespace = "" if packet.namespace == "/" else f"{packet.namespace},"
    number = "" if packet.id is None else packet.id
    return [f"{int(packet_type)}{count}{namespace}{number}{payload}", *attachments]


class PacketDecoder:
    """Puts messages together to packets, of at most `max_attachments` and nested at most `max_depth` deep.

    `loads` parses the JSON: a faster parser may be given, and what it refuses (ValueError) is tried with our own, which
    takes half a surrogate pair as text, as the parsers of most languages do.
    After a ProtocolViolation the decoder is as if it were new.
    """

    __slots__ = ("_attachments", "_awaited", "_loads", "_max_attachments", "_max_depth", "_packet")

    def __init__(
        self, *, loads: Callable[[str], Any] | None = None, max_attachments: int = 64, max_depth: int = 100
    ) -> None:
        self._loads = loads or _loads
        self._max_attachments = max_attachments
        self._max_depth = max_depth
        self._packet: Packet | None = None
        self._awaited = 0
        self._attachments: list[bytes] = []

    def feed(self, message: str | bytes) -> Packet | None:
        """Take the data of one Engine.IO MESSAGE; give the packet that it completes, if it does."""
        if isinstance(message, bytes):
            return self._attach(message)
        if self._packet is not None:
            missing = self._awaited - len(self._attachments)
            self._forget()
            raise ProtocolViolation(
                "Attachments of a Socket.IO packet are missing.",
                expected=f"{missing} more binary message(s)",
                observed=excerpt(message),
            )
        packet, attachments = self._parse(message)
        if not attachments:
            return packet
        self._packet, self._awaited = packet, attachments
        return None

    def plain(self, payload: str) -> list[Any] | None:
        """The payload of an event, where it is a plain one and no other packet waits for its attachments; else None."""
        if self._packet is not None:
            return None
        try:
            data = self._loads(payload)
        except (ValueError, RecursionError):
            return None
        is_event = isinstance(data, list) and data and isinstance(data[0], str)
        return data if is_event and payload.count("[") + payload.count("{") <= self._max_depth else None

    def _parse(self, message: str) -> tuple[Packet, int]:
        header = _HEADER.match(message)
        if header is None:
            raise _violation("a packet type from 0 to 6", message)
        kind, count, namespace, number = header.groups()
        packet_type = _TYPES[kind]
        attachments = 0
        if packet_type >= PacketType.BINARY_EVENT:
            if count is None:
                raise _violation(f"the number of attachments of a {packet_type.name}", message)
            attachments = int(count)
            if attachments > self._max_attachments:
                raise _violation(f"at most {self._max_attachments} attachments", message)
        elif count is not None:
            raise _violation(f"no attachments for {packet_type.name}", message)
        data = None
        start = header.end()
        if start < len(message):
            data = self._read(message[start:] if start else message)
            brackets = message.count("[") + message.count("{")
            if brackets > self._max_depth and depth(data) > self._max_depth:
                raise _violation(f"at most {self._max_depth} values inside one another", message)
        packet = Packet(packet_type, namespace or "/", data, None if number is None else int(number))
        expected = _SHAPES[packet_type](packet)
        if expected:
            raise _violation(expected, message)
        return packet, attachments

    def _read(self, payload: str) -> Any:
        """The payload. Raises ProtocolViolation, also for what is JSON and no parser of Python takes."""
        for loads in dict.fromkeys((self._loads, _loads)):
            with suppress(ValueError, RecursionError):
                return loads(payload)
        expected = "a payload in JSON, nested at most 100 deep and without numbers of thousands of digits"
        raise _violation(expected if len(payload) > _LONG else "a payload in JSON", payload)

    def _attach(self, attachment: bytes) -> Packet | None:
        packet = self._packet
        if packet is None:
            raise ProtocolViolation(
                "A binary message came that belongs to no Socket.IO packet.",
                expected="the text of a packet",
                observed=excerpt(attachment),
            )
        self._attachments.append(attachment)
        if len(self._attachments) < self._awaited:
            return None
        attachments = self._attachments
        self._forget()
        return Packet(packet.type, packet.namespace, _filled(packet.data, attachments), packet.id)

    def _forget(self) -> None:
        self._packet, self._awaited, self._attachments = None, 0, []


def depth(value: Any) -> int:
    """How many arrays and objects lie inside one another, found without recursion."""
    depth = 0
    level = [value]
    while level := [
        item
        for holder in level
        if isinstance(holder, list | dict)
        for item in (holder if isinstance(holder, list) else holder.values())
    ]:
        depth += 1
    return depth


def _filled(value: Any, attachments: list[bytes]) -> Any:
    """The value with its placeholders replaced by what they stand for."""
    if isinstance(value, list):
        return [_filled(item, attachments) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("_placeholder") is True:
        number = value.get("num")
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < len(attachments):
            raise ProtocolViolation(
                "A placeholder of a Socket.IO packet names no attachment.",
                expected=f"a num from 0 to {len(attachments) - 1}",
                observed=repr(number)[:120],
            )
        return attachments[number]
    return {key: _filled(item, attachments) for key, item in value.items()}


def _event_shape(packet: Packet) -> str:
    """What is wrong with an EVENT: "The payload is mandatory and MUST be a non-empty array"."""
    data = packet.data
    well_formed = isinstance(data, list) and data and isinstance(data[0], str)
    return "" if well_formed else "an array that begins with the event's name"


def _ack_shape(packet: Packet) -> str:
    """What is wrong with an ACK: "The payload is mandatory and MUST be an array (possibly empty)"."""
    if packet.id is None:
        return "the id of the acknowledged event"
    return "" if isinstance(packet.data, list) else "an array"


def _connect_shape(packet: Packet) -> str:
    if packet.id is not None:
        return "no acknowledgement id in a CONNECT"
    return "" if packet.data is None or isinstance(packet.data, dict) else "an object or no payload"


def _refusal_shape(packet: Packet) -> str:
    if packet.id is not None:
        return "no acknowledgement id in a CONNECT_ERROR"
    return "" if isinstance(packet.data, dict | str) else "an object that says why"


def _disconnect_shape(packet: Packet) -> str:
    return "" if packet.data is None and packet.id is None else "no payload in a DISCONNECT"


_SHAPES: dict[PacketType, Callable[[Packet], str]] = {
    PacketType.CONNECT: _connect_shape,
    PacketType.DISCONNECT: _disconnect_shape,
    PacketType.EVENT: _event_shape,
    PacketType.ACK: _ack_shape,
    PacketType.CONNECT_ERROR: _refusal_shape,
    PacketType.BINARY_EVENT: _event_shape,
    PacketType.BINARY_ACK: _ack_shape,
}
"""For each type what its fields must be: the expectation that is not met, or nothing."""


def _constant(name: str) -> Any:
    raise ValueError(name)


_loads = json.JSONDecoder(parse_constant=_constant).decode
"""As `json.loads`, without the NaN and Infinity that JSON does not have."""


def _violation(expected: str, message: str) -> ProtocolViolation:
    return ProtocolViolation("A message is no Socket.IO packet.", expected=expected, observed=excerpt(message))
