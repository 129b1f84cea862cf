"""Who was to receive what, and who did.

Every action enters its expected recipients; every receipt is matched with what is expected at that recipient.
Pure: times are arguments, in seconds on one clock, and every answer follows from the calls made before.

The rules:
- an expectation is delivered in time or lost, never both: expected = delivered + lost + pending;
- a receipt that comes after the deadline is late, and its expectation stays lost;
- a receipt belongs to no cause that came after it;
- where subject, key and mark do not tell two causes apart, the older one is received first: a receipt is the late one
  of a lost expectation before it is that of one that is pending. It is in doubt as long as that one is pending: at its
  deadline the receipt counts as delivered there, and not as late, so that no loss is counted that may be none;
- no latency is taken from a match that is in doubt;
- a second receipt is a duplicate, explained where its acknowledgement was owed or its recipient had connected anew;
- of one subject (a claim, say), what an earlier step caused is received first; else it is out of order;
- a receipt that nobody caused, or that comes after the logout of its recipient, is leaked;
- where the ledger has patience, a receipt may come before its cause is entered: what its cause is, is asked again then;
- somebody without a connection loses nothing: what is due waits for the return, or is not due any more (away);
- what is settled is kept for a while, so that late and duplicate receipts are known as such, and then dropped;
- only so many receipts wait for their cause: what comes beyond is counted in `overflowed`, and not judged.
"""

from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping
from heapq import heappop, heappush
from itertools import count
from math import inf

from .expectation import Arrival, Expectation, Line, Place, State
from .judgement import Loss, Match, Receipt, Stray
from .tally import Tally

__all__ = ["Ledger"]

_KEPT_SECONDS = 30.0
_MOST_WAITING = 10_000
"""So many receipts wait for their cause: a process has no use for more, and a target that lies must not fill it."""


