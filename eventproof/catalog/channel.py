"""A channel, as its contract has it: where events go, and how its clients begin and are greeted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .placeholders import PLACEHOLDER

__all__ = ["Channel", "ClientLimits", "Heartbeat", "Opening", "Wire"]


class Wire(StrEnum):
    """The protocol of a channel."""

    SOCKET_IO = "socket.io"
    SSE = "sse"
    WEBSOCKET = "websocket"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The server's event that shows a connection to be alive, and the client's that answers it."""

    event: str
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """The event that every client sends on a new connection; `{role}` in its argument is that of its session."""

    event: str
    argument: Any = None


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """How much a client may say on one connection; 0 where the contract sets no limit."""

    events_a_second: int = 0
    event_bytes: int = 0
    """Of one event, as a client's encoder writes it: name and argument in JSON."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Where events go: a Socket.IO namespace, the path of a stream, or the path of a native WebSocket."""

    name: str
    wire: Wire
    address: str
    auth: Mapping[str, str] = field(default_factory=lambda: {"token": "{token}"}, hash=False)
    """What a client of Socket.IO sends in CONNECT, `{token}` in it standing for the session's token."""
    name_at: str | None = None
    """Where a message has its event's name: a JSON pointer; None: where the wire has it."""
    greeting: str | None = None
    """The first event of every connection."""
    heartbeat: Heartbeat | None = None
    room: str | None = None
    """The room of its connections, beside those of their users, with the address's parameters in it."""
    opening: Opening | None = None
    roles: tuple[str, ...] = ()
    """The roles of those whom it is for; none: every session."""
    envelope: str | None = None
    """Where an event has what it says: a JSON pointer; None: its whole argument says it."""
    refused_with: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The codes with which it refuses bad tokens, by what is bad about them; `otherwise` stands for all others."""

    limits: ClientLimits = ClientLimits()
    """What is beyond them is refused."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """What the address needs the values of: `{planId}`."""
        return tuple(PLACEHOLDER.findall(self.address))

    def refusal_of(self, token: str) -> str | None:
        """The code with which such a token is refused; None where the contract gives none."""
        return self.refused_with.get(token, self.refused_with.get("otherwise"))

    @property
    def unasked(self) -> frozenset[str]:
        """The names of what the server tells every connection of its own accord."""
        beats = (self.heartbeat.event,) if self.heartbeat else ()
        return frozenset(name for name in (self.greeting, *beats) if name)
