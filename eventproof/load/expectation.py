"""What a ledger holds: what is due to somebody, what came for it, and where the two meet."""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import Enum

__all__ = ["Arrival", "Expectation", "Line", "Place", "State"]


class State(Enum):
    """Where an expectation stands; each is in the queue of its place that has this name."""

    PENDING = 1
    DELIVERED = 2
    LOST = 3
    AWAY = 4


@dataclass(slots=True, eq=False)
class Expectation:
    """One event that one recipient is to receive."""

    action: str
    event: str
    recipient: Hashable
    place: "Place"
    line: "Line"
    step: int
    at: float
    """The intended time of the action."""
    deadline: float
    """`inf` while its recipient is away."""
    was_away: bool = False
    """Whether its recipient was away while it was due: how long it took then says nothing of the sender."""
    state: State = State.PENDING
    mark: Hashable = None
    """That of what was received."""
    connection: int = 0
    """On which of its recipient's connections that was."""
    ticket: int = 0
    """The one entry of the ledger's heaps that counts."""


@dataclass(slots=True)
class Line:
    """What one recipient learns of one subject, in the order of its steps."""

    highest: int = -1
    """The latest step of which something was received."""
    length: int = 0
    """How many expectations are in it."""


@dataclass(slots=True)
class Place:
    """All expectations that one receipt cannot tell apart, and receipts that came before theirs."""

    key: tuple[Hashable, ...]
    pending: deque[Expectation] = field(default_factory=deque)
    lost: deque[Expectation] = field(default_factory=deque)
    away: deque[Expectation] = field(default_factory=deque)
    delivered: dict[Hashable, Expectation] = field(default_factory=dict)
    """By the mark of what was received; of those without a mark, the last."""
    strays: deque["Arrival"] = field(default_factory=deque)
    """What waits for its cause."""

    def __len__(self) -> int:
        return len(self.pending) + len(self.lost) + len(self.away) + len(self.delivered)


@dataclass(slots=True, eq=False)
class Arrival:
    """One receipt, with the facts that judge it."""

    event: str
    recipient: Hashable
    subject: Hashable
    place: Place
    at: float
    mark: Hashable
    connection: int
    owed: bool
    is_judged: bool = False