class Ledger:
    """The account of all deliveries of one process.

    `kept` is how long settled expectations are remembered, `patience` how long a receipt may wait for its cause; in
    seconds.
    """

    def __init__(self, *, kept: float = _KEPT_SECONDS, patience: float = 0.0) -> None:
        self._kept = kept
        self._patience = patience
        self._tallies: dict[str, Tally] = {}
        self._places: dict[tuple[Hashable, ...], Place] = {}
        self._lines: dict[tuple[Hashable, Hashable], Line] = {}
        self._pending: dict[Hashable, dict[Expectation, None]] = {}
        self._permits: dict[tuple[Hashable, str], float] = {}
        self._own: set[tuple[Hashable, Hashable]] = set()
        self._logged_out: set[Hashable] = set()
        self._due: list[tuple[float, int, Expectation]] = []
        self._settled: list[tuple[float, int, Expectation]] = []
        self._strays: deque[tuple[float, Arrival]] = deque()
        self._waiting = 0
        """How many of these are not judged yet."""
        self._judged: list[Loss | Stray] = []
        self._tickets = count(1)
        self._receipts = count(1)
        self.overflowed = 0
        """Receipts that were neither matched nor kept."""
        self._entered = 0
        self._kept_now = 0

    @property
    def tallies(self) -> Mapping[str, Tally]:
        """The account of each event."""
        return self._tallies

    @property
    def pending(self) -> int:
        """How many expectations are neither delivered nor lost yet."""
        return sum(len(expectations) for expectations in self._pending.values())

    def __len__(self) -> int:
        """How many expectations are remembered, pending and settled."""
        return self._kept_now

    def tally(self, event: str) -> Tally:
        """The account of one event, to enter in it what no receipt tells."""
        return self._tallies.setdefault(event, Tally())

    def expect(
        self,
        action: str,
        event: str,
        recipients: Iterable[Hashable],
        *,
        at: float,
        deadline: float,
        subject: Hashable = None,
        key: Hashable = None,
        step: int | None = None,
    ) -> tuple[Match, ...]:
        """Enter that each of `recipients` is to receive `event` by `deadline`, caused by `action` (intended for `at`).

        `subject` is what the payload is about and `key` what tells it from others about that, where the contract has
        such things; without them, receipts are matched in the order in which they were caused. `step` orders the
        causes of one subject; left out, they are in the order of their entry. A deadline of `inf` is that of somebody
        who is away, and set on the return. Gives what had been received before.
        """
        early: list[Match] = []
        for recipient in recipients:
            expectation = self._enter(action, event, recipient, at, deadline, subject, key, step)
            self.tally(event).expected += 1
            expectation.place.pending.append(expectation)
            self._pending.setdefault(recipient, {})[expectation] = None
            self._schedule(expectation)
            early.extend(self._early(expectation.place))
        return tuple(early)

    def excuse(
        self,
        action: str,
        event: str,
        recipients: Iterable[Hashable],
        *,
        at: float,
        subject: Hashable = None,
        key: Hashable = None,
    ) -> None:
        """Enter what `action` caused for somebody who had no connection: it may come, and is not due."""
        for recipient in recipients:
            expectation = self._enter(action, event, recipient, at, at, subject, key, None)
            self._is_away(expectation)
            for _ in self._early(expectation.place):
                pass

    def permit(self, event: str, recipients: Iterable[Hashable], *, until: float) -> None:
        """Allow `event` at `recipients` without expecting it."""
        self.tally(event)
        for recipient in recipients:
            self._permits[recipient, event] = until

    def own(self, recipient: Hashable, subject: Hashable) -> None:
        """Allow whatever is about `subject`, or without one has this mark, at its owner: nothing of it is expected.

        A `recipient` of None stands for everybody.
        """
        if len(self._own) >= _MOST_WAITING:
            self.overflowed += 1
            return
        self._own.add((recipient, subject))
        for _, receipt in self._strays:
            if recipient in (None, receipt.recipient) and self._is_own(receipt):
                self._judge(receipt)

    def hasten(self, action: str, event: str, recipients: Iterable[Hashable], *, deadline: float) -> None:
        """What `action` caused, and is pending, is due by another deadline."""
        for recipient in recipients:
            for expectation in self._pending.get(recipient, ()):
                if expectation.action == action and expectation.event == event and expectation.deadline < inf:
                    expectation.deadline = deadline
                    self._schedule(expectation)

    def withdraw(self, action: str, event: str, recipients: Iterable[Hashable]) -> None:
        """Take back what `action` was expected to cause and has not: it was refused, or nobody knows what it did."""
        for recipient in recipients:
            for expectation in tuple(self._pending.get(recipient, ())):
                if expectation.action == action and expectation.event == event:
                    self.tally(event).expected -= 1
                    self._take_out(expectation)
                    self._drop(expectation)

    def receive(
        self,
        event: str,
        recipient: Hashable,
        *,
        at: float,
        subject: Hashable = None,
        key: Hashable = None,
        mark: Hashable = None,
        connection: int = 0,
        owed: bool = False,
    ) -> Match:
        """Enter that `recipient` received `event` at `at`.

        `mark` tells a payload from others of the same subject and key, where these do not: the same mark is the same
        event again. `connection` numbers the recipient's connections; `owed` is whether an acknowledgement of this
        very event is required and may not have reached the sender.
        """
        self._age(at)
        tally = self.tally(event)
        if recipient in self._logged_out:
            tally.leaked += 1
            return Match(Receipt.LEAKED, received=at)
        place = self._place(recipient, event, subject, key)
        receipt = Arrival(event, recipient, subject, place, at, mark, connection, owed, next(self._receipts))
        if self._own and self._is_own(receipt):
            self._clear(place)
            return Match(Receipt.PERMITTED, received=at)
        if match := self._match(receipt):
            return match
        if self._patience and self._waiting >= _MOST_WAITING:
            self.overflowed += 1
            self._clear(place)
            return Match(Receipt.WAITING, received=at)
        if self._patience:
            place.strays.append(receipt)
            self._strays.append((at + self._patience, receipt))
            self._waiting += 1
            return Match(Receipt.WAITING, received=at)
        self._clear(place)
        if self._is_permitted(receipt):
            return Match(Receipt.PERMITTED, received=at)
        tally.leaked += 1
        return Match(Receipt.LEAKED, received=at)

    def logout(self, recipient: Hashable) -> None:
        """From now on `recipient` may receive nothing."""
        self._logged_out.add(recipient)

    def forget(self, recipient: Hashable) -> None:
        """`recipient` is gone for good: nothing can arrive there any more, and what is pending will be lost."""
        self._logged_out.discard(recipient)
        for event in self._tallies:
            self._permits.pop((recipient, event), None)

    def suspend(self, recipient: Hashable) -> None:
        """`recipient` lost the connection: what is pending waits for the return."""
        for expectation in self._pending.get(recipient, ()):
            expectation.deadline, expectation.ticket, expectation.was_away = inf, 0, True

    def resume(self, recipient: Hashable, *, deadline: float, since: float) -> None:
        """`recipient` is back: what waited is due by `deadline`, and what was caused before `since` is not any more."""
        for expectation in tuple(self._pending.get(recipient, ())):
            if expectation.deadline < inf:
                continue
            if expectation.at < since:
                self._excuse(expectation)
            else:
                expectation.deadline = deadline
                self._schedule(expectation)

    def miss(self, recipient: Hashable) -> None:
        """`recipient` lost the connection, and nothing is sent again on the return: what is pending is not due."""
        for expectation in tuple(self._pending.get(recipient, ())):
            self._excuse(expectation)

    def settle(self, now: float) -> list[Loss | Stray]:
        """What was lost or found leaked since the last call, by its time. Drops what was settled long ago."""
        self._age(now)
        judged, self._judged = self._judged, []
        return judged

    def conclude(self) -> None:
        """Nothing comes any more: what waits for a cause is judged, and who is away now has missed what was due."""
        while self._strays:
            self._judge(self._strays.popleft()[1])
        for recipient in tuple(self._pending):
            for expectation in tuple(self._pending.get(recipient, ())):
                if expectation.deadline == inf:
                    self._excuse(expectation)

    def _enter(
        self,
        action: str,
        event: str,
        recipient: Hashable,
        at: float,
        deadline: float,
        subject: Hashable,
        key: Hashable,
        step: int | None,
    ) -> Expectation:
        place = self._place(recipient, event, subject, key)
        line = self._lines.setdefault((recipient, event if subject is None else subject), Line())
        line.length += 1
        self._entered += 1
        self._kept_now += 1
        step = self._entered if step is None else step
        return Expectation(action, event, recipient, place, line, step, at, deadline, was_away=deadline == inf)

    def _early(self, place: Place) -> Iterator[Match]:
        """Ask the receipts that wait there again; what they turn out to be."""
        for receipt in tuple(place.strays):
            if match := self._match(receipt):
                receipt.is_judged = True
                self._waiting -= 1
                place.strays.remove(receipt)
                yield match

    def _match(self, receipt: Arrival) -> Match | None:
        place, tally = receipt.place, self.tally(receipt.event)
        known = place.received.get(receipt.mark)
        if (
            known is not None
            and receipt.mark is not None
            and (_is_explained(receipt, known) or not place.is_in_doubt(known))
        ):
            return self._repeat(tally, known, receipt)
        lost, pending = place.first(place.lost, before=receipt.at), place.due(before=receipt.at)
        if lost is not None and (pending is None or lost.at <= pending.at):
            return self._late(tally, lost, receipt)
        if pending is not None:
            return self._deliver(tally, pending, receipt)
        if known is not None:
            return self._repeat(tally, known, receipt)
        if place.away:
            away = place.away[0]
            return Match(Receipt.PERMITTED, away.action, away.at, received=receipt.at)
        return None

    def _deliver(self, tally: Tally, expectation: Expectation, receipt: Arrival) -> Match:
        place = expectation.place
        is_doubtful = bool(place.doubts)
        self._has_received(expectation, receipt, State.DELIVERED)
        self._take_out(expectation)
        displaced = [] if is_doubtful else expectation.line.take(receipt.order, expectation.step, receipt.event)
        if expectation.deadline == inf:
            self._keep(expectation, receipt.at)
        tally.delivered += 1
        for event in displaced:
            self.tally(event).out_of_order += 1
        return Match(
            Receipt.DELIVERED,
            expectation.action,
            expectation.at,
            bool(displaced),
            received=receipt.at,
            was_away=expectation.was_away,
            is_doubtful=is_doubtful,
        )

    def _late(self, tally: Tally, lost: Expectation, receipt: Arrival) -> Match:
        """It came after its time, if it is not that of an expectation that is pending."""
        place = lost.place
        place.lost.remove(lost)
        self._has_received(lost, receipt, State.LATE)
        tally.late += 1
        is_doubtful = place.first(place.pending, before=receipt.at) is not None
        if is_doubtful:
            place.doubts.append((receipt, lost))
        return Match(Receipt.LATE, lost.action, lost.at, received=receipt.at, is_doubtful=is_doubtful)

    def _is_excused_by_doubt(self, expectation: Expectation) -> bool:
        """Whether a receipt that was taken for a late one may have been that of this expectation: then it is."""
        place, tally = expectation.place, self.tally(expectation.event)
        if (doubt := place.take_doubt(expectation)) is None:
            return False
        receipt, lost = doubt
        if place.received.get(lost.mark) is lost:
            del place.received[lost.mark]
        lost.state, lost.mark = State.LOST, None
        place.lost.appendleft(lost)
        tally.late -= 1
        self._has_received(expectation, receipt, State.DELIVERED)
        self._take_out(expectation)
        tally.delivered += 1
        return True

    def _has_received(self, expectation: Expectation, receipt: Arrival, state: State) -> None:
        place = expectation.place
        previous = place.received.get(receipt.mark)
        place.received[receipt.mark] = expectation
        expectation.state, expectation.mark, expectation.connection = state, receipt.mark, receipt.connection
        if previous is not None and not place.is_in_doubt(previous):
            self._drop(previous)

    def _repeat(self, tally: Tally, known: Expectation, receipt: Arrival) -> Match:
        is_explained = _is_explained(receipt, known)
        tally.duplicate += 1
        tally.retried += receipt.owed
        tally.explained += is_explained
        return Match(Receipt.DUPLICATE, known.action, known.at, is_explained=is_explained, received=receipt.at)

    def _excuse(self, expectation: Expectation) -> None:
        self.tally(expectation.event).expected -= 1
        self._is_away(expectation)
        self._take_out(expectation)

    def _is_away(self, expectation: Expectation) -> None:
        expectation.state = State.AWAY
        expectation.place.away.append(expectation)
        self.tally(expectation.event).away += 1
        self._keep(expectation, expectation.at)

    def _take_out(self, expectation: Expectation) -> None:
        """It is pending no more."""
        place = expectation.place
        place.pending.remove(expectation)
        for lost in place.decided():
            if place.received.get(lost.mark) is not lost:
                self._drop(lost)
        mine = self._pending[expectation.recipient]
        del mine[expectation]
        if not mine:
            del self._pending[expectation.recipient]

    def _judge(self, receipt: Arrival) -> None:
        """The time of a receipt without a cause is over."""
        if receipt.is_judged:
            return
        receipt.is_judged = True
        self._waiting -= 1
        receipt.place.strays.remove(receipt)
        self._clear(receipt.place)
        if not self._is_permitted(receipt):
            self.tally(receipt.event).leaked += 1
            self._judged.append(Stray(receipt.event, receipt.recipient))

    def _is_permitted(self, receipt: Arrival) -> bool:
        until = self._permits.get((receipt.recipient, receipt.event), receipt.at)
        return until > receipt.at or self._is_own(receipt)

    def _is_own(self, receipt: Arrival) -> bool:
        subject = receipt.mark if receipt.subject is None else receipt.subject
        return (receipt.recipient, subject) in self._own or (None, subject) in self._own

    def _age(self, now: float) -> None:
        while self._due and self._due[0][0] < now:
            _, ticket, expectation = heappop(self._due)
            if ticket != expectation.ticket:
                continue
            if expectation.state is State.PENDING and not self._is_excused_by_doubt(expectation):
                expectation.state = State.LOST
                expectation.place.lost.append(expectation)
                self._take_out(expectation)
                self.tally(expectation.event).lost += 1
                self._judged.append(Loss(expectation.action, expectation.event, expectation.recipient))
            self._keep(expectation, expectation.deadline)
        while self._strays and self._strays[0][0] < now:
            self._judge(self._strays.popleft()[1])
        while self._settled and self._settled[0][0] < now:
            _, ticket, expectation = heappop(self._settled)
            if ticket == expectation.ticket:
                self._drop(expectation)

    def _schedule(self, expectation: Expectation) -> None:
        if expectation.deadline < inf:
            expectation.ticket = next(self._tickets)
            heappush(self._due, (expectation.deadline, expectation.ticket, expectation))

    def _keep(self, expectation: Expectation, since: float) -> None:
        expectation.ticket = next(self._tickets)
        heappush(self._settled, (since + self._kept, expectation.ticket, expectation))

    def _drop(self, expectation: Expectation) -> None:
        """It is remembered no more."""
        place = expectation.place
        match expectation.state:
            case State.DELIVERED | State.LATE:
                if place.received.get(expectation.mark) is expectation:
                    del place.received[expectation.mark]
                place.doubts = deque(doubt for doubt in place.doubts if doubt[1] is not expectation)
            case State.LOST:
                place.lost.remove(expectation)
            case State.AWAY:
                place.away.remove(expectation)
            case State.PENDING:
                pass
        expectation.ticket = 0
        self._kept_now -= 1
        expectation.line.length -= 1
        if not expectation.line.length:
            subject = place.key[2]
            self._lines.pop((expectation.recipient, expectation.event if subject is None else subject), None)
        self._clear(place)

    def _place(self, recipient: Hashable, event: str, subject: Hashable, key: Hashable) -> Place:
        where = (recipient, event, subject, key)
        place = self._places.get(where)
        if place is None:
            place = self._places[where] = Place(where)
        return place

    def _clear(self, place: Place) -> None:
        if not len(place) and not place.strays:
            self._places.pop(place.key, None)


def _is_explained(receipt: Arrival, known: Expectation) -> bool:
    """Whether there is a reason to receive again what is known."""
    return receipt.owed or receipt.connection > known.connection
