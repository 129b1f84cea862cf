"""Packets of Engine.IO, and the payloads in which polling has several of them. No I/O.

Quotations are from the Engine.IO protocol, version 4.
"""

import base64
import binascii
from collections.abc import Iterable
from typing import Final

from .allowance import Kind
from .frames import Message

OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP = "0123456"
SEPARATOR: Final = "\x1e"
_JOINS: Final = ("40", "41")
"""CONNECT and DISCONNECT of Socket.IO."""


class ProtocolError(Exception):
    """The client sent what the protocol forbids; the session ends."""


def kind(packet: Message) -> Kind:
    """What a packet counts as where its client may say so many."""
    if isinstance(packet, str):
        if packet[:2] in _JOINS:
            return Kind.JOIN
        if packet[:1] == PONG:
            return Kind.HEARTBEAT
    return Kind.PACKET


def joined(packets: Iterable[Message]) -> str:
    """A payload of these: "Binary payloads MUST be base64-encoded and prefixed with a `b` character"."""
    return SEPARATOR.join(
        packet if isinstance(packet, str) else "b" + base64.b64encode(packet).decode() for packet in packets
    )


def decoded(packet: str) -> Message:
    """One packet of a payload. Raises ProtocolError."""
    if not packet.startswith("b"):
        return packet
    try:
        return base64.b64decode(packet[1:], validate=True)
    except (binascii.Error, ValueError):
        raise ProtocolError("base64") from None
