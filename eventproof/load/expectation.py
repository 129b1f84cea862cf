"""What a ledger holds: what was caused, what of it is due to somebody, what came for that, and where the two meet.

One action may send an event to thousands of recipients, of whom most receive it once and in time: what all of them
share stands in the dispatch, and what is kept of each is small.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from math import inf
from typing import Final

from .rooms import Stay

__all__ = ["UNORDERED", "Arrival", "Dispatch", "Expectation", "ExpectationState", "Slot", "SubjectOrder", "Topic"]

UNORDERED: Final = -1
"""The step of every cause of an event whose contract promises no order."""
_COMPARED = 16
"""So many of the latest deliveries about one subject are compared with the next one."""


class ExpectationState(Enum):
    """Where an expectation stands: in the list of its slot that has this name, or among what was received."""

    PENDING = 1
    DELIVERED = 2
    LOST = 3
    LATE = 4
    AWAY = 5


class Topic:
    """All that has one event, one subject and one key."""

    __slots__ = ("event", "key", "ordered_by", "slots")

    def __init__(self, key: tuple[str, Hashable, Hashable]) -> None:
        self.key = key
        self.event, subject, _ = key
        self.ordered_by: Hashable = self.event if subject is None else subject
        """All topics of which this is the same are in one order at a recipient."""
        self.slots: dict[Hashable, Slot] = {}


@dataclass(slots=True, eq=False)
class Dispatch:
    """One event that an action is to bring to some recipients: what is alike for all of them."""

    action: str
    topic: Topic
    step: int
    at: float
    """The intended time of the action."""
    deadline: float
    """`inf` where its recipients are away."""
    late: float = 0.0
    """Seconds by which the action began later than intended."""
    often: bool = False
    """Whether it may be caused more than once by this."""
    expectations: list["Expectation"] = field(default_factory=list)
    """Those whose time has not come, or who are remembered together."""
    pending: dict[Hashable, "Expectation"] = field(default_factory=dict)
    """What is neither delivered nor lost yet, by its recipient."""

    @property
    def event(self) -> str:
        """The name of the event."""
        return self.topic.event


class Expectation:
    """One event that one recipient is to receive."""

    __slots__ = (
        "connection",
        "deadline",
        "dispatch",
        "is_used",
        "mark",
        "order",
        "recipient",
        "slot",
        "state",
        "stay",
        "ticket",
        "was_away",
    )

    def __init__(self, dispatch: Dispatch, recipient: Hashable, slot: "Slot", order: "SubjectOrder") -> None:
        self.dispatch = dispatch
        self.recipient = recipient
        self.slot = slot
        self.order = order
        self.ticket = 0
        """The one entry of the ledger's heaps that counts."""
        self.deadline = dispatch.deadline
        """Its own: `inf` while its recipient is away."""
        self.was_away = dispatch.deadline == inf
        """Whether its recipient was away while it was due: how long it took then says nothing of the sender."""
        self.state = ExpectationState.PENDING
        self.mark: Hashable = None
        """That of what was received."""
        self.connection = 0
        """On which of its recipient's connections that was."""
        self.stay: Stay | None = None
        """The stay in a room by which it is for its recipient, where that may end; None: it does not."""
        self.is_used = False
        """Whether something came for what need not come."""


@dataclass(slots=True)
class Delivered:
    """Something that was delivered: the receipt's place among all receipts, and the step that caused it."""

    order: int
    step: int
    event: str
    is_out_of_order: bool = False


