"""What became of an attack, and what a server said on its connection: read here, without I/O."""

from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from eventproof.acknowledgement import is_refusal
from eventproof.errors import ProtocolViolation
from eventproof.wire import engineio, socketio

from .attack import ASKED, TWIN, Attack, Door, Who

__all__ = ["End", "Heard", "Outcome"]


class End(StrEnum):
    """How an attack's connection was when it was last looked at."""

    ENDED = "ended"
    REFUSED = "refused"
    OPEN = "stayed open"
    UNMADE = "could not be made"
    """There was no connection on which it could be made."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attack on one connection."""

    attack: Attack
    door: Door
    who: Who
    end: End
    said: str = ""
    """In words: the status, the close code, or why it could not be made."""
    acknowledged: tuple[Any, ...] | None = None
    """What the event in it was acknowledged with, unless that says no."""
    twin: bool | None = None
    """Whether the good event behind it was acknowledged; None where none was to come."""

    @property
    def reached_a_handler(self) -> bool:
        """Whether an event in it reached a handler that it must not reach."""
        return self.acknowledged is not None and not self.attack.tolerated

    @property
    def is_unproven(self) -> bool:
        """Whether an event in it may still reach a handler: its connection is open, and says nothing any more."""
        return self.attack.asks and self.end is End.OPEN and self.twin is False

    def __str__(self) -> str:
        said = f" ({self.said})" if self.said else ""
        told = "" if self.acknowledged is None else f", and its event was acknowledged: {str(self.acknowledged)[:120]}"
        return f"{self.attack.name} over {self.door} by {self.who}: {self.end}{said}{told}"


class Heard:
    """What a session of Engine.IO has said so far of one namespace."""

    def __init__(self, namespace: str) -> None:
        self.sid = ""
        self.connected = False
        self.refused = ""
        self._namespace = namespace
        self._decoder = socketio.PacketDecoder()
        self._acknowledged: dict[int, tuple[Any, ...]] = {}

    def take(self, message: str | bytes) -> str:
        """Take one message; what has to be answered at once, or an empty text. What is malformed is passed over."""
        if message == "2":
            return "3"
        with suppress(ProtocolViolation):
            self._take(engineio.decode(message))
        return ""

    def payload(self, payload: bytes) -> str:
        """Take the body of a poll; what has to be answered at once, as for one message."""
        answer = ""
        with suppress(ProtocolViolation, UnicodeDecodeError):
            for message in engineio.decode_payload(payload.decode()):
                answer = self.take(message) or answer
        return answer

    @property
    def acknowledged(self) -> tuple[Any, ...] | None:
        """What the event of the attack was acknowledged with, unless that says no."""
        said = self._acknowledged.get(ASKED)
        return None if said is None or is_refusal(said) else said

    @property
    def twin(self) -> bool:
        """Whether the good event behind it was acknowledged."""
        return TWIN in self._acknowledged

    def _take(self, packet: engineio.Packet) -> None:
        if packet.type is engineio.PacketType.OPEN:
            self.sid = engineio.decode_handshake(packet.data).sid
        if packet.type is not engineio.PacketType.MESSAGE:
            return
        inner = self._decoder.feed(packet.data)
        if inner is None or inner.namespace != self._namespace:
            return
        match inner.type:
            case socketio.PacketType.CONNECT:
                self.connected = True
            case socketio.PacketType.CONNECT_ERROR:
                self.refused = str(inner.data)[:200]
            case socketio.PacketType.ACK | socketio.PacketType.BINARY_ACK if inner.id is not None:
                self._acknowledged[inner.id] = tuple(inner.data)
