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
- of one subject, what an earlier step caused is received first; else it is out of order;
- a receipt that nobody caused, or that comes after the logout of its recipient, is leaked;
- where the ledger has patience, a receipt may come before its cause is entered: what its cause is, is asked again then;
  where things recur, what looks like a second one, or like one that need not come, may be such an early one;
- who asks to leave a room may be told what was on its way, and is to be told nothing of it after the answer;
- somebody without a connection loses nothing: what is due waits for the return, or is not due any more (away);
- what is settled is kept for a while, so that late and duplicate receipts are known as such, and then dropped;
- only so many receipts wait for their cause: what comes beyond is counted in `overflowed`, and not judged.
"""

from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Mapping
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import Any

from .expectation import UNORDERED, Arrival, Dispatch, Expectation, ExpectationState, Slot, SubjectOrder, Topic
from .judgement import Loss, Match, Receipt, Stray
from .rooms import Stay
from .tally import Tally

__all__ = ["Ledger"]

_KEPT_SECONDS = 30.0
_MOST_WAITING = 10_000
"""So many receipts wait for their cause: a process has no use for more, and a target that lies must not fill it."""


class Ledger:
    """The account of all deliveries of one process.

    `kept` is how long settled expectations are remembered, `patience` how long a receipt may wait for its cause; in
    seconds. With `recurs`, the same happens to one thing again and again.
    """

    def __init__(self, *, kept: float = _KEPT_SECONDS, patience: float = 0.0, recurs: bool = False) -> None:
        self._kept = kept
        self._patience = patience
        self._recurs = recurs
        self._tallies: dict[str, Tally] = {}
        self._topics: dict[tuple[str, Hashable, Hashable], Topic] = {}
        self._orders: dict[Hashable, dict[Hashable, SubjectOrder]] = {}
        """By what they are ordered by, and by recipient."""
        self._open: dict[Dispatch, None] = {}
        """Those of which something is pending, in the order of their entry."""
        self._permits: dict[tuple[Hashable, str], float] = {}
        self._own: set[tuple[Hashable, Hashable]] = set()
        self._logged_out: set[Hashable] = set()
        self._due: list[tuple[float, int, Dispatch | Expectation]] = []
        self._settled: list[tuple[float, int, Dispatch | Expectation]] = []
        """Of a dispatch, all its expectations that have the entry's ticket."""
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
        return sum(len(dispatch.pending) for dispatch in self._open)

    def is_owed(self, *, before: float) -> bool:
        """Whether something that was caused before then is neither delivered nor lost, or waits for a return."""
        return any(dispatch.at < before for dispatch in self._open)

    def __len__(self) -> int:
        """How many expectations are remembered, pending and settled."""
        return self._kept_now

    def tally(self, event: str) -> Tally:
        """The account of one event, to enter in it what no receipt tells."""
        tally = self._tallies.get(event)
        if tally is None:
            tally = self._tallies[event] = Tally()
        return tally

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
        stays: Mapping[Any, Stay] | None = None,
        late: float = 0.0,
    ) -> tuple[Match, ...]:
        """Enter that each of `recipients` is to receive `event` by `deadline`, caused by `action` (intended for `at`).

        The action began `late` seconds after that.
        `subject` is what the payload is about and `key` what tells it from others about that, where the contract has
        such things; without them, receipts are matched in the order in which they were caused. `step` orders the
        causes of one subject; left out, they are in the order of their entry. A deadline of `inf` is that of somebody
        who is away, and set on the return. `stays` are those in rooms, by recipient, by which it is for them, where
        they may end. Gives what had been received before.
        """
        dispatch = self._enter(action, event, recipients, at, deadline, subject, key, step, stays)
        if dispatch is None:
            return ()
        dispatch.late = late
        self.tally(event).expected += len(dispatch.expectations)
        self._open[dispatch] = None
        early = [expectation.slot for expectation in dispatch.expectations if expectation.slot.strays]
        for expectation in dispatch.expectations:
            expectation.slot.pending.append(expectation)
            dispatch.pending[expectation.recipient] = expectation
        self._schedule(dispatch, dispatch.expectations, deadline)
        return tuple(match for slot in early for match in self._early(slot))

    def excuse(
        self,
        action: str,
        event: str,
        recipients: Iterable[Hashable],
        *,
        at: float,
        subject: Hashable = None,
        key: Hashable = None,
        stays: Mapping[Any, Stay] | None = None,
        is_away: bool = True,
        often: bool = False,
    ) -> None:
        """Enter what `action` caused for somebody who had no connection: it may come, and is not due.

        Likewise, without `is_away`, for somebody of whom nobody can tell whether it is for them: that is not counted.
        With `often` nobody can tell either how many times it comes.
        """
        dispatch = self._enter(action, event, recipients, at, at, subject, key, None, stays)
        if dispatch is not None:
            dispatch.often = often
        for expectation in () if dispatch is None else dispatch.expectations:
            self._is_away(expectation, is_counted=is_away)
            for _ in self._early(expectation.slot):
                pass

    def permit(self, event: str, recipients: Iterable[Hashable], *, until: float) -> None:
        """Allow `event` at `recipients` without expecting it. A recipient of None stands for everybody."""
        self.tally(event)
        for recipient in recipients:
            self._permits[recipient, event] = max(until, self._permits.get((recipient, event), until))

    def own(self, recipient: Hashable, subject: Hashable) -> None:
        """Allow whatever is about `subject`, or without one has this mark, at its owner: nothing of it is expected.

        A `recipient` of None stands for everybody.
        """
        if len(self._own) >= _MOST_WAITING:
            self.overflowed += 1
            return
        self._own.add((recipient, subject))
        for _, receipt in self._strays:
            if recipient in (None, receipt.slot.recipient) and self._is_own(receipt):
                self._judge(receipt)

    def hasten(self, action: str, event: str, recipients: Iterable[Hashable], *, deadline: float) -> None:
        """What `action` caused, and is pending, is due by another deadline."""
        for expectation in self._pending_of(action, event, recipients):
            if expectation.deadline < inf:
                expectation.deadline = deadline
                self._schedule(expectation, (expectation,), deadline)

    def withdraw(self, action: str, event: str, recipients: Iterable[Hashable]) -> None:
        """Take back what `action` was expected to cause and has not: it was refused, or nobody knows what it did."""
        for expectation in self._pending_of(action, event, recipients):
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
        slot = self._slot(self._topic(event, subject, key), recipient)
        receipt = Arrival(slot, at, mark, connection, owed, next(self._receipts))
        if self._own and self._is_own(receipt):
            self._clear(slot)
            return Match(Receipt.PERMITTED, received=at)
        if match := self._match(receipt, is_final=not self._may_be_early(receipt)):
            return match
        if self._patience and self._waiting >= _MOST_WAITING:
            self.overflowed += 1
            self._clear(slot)
            return Match(Receipt.WAITING, received=at)
        if self._patience:
            slot.strays.append(receipt)
            self._strays.append((at + self._patience, receipt))
            self._waiting += 1
            return Match(Receipt.WAITING, received=at)
        self._clear(slot)
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
        for expectation in self._pending_at(recipient):
            expectation.deadline, expectation.ticket, expectation.was_away = inf, 0, True

    def resume(self, recipient: Hashable, *, deadline: float, since: float) -> None:
        """`recipient` is back: what waited is due by `deadline`, and what was caused before `since` is not any more."""
        for expectation in self._pending_at(recipient):
            if expectation.deadline < inf:
                continue
            if expectation.dispatch.at < since:
                self._excuse(expectation)
            else:
                expectation.deadline = deadline
                self._schedule(expectation, (expectation,), deadline)

    def miss(self, recipient: Hashable) -> None:
        """`recipient` lost the connection, and nothing is sent again on the return: what is pending is not due."""
        for expectation in self._pending_at(recipient):
            self._excuse(expectation)

    def release(self, recipient: Hashable, stay: Stay) -> None:
        """`recipient` asks to leave a room: what is pending there by this stay may still come, and is not due."""
        for expectation in self._pending_at(recipient):
            if expectation.stay is stay:
                self.tally(expectation.dispatch.event).expected -= 1
                self._is_away(expectation, is_counted=False)
                self._take_out(expectation)

    def settle(self, now: float) -> list[Loss | Stray]:
        """What was lost or found leaked since the last call, by its time. Drops what was settled long ago."""
        self._age(now)
        judged, self._judged = self._judged, []
        return judged

    def conclude(self) -> None:
        """Nothing comes any more: what waits for a cause is judged, and who is away now has missed what was due."""
        while self._strays:
            self._judge(self._strays.popleft()[1])
        for dispatch in tuple(self._open):
            for expectation in tuple(dispatch.pending.values()):
                if expectation.deadline == inf:
                    self._excuse(expectation)

    def _enter(
        self,
        action: str,
        event: str,
        recipients: Iterable[Hashable],
        at: float,
        deadline: float,
        subject: Hashable,
        key: Hashable,
        step: int | None,
        stays: Mapping[Any, Stay] | None,
    ) -> Dispatch | None:
        """What is expected of somebody by this; None where it is for nobody."""
        distinct = dict.fromkeys(recipients)
        if not distinct:
            return None
        self._entered += 1
        topic = self._topic(event, subject, key)
        dispatch = Dispatch(action, topic, self._entered if step is None else step, at, deadline)
        orders = self._orders.setdefault(topic.ordered_by, {})
        slots, entered = topic.slots, dispatch.expectations
        for recipient in distinct:
            slot, order = slots.get(recipient), orders.get(recipient)
            if slot is None:
                slot = slots[recipient] = Slot(topic, recipient)
            if order is None:
                order = orders[recipient] = SubjectOrder()
            order.length += 1
            expectation = Expectation(dispatch, recipient, slot, order)
            if stays:
                expectation.stay = stays.get(recipient)
            entered.append(expectation)
        self._kept_now += len(distinct)
        return dispatch

    def _pending_of(self, action: str, event: str, recipients: Iterable[Hashable]) -> list[Expectation]:
        """What `action` caused of this event and these have not received."""
        meant = [one for one in self._open if one.action == action and one.topic.event == event]
        return [one.pending[recipient] for recipient in recipients for one in meant if recipient in one.pending]

    def _pending_at(self, recipient: Hashable) -> list[Expectation]:
        """What this one has not received, in the order of its entry."""
        return [one.pending[recipient] for one in self._open if recipient in one.pending]

    def _early(self, slot: Slot) -> Iterator[Match]:
        """Ask the receipts that wait there again; what they turn out to be."""
        for receipt in tuple(slot.strays):
            if match := self._match(receipt, is_final=not self._may_be_early(receipt)):
                receipt.is_judged = True
                self._waiting -= 1
                slot.strays.remove(receipt)
                self._name(receipt, match)
                yield match

    def _match(self, receipt: Arrival, *, is_final: bool) -> Match | None:
        """What it is of; None where nobody knows, or may know better when more causes are entered (not `is_final`)."""
        slot = receipt.slot
        tally = self.tally(slot.topic.event)
        known = slot.received.get(receipt.mark)
        if (
            known is not None
            and receipt.mark is not None
            and (_is_explained(receipt, known) or not slot.is_in_doubt(known))
        ):
            return self._repeat(tally, known, receipt)
        lost = slot.first(slot.lost, before=receipt.at) if slot.lost else None
        pending = slot.due(before=receipt.at)
        if lost is not None and (pending is None or lost.dispatch.at <= pending.dispatch.at):
            return self._late(tally, lost, receipt)
        if pending is not None:
            return self._deliver(tally, pending, receipt)
        if not is_final:
            return None
        is_unnamed = slot.topic.key[1] is None and receipt.mark is None
        if known is not None and (self._is_permitted(receipt) if is_unnamed else self._may_come_to_all(receipt)):
            return Match(Receipt.PERMITTED, received=receipt.at)
        allowed = slot.allowed(receipt.at) if slot.away else None
        if known is not None and (allowed is None or (allowed.is_used and not allowed.dispatch.often)):
            return self._repeat(tally, known, receipt)
        if allowed is not None:
            allowed.is_used = True
            return Match(Receipt.PERMITTED, allowed.dispatch.action, allowed.dispatch.at, received=receipt.at)
        return None

    def _may_be_early(self, receipt: Arrival) -> bool:
        """Whether it may be of a cause that is not entered yet, whatever else it may be of."""
        return self._recurs and bool(self._patience) and receipt.mark is None and not receipt.owed

    def _deliver(self, tally: Tally, expectation: Expectation, receipt: Arrival) -> Match:
        slot, dispatch = expectation.slot, expectation.dispatch
        is_doubtful = bool(slot.doubts)
        self._has_received(expectation, receipt, ExpectationState.DELIVERED)
        self._take_out(expectation)
        is_free = is_doubtful or dispatch.step == UNORDERED
        displaced = [] if is_free else expectation.order.take(receipt.order, dispatch.step, dispatch.event)
        if expectation.deadline == inf:
            self._keep(expectation, (expectation,), receipt.at)
        tally.delivered += 1
        for event in displaced:
            self.tally(event).out_of_order += 1
        return Match(
            Receipt.DELIVERED,
            dispatch.action,
            dispatch.at,
            bool(displaced),
            received=receipt.at,
            was_away=expectation.was_away,
            is_doubtful=is_doubtful,
            late=dispatch.late,
        )

    def _late(self, tally: Tally, lost: Expectation, receipt: Arrival) -> Match:
        """It came after its time, if it is not that of an expectation that is pending."""
        slot = lost.slot
        slot.lost.remove(lost)
        self._has_received(lost, receipt, ExpectationState.LATE)
        tally.late += 1
        is_doubtful = slot.first(slot.pending, before=receipt.at) is not None
        if is_doubtful:
            slot.doubts.append((receipt, lost))
        return Match(Receipt.LATE, lost.dispatch.action, lost.dispatch.at, received=receipt.at, is_doubtful=is_doubtful)

    def _is_excused_by_doubt(self, expectation: Expectation) -> bool:
        """Whether a receipt that was taken for a late one may have been that of this expectation: then it is."""
        slot, tally = expectation.slot, self.tally(expectation.dispatch.event)
        if (doubt := slot.take_doubt(expectation)) is None:
            return False
        receipt, lost = doubt
        if slot.received.get(lost.mark) is lost:
            del slot.received[lost.mark]
        lost.state, lost.mark = ExpectationState.LOST, None
        slot.lost.insert(0, lost)
        tally.late -= 1
        self._has_received(expectation, receipt, ExpectationState.DELIVERED)
        self._take_out(expectation)
        tally.delivered += 1
        return True

    def _has_received(self, expectation: Expectation, receipt: Arrival, state: ExpectationState) -> None:
        slot = expectation.slot
        previous = slot.received.get(receipt.mark)
        slot.received[receipt.mark] = expectation
        expectation.state, expectation.mark, expectation.connection = state, receipt.mark, receipt.connection
        if previous is not None and not slot.is_in_doubt(previous):
            self._drop(previous)

    def _repeat(self, tally: Tally, known: Expectation, receipt: Arrival) -> Match:
        is_explained = _is_explained(receipt, known)
        tally.duplicate += 1
        tally.retried += receipt.owed
        tally.explained += is_explained
        return Match(
            Receipt.DUPLICATE, known.dispatch.action, known.dispatch.at, is_explained=is_explained, received=receipt.at
        )

    def _excuse(self, expectation: Expectation) -> None:
        self.tally(expectation.dispatch.event).expected -= 1
        expectation.stay = None  # whatever connection it is on its way to
        self._is_away(expectation)
        self._take_out(expectation)

    def _is_away(self, expectation: Expectation, *, is_counted: bool = True) -> None:
        expectation.state = ExpectationState.AWAY
        expectation.slot.away.append(expectation)
        self.tally(expectation.dispatch.event).away += is_counted
        self._keep(expectation, (expectation,), expectation.dispatch.at)

    def _take_out(self, expectation: Expectation) -> None:
        """It is pending no more."""
        slot = expectation.slot
        slot.pending.remove(expectation)
        for lost in slot.decided() if slot.doubts else ():
            if slot.received.get(lost.mark) is not lost:
                self._drop(lost)
        dispatch = expectation.dispatch
        del dispatch.pending[expectation.recipient]
        if not dispatch.pending:
            del self._open[dispatch]

    def _judge(self, receipt: Arrival) -> None:
        """The time of a receipt without a cause is over."""
        if receipt.is_judged:
            return
        receipt.is_judged = True
        self._waiting -= 1
        slot, event = receipt.slot, receipt.slot.topic.event
        slot.strays.remove(receipt)
        match = None if self._is_own(receipt) else self._match(receipt, is_final=True)
        self._clear(slot)
        if match is not None:
            self._name(receipt, match)
        elif not self._is_permitted(receipt):
            self.tally(event).leaked += 1
            self._judged.append(Stray(event, slot.recipient))

    def _name(self, receipt: Arrival, match: Match) -> None:
        """What waited for its cause is named once it turns out to have come twice."""
        if match.receipt is Receipt.DUPLICATE and not match.is_explained:
            self._judged.append(Stray(receipt.slot.topic.event, receipt.slot.recipient, match.receipt))

    def _is_permitted(self, receipt: Arrival) -> bool:
        until = self._permits.get((receipt.slot.recipient, receipt.slot.topic.event), receipt.at)
        return until > receipt.at or self._is_own(receipt) or self._may_come_to_all(receipt)

    def _may_come_to_all(self, receipt: Arrival) -> bool:
        return self._permits.get((None, receipt.slot.topic.event), receipt.at) > receipt.at

    def _is_own(self, receipt: Arrival) -> bool:
        _, subject, _ = receipt.slot.topic.key
        about = receipt.mark if subject is None else subject
        return (receipt.slot.recipient, about) in self._own or (None, about) in self._own

    def _age(self, now: float) -> None:
        while self._due and self._due[0][0] < now:
            _, ticket, entry = heappop(self._due)
            over = _of(entry, ticket)
            for expectation in over:
                if expectation.state is ExpectationState.PENDING and not self._is_excused_by_doubt(expectation):
                    self._is_lost(expectation)
            if over:
                self._keep(entry, over, over[0].deadline)
        while self._strays and self._strays[0][0] < now:
            self._judge(self._strays.popleft()[1])
        while self._settled and self._settled[0][0] < now:
            _, ticket, entry = heappop(self._settled)
            over = _of(entry, ticket)
            for expectation in over:
                self._drop(expectation)
            over.clear()

    def _is_lost(self, expectation: Expectation) -> None:
        dispatch = expectation.dispatch
        expectation.state = ExpectationState.LOST
        expectation.slot.lost.append(expectation)
        self._take_out(expectation)
        self.tally(dispatch.event).lost += 1
        self._judged.append(Loss(dispatch.action, dispatch.event, expectation.recipient, dispatch.at))

    def _schedule(self, entry: Dispatch | Expectation, expectations: Iterable[Expectation], deadline: float) -> None:
        """These expectations, of a dispatch or one alone, are lost after the deadline."""
        if deadline < inf:
            ticket = self._ticket(expectations)
            heappush(self._due, (deadline, ticket, entry))

    def _keep(self, entry: Dispatch | Expectation, expectations: Iterable[Expectation], since: float) -> None:
        """These are settled, and remembered for a while."""
        ticket = self._ticket(expectations)
        heappush(self._settled, (since + self._kept, ticket, entry))

    def _ticket(self, expectations: Iterable[Expectation]) -> int:
        ticket = next(self._tickets)
        for expectation in expectations:
            expectation.ticket = ticket
        return ticket

    def _drop(self, expectation: Expectation) -> None:
        """It is remembered no more."""
        slot, order = expectation.slot, expectation.order
        match expectation.state:
            case ExpectationState.DELIVERED | ExpectationState.LATE:
                if slot.received.get(expectation.mark) is expectation:
                    del slot.received[expectation.mark]
                if slot.doubts:
                    slot.doubts = [doubt for doubt in slot.doubts if doubt[1] is not expectation]
            case ExpectationState.LOST:
                slot.lost.remove(expectation)
            case ExpectationState.AWAY:
                slot.away.remove(expectation)
            case ExpectationState.PENDING:
                pass
        expectation.ticket = 0
        self._kept_now -= 1
        order.length -= 1
        if not order.length:
            self._forget_order(slot)
        self._clear(slot)

    def _forget_order(self, slot: Slot) -> None:
        orders = self._orders[slot.topic.ordered_by]
        del orders[slot.recipient]
        if not orders:
            del self._orders[slot.topic.ordered_by]

    def _topic(self, event: str, subject: Hashable, key: Hashable) -> Topic:
        where = (event, subject, key)
        topic = self._topics.get(where)
        if topic is None:
            topic = self._topics[where] = Topic(where)
        return topic

    def _slot(self, topic: Topic, recipient: Hashable) -> Slot:
        slot = topic.slots.get(recipient)
        if slot is None:
            slot = topic.slots[recipient] = Slot(topic, recipient)
        return slot

    def _clear(self, slot: Slot) -> None:
        if slot.is_empty and slot.topic.slots.pop(slot.recipient, None) is not None and not slot.topic.slots:
            del self._topics[slot.topic.key]


def _of(entry: Dispatch | Expectation, ticket: int) -> list[Expectation]:
    """Those of an entry of a heap that it still counts for; a dispatch forgets the others."""
    if isinstance(entry, Expectation):
        return [entry] if entry.ticket == ticket else []
    entry.expectations = [one for one in entry.expectations if one.ticket == ticket]
    return entry.expectations


def _is_explained(receipt: Arrival, known: Expectation) -> bool:
    """Whether there is a reason to receive again what is known."""
    return receipt.owed or receipt.connection > known.connection
