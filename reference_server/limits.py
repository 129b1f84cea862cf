"""How much of anything one client may use, and how long it may take: on the whole server, and by system.

One table: the fields of `Limits`. Each says its value, what it means, what it may be, and its option where it has one.
`settings.py` checks by it, the command line takes its options from it, `--limits` and `docs/limits.md` are written from
it. Whoever adds a limit adds a field.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from typing import Any, Final

_OTHERWISE: Final[Mapping[str, Mapping[str, Any]]] = {"studyspot": {"events_a_second": 100}}
"""What is otherwise where nothing else is said: a portal joins the rooms of all libraries that it shows at once."""


class Unit(Enum):
    """What a limit counts; the value is how it is written behind a number."""

    SECONDS = "s"
    BYTES = "bytes"
    COUNT = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """One line of the table; `value` is what holds, or None where the contracts say it."""

    name: str
    value: float | None
    unit: Unit
    meaning: str
    least: float
    """The smallest value that works; a time is only above it."""
    most: float
    option: str | None
    by_system: bool
    """Whether one system may have it otherwise than the rest. All others are of a transport, which systems share."""

    @property
    def setting(self) -> str:
        """Where it is set in the configuration."""
        return f"[limits] {self.name}"

    @property
    def shown(self) -> str:
        """The value, as people read it."""
        if self.value is None:
            return "the contract's"
        return f"{self.value:.12g} {self.unit.value}".strip()

    def wants(self) -> str:
        """What the setting takes, in words."""
        if self.unit is Unit.SECONDS:
            return f"a number above {self.least:.0f} and below {self.most:.0f}"
        return f"a whole number from {self.least:.0f} to {self.most - 1:.0f}"

    def takes(self, value: Any) -> bool:
        """Whether this may be the value: a number that is not too small, nor beyond what anybody could mean."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if self.unit is Unit.SECONDS:
            return self.least < value < self.most
        return isinstance(value, int) and self.least <= value < self.most


def _limit(
    value: float | None, unit: Unit, meaning: str, *, least: int = 1, option: str | None = None, by_system: bool = False
) -> Any:
    """A field of the table. A size or a number is at least `least`; a time is above 0."""
    a_time = unit is Unit.SECONDS
    line = Limit("", value, unit, meaning, 0 if a_time else least, 1e9 if a_time else 2**31, option, by_system)
    return field(default=value, metadata={"limit": line})


def seconds(value: float | None, meaning: str, *, option: str | None = None, by_system: bool = False) -> Any:
    """A time; None: as the contract of each event says."""
    return _limit(value, Unit.SECONDS, meaning, option=option, by_system=by_system)


def size(value: int, meaning: str, *, by_system: bool = False) -> Any:
    """A number of bytes."""
    return _limit(value, Unit.BYTES, meaning, by_system=by_system)


