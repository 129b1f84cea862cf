"""How much of anything one client may use, and how long it may take: on the whole server, and by system."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

BY_SYSTEM: Final = frozenset(
    {"max_event", "events_a_second", "replay_window", "max_replay", "max_replay_size", "ack_first", "ack_within"}
)
"""Those that one system may have otherwise than the rest. All others are of a transport, which systems share."""

_OTHERWISE: Final[Mapping[str, Mapping[str, Any]]] = {"studyspot": {"events_a_second": 100}}
"""What is otherwise where nothing else is said: a portal joins the rooms of all libraries that it shows at once."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds."""

    ping_interval: float = 30.0
    ping_timeout: float = 30.0
    """After both, "60s of no pong", a client that gives no sign of life is let go."""
    connect_timeout: float = 10.0
    """An Engine.IO connection that belongs to no namespace is closed after so long."""
    close_timeout: float = 0.5
    """How long a client may take to answer the closing handshake before its connection is cut."""
    linger: float = 5.0
    """How long a closed polling session is kept for the request that fetches its last messages."""
    head_timeout: float = 10.0
    """How long a client may take to send the head of its first request."""
    max_body: int = 64 * 1024
    body_timeout: float = 10.0
    """How long a body may take to arrive."""
    max_message: int = 128 * 1024
    """A message from a client, and a polling request's body."""
    max_packets: int = 1000
    """In one body of long-polling."""
    max_attachments: int = 16
    """Of one event; none of them is kept, as no contract has any."""
    attachment_timeout: float = 10.0
    """How long the attachments that an event announces may take to come."""
    max_backlog: int = 512 * 1024
    """What may wait for one slow reader."""
    max_connections: int = 50_000
    max_strangers: int = 20_000
    """Sessions of Socket.IO that have not logged in; beyond that the oldest are closed."""
    stranger_packets: int = 32
    """Packets and requests, in any minute, of a session that has not logged in; it is closed beyond."""
    stranger_bytes: int = 64 * 1024
    """What its packets may be together in any minute."""
    max_refusals: int = 10
    """How often a session may be refused in any minute before it is closed."""
    packets_a_second: int = 200
    """Events, acknowledgements, messages and empty packets of one connection that has logged in; it is read no faster.

    Of these rates each, five seconds' worth may come at once. Where more events may come, so many packets may.
    """
    joins_a_second: int = 5
    """CONNECT and DISCONNECT packets of one that has logged in."""
    heartbeats_a_second: int = 20
    """Pings and pongs of each protocol, and probes, of one that has logged in."""
    requests_a_second: int = 50
    """Requests of long-polling of one that has logged in."""
    bytes_a_second: int = 2 * 1024 * 1024
    """All that one says that has logged in."""
    turn: float = 0.004
    """Work on packets gives way to everything else after so long."""
    stranger_turn: float = 0.002
    """Work for all that have not logged in gives way after so long."""
    max_rooms: int = 100
    """The rooms that one connection may be in."""
    stream_comment: float = 15.0
    """An idle stream carries a comment this often, which keeps proxies from closing it."""
    max_event: int = 64 * 1024
    """An event from a client: "Payload size limit: 64KB per event"."""
    events_a_second: int = 10
    """From one connection: "Rate limiting on incoming events (10 events/second max)"."""
    replay_window: float = 300.0
    """What was missed is sent to who comes back for so long: "Send any missed events from last 5 minutes"."""
    max_replay: int = 200
    """Events that are sent to one who comes back."""
    max_replay_size: int = 256 * 1024
    max_waiting: int = 1000
    """Events that may wait for one connection while it is being welcomed."""
    ack_first: float | None = None
    """When an event that is not acknowledged is sent again for the first time; None: as its contract says."""
    ack_within: float | None = None
    """How long after an event it is sent again at all; None: as its contract says."""
    by_system: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: _OTHERWISE, hash=False)
    """By system, what it has otherwise, of those in `BY_SYSTEM`."""

    def of(self, system: str) -> "Limits":
        """The limits that hold for what is said to this system, and for what it says."""
        return replace(self, **self.by_system[system]) if system in self.by_system else self

    @property
    def most_events_a_second(self) -> int:
        """The most events that any system takes from one connection."""
        return max(self.events_a_second, *(self.of(system).events_a_second for system in self.by_system), 0)

    @property
    def longest_window(self) -> float:
        """The longest replay window that any system has."""
        return max(self.replay_window, *(self.of(system).replay_window for system in self.by_system), 0.0)
