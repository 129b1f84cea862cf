"""Who was to receive what, and who did.

Every action enters its expected recipients; every receipt is matched with what is expected at that recipient.
Pure: times are arguments, in seconds on one clock, and every answer follows from the calls made before.

The rules:
- an expectation is delivered in time or lost, never both: expected = delivered + lost + pending;
- a receipt that comes after the deadline is late, and its expectation stays lost;
- a second receipt is a duplicate, explained where the sender says that it repeats itself;
- a receipt that nobody caused, or that comes after the logout of its recipient, is leaked;
- what is settled is kept for a while, so that late and duplicate receipts are known as such, and then dropped.
"""

from collections import deque
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from enum import Enum
from heapq import heappop, heappush
from itertools import islice

from eventproof.report.records import Delivery


class Receipt(Enum):
    """What one receipt turned out to be."""

    DELIVERED = "delivered"
    DUPLICATE = "duplicate"
    LATE = "late"
    PERMITTED = "permitted"
    """Allowed at this recipient, but not due."""
    LEAKED = "leaked"


@dataclass(frozen=True, slots=True)
class Match:
    """A receipt and the action it belongs to: its name and the time it was to be sent (None for a leak)."""

    receipt: Receipt
    action: str | None = None
    at: float | None = None
    reordered: bool = False


@dataclass(frozen=True, slots=True)
class Loss:
    """An expectation whose time is over."""

    action: str
    event: str
    recipient: Hashable


@dataclass(slots=True)
class Tally:
    """The account of one event."""

    expected: int = 0
    delivered: int = 0
    lost: int = 0
    late: int = 0
    duplicate: int = 0
    explained: int = 0
    reordered: int = 0
    leaked: int = 0

    def add(self, other: "Tally") -> None:
        """Take in another account of the same event."""
        for column in fields(self):
            setattr(self, column.name, getattr(self, column.name) + getattr(other, column.name))

    def delivery(self, event: str) -> Delivery:
        """As the record of a report."""
        return Delivery(event=event, **asdict(self))


class _State(Enum):
    PENDING = 1
    DELIVERED = 2
    LOST = 3
    GONE = 4


@dataclass(slots=True, eq=False)
class _Expectation:
    action: str
    event: str
    recipient: Hashable
    key: Hashable
    at: float
    deadline: float
    state: _State = _State.PENDING


_KEPT_SECONDS = 30.0


