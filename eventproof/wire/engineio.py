"""Engine.IO 4 packets: a message of the transport to a packet and back, and the payloads of long-polling.

A message is what one WebSocket message or one record of a polling payload carries: `str` for text, `bytes` for binary.
"""

import json
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from urllib.parse import urlencode

from eventproof.errors import ProtocolViolation, UsageError

from .excerpt import excerpt

__all__ = [
    "PROTOCOL",
    "RECORD_SEPARATOR",
    "Handshake",
    "Message",
    "Packet",
    "PacketType",
    "decode",
    "decode_handshake",
    "decode_payload",
    "encode",
    "encode_payload",
    "query",
]

PROTOCOL = 4
RECORD_SEPARATOR = "\x1e"

Message = str | bytes


class PacketType(IntEnum):
    """The packet types, by their id on the wire."""

    OPEN = 0
    CLOSE = 1
    PING = 2
    PONG = 3
    MESSAGE = 4
    UPGRADE = 5
    NOOP = 6


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet. `bytes` as data are binary, which only MESSAGE carries."""

    type: PacketType
    data: str | bytes = ""


@dataclass(frozen=True, slots=True)
class Handshake:
    """What the server's OPEN packet says. Times are in seconds."""

    sid: str
    upgrades: tuple[str, ...]
    ping_interval: float
    ping_timeout: float
    max_payload: int | None
    """Bytes a polling payload may have; None from servers older than this key."""


_TYPES = {str(int(packet_type)): packet_type for packet_type in PacketType}


def decode(message: Message) -> Packet:
    """The packet that one message carries."""
    if isinstance(message, bytes):
        return Packet(PacketType.MESSAGE, message)
    packet_type = _TYPES.get(message[:1])
    if packet_type is None:
        raise ProtocolViolation(
            "A message is no Engine.IO packet.", expected="a packet type from 0 to 6", observed=excerpt(message)
        )
    return Packet(packet_type, message[1:])


def encode(packet: Packet) -> Message:
    """The message that carries this packet."""
    if isinstance(packet.data, bytes):
        if packet.type is not PacketType.MESSAGE:
            raise UsageError(f"An Engine.IO {packet.type.name} packet carries text, not bytes.")
        return packet.data
    return f"{int(packet.type)}{packet.data}"


def decode_handshake(data: str | bytes) -> Handshake:
    """Read the data of an OPEN packet."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise _no_handshake("a JSON object", data)
    sid, upgrades = document.get("sid"), document.get("upgrades")
    if not isinstance(sid, str) or not sid:
        raise _no_handshake("sid: a string that is not empty", data)
    if not isinstance(upgrades, list) or not all(isinstance(name, str) for name in upgrades):
        raise _no_handshake("upgrades: an array of strings", data)
    max_payload = document.get("maxPayload")
    return Handshake(
        sid=sid,
        upgrades=tuple(upgrades),
        ping_interval=_milliseconds(document, "pingInterval", data) / 1000,
        ping_timeout=_milliseconds(document, "pingTimeout", data) / 1000,
        max_payload=None if max_payload is None else int(_milliseconds(document, "maxPayload", data)),
    )


def encode_payload(messages: Iterable[Message]) -> str:
    """One body of long-polling: messages joined by the record separator, binary ones as base64 after a `b`."""
    return RECORD_SEPARATOR.join(
        "b" + b64encode(message).decode("ascii") if isinstance(message, bytes) else message for message in messages
    )


def decode_payload(payload: str, *, max_messages: int = 10_000) -> Iterator[Message]:
    """The messages in one body of long-polling, each decoded as it is taken."""
    records = payload.split(RECORD_SEPARATOR, max_messages)
    if len(records) > max_messages:
        raise ProtocolViolation(
            "A polling payload has too many packets.", expected=f"at most {max_messages}", observed="more than that"
        )
    for record in records:
        yield _from_base64(record) if record.startswith("b") else record


def query(transport: str, sid: str | None = None, further: Mapping[str, str] | None = None) -> str:
    """The query string of a request: `EIO`, `transport` and, once there is one, `sid`, behind `further` parameters."""
    parameters = {**(further or {}), "EIO": str(PROTOCOL), "transport": transport}
    if sid is not None:
        parameters["sid"] = sid
    return urlencode(parameters)


def _from_base64(record: str) -> bytes:
    try:
        return b64decode(record[1:], validate=True)
    except (Base64Error, ValueError):
        raise ProtocolViolation(
            "A binary packet of a polling payload is not base64.", expected="b, then base64", observed=excerpt(record)
        ) from None


def _milliseconds(document: dict[str, Any], key: str, data: str | bytes) -> float:
    value = document.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        raise _no_handshake(f"{key}: a number that is not negative", data)
    return value


def _no_handshake(expected: str, data: str | bytes) -> ProtocolViolation:
    return ProtocolViolation("An Engine.IO OPEN packet is not valid.", expected=expected, observed=excerpt(data))
