"""What a ledger holds: what is due to somebody, what came for it, and where the two meet."""

from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from enum import Enum

__all__ = ["Arrival", "Expectation", "Heard", "Line", "Place", "State"]

_COMPARED = 16
"""So many of the latest deliveries about one subject are compared with the next one."""


class State(Enum):
    """Where an expectation stands: in the queue of its place that has this name, or among what was received."""

    PENDING = 1
    DELIVERED = 2
    LOST = 3
    LATE = 4
    AWAY = 5


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
class Heard:
    """Something that was delivered: the receipt's place among all receipts, and the step that caused it."""

    order: int
    step: int
    event: str
    is_out_of_order: bool = False


@dataclass(slots=True)
class Line:
    """What one recipient learns of one subject, in the order of its steps."""

    heard: deque[Heard] = field(default_factory=lambda: deque(maxlen=_COMPARED))
    """The latest that were delivered, in the order in which they were judged."""
    length: int = 0
    """How many expectations are in it."""

    def take(self, order: int, step: int, event: str) -> list[str]:
        """The events that are known to be out of order now: this one, or such as came after it and should not have.

        One that waited for its cause is judged after others that were received later.
        """
        this = Heard(order, step, event)
        found = []
        for other in self.heard:
            earlier, later = (this, other) if order < other.order else (other, this)
            if later.step < earlier.step and not later.is_out_of_order:
                later.is_out_of_order = True
                found.append(later.event)
        self.heard.append(this)
        return found


@dataclass(slots=True)
class Place:
    """All expectations that one receipt cannot tell apart, and receipts that came before theirs."""

    key: tuple[Hashable, ...]
    pending: deque[Expectation] = field(default_factory=deque)
    lost: deque[Expectation] = field(default_factory=deque)
    away: deque[Expectation] = field(default_factory=deque)
    received: dict[Hashable, Expectation] = field(default_factory=dict)
    """What was delivered or came late, by the mark of what was received; of those without a mark, the last."""
    doubts: deque[tuple["Arrival", Expectation]] = field(default_factory=deque)
    """Receipts that were taken for the late ones of these expectations, and may be those of what is pending."""
    strays: deque["Arrival"] = field(default_factory=deque)
    """What waits for its cause."""

    def __len__(self) -> int:
        return len(self.pending) + len(self.lost) + len(self.away) + len(self.received)

    @staticmethod
    def first(expectations: Iterable[Expectation], *, before: float) -> Expectation | None:
        """The first of them that was caused by then; None where there is none."""
        return next((one for one in expectations if one.at <= before), None)

    def due(self, *, before: float) -> Expectation | None:
        """The pending one that a receipt is to be of: first one that no receipt in doubt may be of, too."""
        uncovered = list(self.pending)
        for receipt, _ in self.doubts:
            covered = next((one for one in uncovered if one.at <= receipt.at), None)
            if covered is not None:
                uncovered.remove(covered)
        return self.first(uncovered, before=before) or self.first(self.pending, before=before)

    def is_in_doubt(self, expectation: Expectation) -> bool:
        """Whether nobody knows yet that what came for it was its own."""
        return any(lost is expectation for _, lost in self.doubts)

    def take_doubt(self, expectation: Expectation) -> tuple["Arrival", Expectation] | None:
        """The first receipt in doubt that may be the one of this expectation, which is in doubt no more."""
        for receipt, lost in self.doubts:
            if expectation.at <= receipt.at <= expectation.deadline:
                self.doubts.remove((receipt, lost))
                return receipt, lost
        return None

    def decided(self) -> list[Expectation]:
        """Those whose receipts are in doubt no more: nothing is pending that these may be of, so they were late."""
        late = [lost for receipt, lost in self.doubts if self.first(self.pending, before=receipt.at) is None]
        if late:
            self.doubts = deque(doubt for doubt in self.doubts if doubt[1] not in late)
        return late


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
    order: int
    """Its place among all receipts."""
    is_judged: bool = False