class Ledger:
    """The account of all deliveries of one process. `kept` is how long settled expectations are remembered."""

    def __init__(self, *, kept: float = _KEPT_SECONDS) -> None:
        self._kept = kept
        self._tallies: dict[str, Tally] = {}
        self._expectations: dict[tuple[Hashable, str], deque[_Expectation]] = {}
        self._permits: dict[tuple[Hashable, str], float] = {}
        self._logged_out: set[Hashable] = set()
        self._due: list[tuple[float, int, _Expectation]] = []
        self._settled: list[tuple[float, int, _Expectation]] = []
        self._losses: list[Loss] = []
        self._entered = 0
        self._pending = 0

    @property
    def tallies(self) -> Mapping[str, Tally]:
        """The account of each event."""
        return self._tallies

    @property
    def pending(self) -> int:
        """How many expectations are neither delivered nor lost yet."""
        return self._pending

    def __len__(self) -> int:
        """How many expectations are remembered, pending and settled."""
        return sum(len(queue) for queue in self._expectations.values())

    def expect(
        self,
        action: str,
        event: str,
        recipients: Iterable[Hashable],
        *,
        at: float,
        deadline: float,
        key: Hashable = None,
    ) -> None:
        """Enter that each of `recipients` is to receive `event` by `deadline`, caused by `action` (intended for `at`).

        `key` is what the payload will be known by, where the contract has such a thing; without one,
        receipts are matched in the order in which they were caused.
        """
        tally = self._tally(event)
        for recipient in recipients:
            expectation = _Expectation(action, event, recipient, key, at, deadline)
            self._expectations.setdefault((recipient, event), deque()).append(expectation)
            self._push(self._due, deadline, expectation)
            tally.expected += 1
            self._pending += 1

    def permit(self, event: str, recipients: Iterable[Hashable], *, until: float) -> None:
        """Allow `event` at `recipients` without expecting it."""
        self._tally(event)
        for recipient in recipients:
            self._permits[recipient, event] = until

    def withdraw(self, action: str, event: str, recipients: Iterable[Hashable]) -> None:
        """Take back what `action` was expected to cause and has not: it was refused, or nobody knows what it did."""
        for recipient in recipients:
            for expectation in tuple(self._expectations.get((recipient, event), ())):
                if expectation.action == action and expectation.state is _State.PENDING:
                    self._tally(event).expected -= 1
                    self._pending -= 1
                    self._remove(expectation)

    def receive(
        self, event: str, recipient: Hashable, *, at: float, key: Hashable = None, repeated: bool = False
    ) -> Match:
        """Enter that `recipient` received `event` at `at`; `repeated` where the sender says that it sends again."""
        self._age(at)
        tally = self._tally(event)
        if recipient in self._logged_out:
            tally.leaked += 1
            return Match(Receipt.LEAKED)
        queue = self._expectations.get((recipient, event), ())
        known = {expectation.state: expectation for expectation in reversed(queue) if key in (None, expectation.key)}
        if pending := known.get(_State.PENDING):
            return self._deliver(tally, pending)
        if lost := known.get(_State.LOST):
            self._remove(lost)
            tally.late += 1
            return Match(Receipt.LATE, lost.action, lost.at)
        if delivered := known.get(_State.DELIVERED):
            tally.duplicate += 1
            tally.explained += repeated
            return Match(Receipt.DUPLICATE, delivered.action, delivered.at)
        if self._permits.get((recipient, event), at) > at:
            return Match(Receipt.PERMITTED)
        tally.leaked += 1
        return Match(Receipt.LEAKED)

    def logout(self, recipient: Hashable) -> None:
        """From now on `recipient` may receive nothing."""
        self._logged_out.add(recipient)

    def forget(self, recipient: Hashable) -> None:
        """`recipient` is gone for good: nothing can arrive there any more, and what is pending will be lost."""
        self._logged_out.discard(recipient)
        for event in self._tallies:
            self._permits.pop((recipient, event), None)

    def settle(self, now: float) -> list[Loss]:
        """What was lost since the last call: pending with a deadline before `now`. Drops what was settled long ago."""
        self._age(now)
        losses, self._losses = self._losses, []
        return losses

    def _age(self, now: float) -> None:
        while self._due and self._due[0][0] < now:
            _, _, expectation = heappop(self._due)
            if expectation.state is _State.PENDING:
                expectation.state = _State.LOST
                self._tally(expectation.event).lost += 1
                self._pending -= 1
                self._losses.append(Loss(expectation.action, expectation.event, expectation.recipient))
            if expectation.state is not _State.GONE:
                self._push(self._settled, expectation.deadline + self._kept, expectation)
        while self._settled and self._settled[0][0] < now:
            _, _, expectation = heappop(self._settled)
            if expectation.state is not _State.GONE:
                self._remove(expectation)

    def _deliver(self, tally: Tally, expectation: _Expectation) -> Match:
        queue = self._expectations[expectation.recipient, expectation.event]
        later = islice(queue, queue.index(expectation) + 1, None)
        reordered = any(other.state is _State.DELIVERED for other in later)
        expectation.state = _State.DELIVERED
        tally.delivered += 1
        tally.reordered += reordered
        self._pending -= 1
        return Match(Receipt.DELIVERED, expectation.action, expectation.at, reordered)

    def _remove(self, expectation: _Expectation) -> None:
        expectation.state = _State.GONE
        place = (expectation.recipient, expectation.event)
        self._expectations[place].remove(expectation)
        if not self._expectations[place]:
            del self._expectations[place]

    def _tally(self, event: str) -> Tally:
        return self._tallies.setdefault(event, Tally())

    def _push(self, heap: list[tuple[float, int, _Expectation]], time: float, expectation: _Expectation) -> None:
        self._entered += 1
        heappush(heap, (time, self._entered, expectation))