class SubjectOrder:
    """What one recipient learns of one subject, in the order of its steps."""

    __slots__ = ("_delivered", "_last_order", "_last_step", "length")

    def __init__(self) -> None:
        self._delivered: list[Delivered] = []
        """The latest, in the order in which they were judged."""
        self._last_order: float = -inf
        self._last_step: float = -inf
        self.length = 0
        """How many expectations it is of."""

    def take(self, order: int, step: int, event: str) -> list[str]:
        """The events that are known to be out of order now: this one, or such as came after it and should not have.

        One that waited for its cause is judged after others that were received later.
        """
        this, found = Delivered(order, step, event), []
        if order < self._last_order or step < self._last_step:
            for other in self._delivered:
                earlier, later = (this, other) if order < other.order else (other, this)
                if later.step < earlier.step and not later.is_out_of_order:
                    later.is_out_of_order = True
                    found.append(later.event)
        if order > self._last_order:
            self._last_order = order
        if step > self._last_step:
            self._last_step = step
        self._delivered.append(this)
        if len(self._delivered) > _COMPARED:
            del self._delivered[0]
        return found


class Slot:
    """All expectations of one recipient that one receipt cannot tell apart, and receipts that came before theirs."""

    __slots__ = ("away", "doubts", "lost", "pending", "received", "recipient", "strays", "topic")

    def __init__(self, topic: Topic, recipient: Hashable) -> None:
        self.topic = topic
        self.recipient = recipient
        self.pending: list[Expectation] = []
        self.lost: list[Expectation] = []
        self.away: list[Expectation] = []
        self.received: dict[Hashable, Expectation] = {}
        """What was delivered or came late, by the mark of what was received; of those without a mark, the last."""
        self.doubts: list[tuple[Arrival, Expectation]] = []
        """Receipts that were taken for the late ones of these expectations, and may be those of what is pending."""
        self.strays: list[Arrival] = []
        """What waits for its cause."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is kept here."""
        return not (self.received or self.pending or self.strays or self.lost or self.away)

    def allowed(self, at: float) -> Expectation | None:
        """What need not come and may have come then: first one that nothing came for yet; None where there is none."""
        allowed = [one for one in self.away if one.stay is None or at <= one.stay.left]
        unused = (one for one in allowed if not one.is_used or one.dispatch.often)
        return next(unused, allowed[0] if allowed else None)

    @staticmethod
    def first(expectations: Iterable[Expectation], *, before: float) -> Expectation | None:
        """The first of them that was caused by then; None where there is none."""
        for one in expectations:
            if one.dispatch.at <= before:
                return one
        return None

    def due(self, *, before: float) -> Expectation | None:
        """The pending one that a receipt is to be of: first one that no receipt in doubt may be of, too."""
        if not self.doubts:
            return self.first(self.pending, before=before)
        uncovered = list(self.pending)
        for receipt, _ in self.doubts:
            covered = self.first(uncovered, before=receipt.at)
            if covered is not None:
                uncovered.remove(covered)
        return self.first(uncovered, before=before) or self.first(self.pending, before=before)

    def is_in_doubt(self, expectation: Expectation) -> bool:
        """Whether nobody knows yet that what came for it was its own."""
        return any(lost is expectation for _, lost in self.doubts)

    def take_doubt(self, expectation: Expectation) -> tuple["Arrival", Expectation] | None:
        """The first receipt in doubt that may be the one of this expectation, which is in doubt no more."""
        for receipt, lost in self.doubts:
            if expectation.dispatch.at <= receipt.at <= expectation.deadline:
                self.doubts.remove((receipt, lost))
                return receipt, lost
        return None

    def decided(self) -> list[Expectation]:
        """Those whose receipts are in doubt no more: nothing is pending that these may be of, so they were late."""
        late = [lost for receipt, lost in self.doubts if self.first(self.pending, before=receipt.at) is None]
        if late:
            self.doubts = [doubt for doubt in self.doubts if doubt[1] not in late]
        return late


class Arrival:
    """One receipt, with the facts that judge it."""

    __slots__ = ("at", "connection", "is_judged", "mark", "order", "owed", "slot")

    def __init__(self, slot: Slot, at: float, mark: Hashable, connection: int, owed: bool, order: int) -> None:
        self.slot = slot
        self.at = at
        self.mark = mark
        self.connection = connection
        self.owed = owed
        self.order = order
        """Its place among all receipts."""
        self.is_judged = False