def count(value: int, meaning: str, *, least: int = 1, by_system: bool = False) -> Any:
    """A number of things."""
    return _limit(value, Unit.COUNT, meaning, least=least, by_system=by_system)


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds. Sizes in bytes, times in seconds."""

    # Connections of every kind.
    max_connections: int = count(
        50_000,
        "Connections that are open at once, of every kind; fewer where the process may open fewer files. Beyond it, "
        "HTTP connections that wait for their clients are closed, those first that have not logged in and have waited "
        "longest, and nobody comes to stay until one leaves.",
    )
    head_timeout: float = seconds(
        10.0,
        "How long a client may take to read an answer and to send the whole head of its first or its next request; "
        "an idle connection ends with it. Answers tell clients to let go after nine tenths (`Keep-Alive`).",
    )
    max_target: int = size(32 * 1024, "The first line of a request: its method, its target and its version.")
    max_header: int = size(8190, "One header of a request.")
    max_headers: int = count(128, "The headers of a request.")
    max_body: int = size(64 * 1024, "The body of a call.")
    body_timeout: float = seconds(10.0, "How long a body may take to arrive.")
    call_timeout: float = seconds(
        10.0,
        "How long the store may take over a call, a connection or an event: then it is refused as unavailable, and "
        "whether it was done is to be asked.",
    )
    max_changes: int = count(
        1000,
        "Changes that may be under way or wait for the store at once; beyond it, calls are refused as unavailable.",
    )
    close_timeout: float = seconds(
        0.5, "How long a client may take to answer the closing handshake before its connection is cut."
    )
    linger: float = seconds(
        5.0,
        "How long a closed polling session is kept for the request that fetches its last messages, and a closed stream "
        "or WebSocket for what was sent there before.",
    )

    # Heartbeats.
    ping_interval: float = seconds(30.0, "From one ping to the next.", option="--heartbeat-interval")
    ping_timeout: float = seconds(
        30.0,
        "For the answer to a ping; after both, a client that gives no sign of life is let go.",
        option="--heartbeat-timeout",
    )
    connect_timeout: float = seconds(10.0, "How long an Engine.IO connection may belong to no namespace.")
    stream_comment: float = seconds(
        15.0, "How often an idle stream carries a comment, which keeps proxies from closing it."
    )

    # What clients say.
    max_message: int = size(128 * 1024, "A message from a client, and the body of a polling request.")
    max_packets: int = count(1000, "The packets in the body of one polling request.")
    max_attachments: int = count(
        16, "The attachments that an event may announce; none of them is kept, as no contract has any.", least=0
    )
    attachment_timeout: float = seconds(10.0, "How long the attachments that an event announces may take to come.")
    max_event: int = size(64 * 1024, "An event from a client.", by_system=True)
    events_a_second: int = count(10, "Events from one connection within any second.", by_system=True)
    max_rooms: int = count(100, "The rooms that one connection may be in.")

    # Those who have not logged in.
    max_strangers: int = count(
        20_000,
        "Sessions of Socket.IO that have not logged in, fewer than `max_connections` in any case; beyond that the "
        "oldest are closed.",
    )
    stranger_packets: int = count(
        32, "Packets and requests in any minute of a session that has not logged in; it is closed beyond."
    )
    stranger_bytes: int = size(64 * 1024, "What the packets of such a session may be together in any minute.")
    max_refusals: int = count(10, "How often a session may be refused in any minute before it is closed.")
    stranger_turn: float = seconds(
        0.002, "Work for all who have not logged in gives way to everything else after that."
    )

    # How fast those are read who have logged in; five seconds' worth of each may come at once.
    packets_a_second: int = count(
        200,
        "Events, acknowledgements, messages and empty packets of one connection; where more events may come, so many "
        "packets may.",
    )
    joins_a_second: int = count(5, "CONNECT and DISCONNECT packets of one connection.")
    heartbeats_a_second: int = count(20, "Pings and pongs of each protocol, and probes, of one connection.")
    requests_a_second: int = count(
        50, "Polling requests of one session; it is closed where three seconds' worth of them wait."
    )
    bytes_a_second: int = size(
        2 * 1024 * 1024, "All that one connection says; where events that may come can have more, so many bytes may."
    )
    turn: float = seconds(0.004, "Work on packets gives way to everything else after that.")

    # What clients are told.
    max_backlog: int = size(512 * 1024, "What may wait for one reader who is slow; one for whom more waits is cut off.")
    max_waiting: int = count(1000, "Events that may wait for one connection while it is being welcomed.")
    replay_window: float = seconds(
        300.0, "For which missed events can be caught up with.", option="--replay-window", by_system=True
    )
    max_replay: int = count(200, "Events that are sent to one who comes back.", least=0, by_system=True)
    max_replay_size: int = size(256 * 1024, "The events that are sent to one who comes back.", by_system=True)
    ack_first: float | None = seconds(
        None, "Until what is not acknowledged is sent again.", option="--ack-first", by_system=True
    )
    ack_within: float | None = seconds(
        None, "For which it is sent again at all.", option="--ack-within", by_system=True
    )

    # Logins.
    login_window: float = seconds(60.0, "For which wrong passwords count, of one account and of one address.")
    login_tries: int = count(10, "Wrong passwords for one account from one address within the window.")
    login_tries_address: int = count(
        300, "Wrong passwords from one address within the window; who logged in from there before is let in still."
    )
    login_tries_account: int = count(
        100, "Wrong passwords for one account within an hour; beyond it, each address has one try a window."
    )
    logins_remembered: int = count(10_000, "Accounts and addresses of which wrong passwords are remembered, of each.")
    logins_at_once: int = count(2, "Passwords that are verified at once.")
    logins_waiting: int = count(
        512, "Logins that wait for that; where there are more, the address with most of them is put off."
    )
    clock_leeway: float = seconds(
        3600.0, "How far ahead of the clock the time may be at which a token was issued: for a clock that stepped back."
    )

    by_system: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: _OTHERWISE, hash=False)
    """By system, what it has otherwise, of those that may be."""

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

    def lines(self) -> Iterator[Limit]:
        """The table, with the values that hold."""
        for entry in fields(self):
            if "limit" in entry.metadata:
                yield replace(entry.metadata["limit"], name=entry.name, value=getattr(self, entry.name))


LIMITS: Final[Mapping[str, Limit]] = {line.name: line for line in Limits().lines()}
"""The table as it comes, by the names of its lines."""
