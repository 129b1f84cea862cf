from collections.abc import Hashable
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from eventproof.load.expectation import UNORDERED
from eventproof.load.judgement import Loss, Match, Receipt, Stray
from eventproof.load.ledger import Ledger
from eventproof.load.rooms import Stay
from eventproof.load.tally import Tally

BAN = "user.banned"


def _receipt(ledger: Ledger, recipient: str, at: float, **more: object) -> Receipt:
    return ledger.receive(BAN, recipient, at=at, **more).receipt  # type: ignore[arg-type] # the options of `receive`


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(kept=10)


def test_a_receipt_in_time_is_delivered_and_tells_its_action(ledger: Ledger) -> None:
    ledger.expect("ban 1", BAN, ["a", "b"], at=1, deadline=5)
    assert ledger.receive(BAN, "a", at=2) == Match(Receipt.DELIVERED, "ban 1", 1, received=2)
    assert ledger.pending == 1
    assert ledger.tallies[BAN] == Tally(expected=2, delivered=1)


def test_what_has_not_come_by_its_deadline_is_lost(ledger: Ledger) -> None:
    ledger.expect("ban 1", BAN, ["a", "b"], at=1, deadline=5)
    assert _receipt(ledger, "a", 5) is Receipt.DELIVERED
    assert ledger.settle(5) == []
    assert ledger.settle(5.001) == [Loss("ban 1", BAN, "b")]
    assert ledger.settle(6) == []
    assert ledger.tallies[BAN] == Tally(expected=2, delivered=1, lost=1)


def test_what_comes_after_its_deadline_is_late_and_stays_lost(ledger: Ledger) -> None:
    ledger.expect("ban 1", BAN, ["a"], at=1, deadline=5)
    assert ledger.receive(BAN, "a", at=6) == Match(Receipt.LATE, "ban 1", 1, received=6)
    assert ledger.settle(7) == [Loss("ban 1", BAN, "a")]
    assert ledger.tallies[BAN] == Tally(expected=1, lost=1, late=1)


def test_what_comes_again_after_it_came_late_is_a_duplicate_and_no_leak(ledger: Ledger) -> None:
    ledger.expect("ban 1", BAN, ["a"], at=1, deadline=5)
    receipts = [_receipt(ledger, "a", at, owed=owed) for at, owed in ((6, False), (7, True), (8, False))]
    assert receipts == [Receipt.LATE, Receipt.DUPLICATE, Receipt.DUPLICATE]
    assert ledger.tallies[BAN] == Tally(expected=1, lost=1, late=1, duplicate=2, retried=1, explained=1)


_MARKS = pytest.mark.parametrize("marks", [(None, None), ("same", "same"), ("one", "another")])


@_MARKS
def test_a_late_receipt_is_that_of_its_own_action_and_not_of_the_next(
    ledger: Ledger, marks: tuple[Hashable, ...]
) -> None:
    ledger.expect("tier 1", BAN, ["a"], at=1, deadline=5)
    ledger.expect("tier 2", BAN, ["a"], at=6, deadline=10)
    first, second = (ledger.receive(BAN, "a", at=at, mark=mark) for at, mark in zip((7, 9), marks, strict=True))
    assert (first.receipt, first.action, second.receipt, second.action) == (
        Receipt.LATE,
        "tier 1",
        Receipt.DELIVERED,
        "tier 2",
    )
    assert first.latency is second.latency is None, "either may be the other's"
    ledger.settle(20)
    assert ledger.tallies[BAN] == Tally(expected=2, delivered=1, lost=1, late=1)


@_MARKS
def test_one_receipt_after_a_loss_is_no_second_loss(ledger: Ledger, marks: tuple[Hashable, ...]) -> None:
    ledger.expect("tier 1", BAN, ["a"], at=1, deadline=5)
    ledger.expect("tier 2", BAN, ["a"], at=6, deadline=10)
    ledger.receive(BAN, "a", at=7, mark=marks[0])
    assert ledger.settle(11) == [Loss("tier 1", BAN, "a")]
    assert ledger.tallies[BAN] == Tally(expected=2, delivered=1, lost=1)
    assert ledger.receive(BAN, "a", at=12, mark="late").action == "tier 1"
    assert ledger.tallies[BAN] == Tally(expected=2, delivered=1, lost=1, late=1)


def test_what_came_before_an_action_is_not_of_it(patient: Ledger) -> None:
    patient.receive(PAID, "a", at=2, subject="claim 1")
    assert patient.expect("pay 1", PAID, ["a"], at=3, deadline=9, subject="claim 1") == ()
    patient.settle(30)
    assert patient.tallies[PAID] == Tally(expected=1, lost=1, leaked=1)


def test_a_late_receipt_is_late_for_good_where_the_next_action_was_refused(ledger: Ledger) -> None:
    ledger.expect("tier 1", BAN, ["a"], at=1, deadline=5)
    ledger.expect("tier 2", BAN, ["a"], at=6, deadline=10)
    _receipt(ledger, "a", 7)
    ledger.withdraw("tier 2", BAN, ["a"])
    ledger.settle(11)
    assert ledger.tallies[BAN] == Tally(expected=1, lost=1, late=1)


def test_a_repetition_that_is_owed_is_not_taken_for_the_next_event(ledger: Ledger) -> None:
    ledger.expect("pay 1", BAN, ["a"], at=1, deadline=5)
    ledger.expect("pay 2", BAN, ["a"], at=6, deadline=10)
    assert [_receipt(ledger, "a", at, mark="same", owed=True) for at in (7, 8)] == [Receipt.LATE, Receipt.DUPLICATE]
    ledger.settle(11)
    assert ledger.tallies[BAN] == Tally(expected=2, delivered=1, lost=1, duplicate=1, retried=1, explained=1)


def test_an_expectation_is_due_earlier_once_its_call_is_answered(ledger: Ledger) -> None:
    for recipient in ("a", "b"):
        ledger.expect("ban 1", BAN, [recipient], at=1, deadline=20)
    ledger.hasten("ban 1", BAN, ["a"], deadline=5)
    assert ledger.settle(6) == [Loss("ban 1", BAN, "a")]
    assert ledger.pending == 1


@pytest.mark.unmeasured
def test_a_target_that_lies_without_end_fills_no_memory_and_the_rest_is_counted() -> None:
    patient = Ledger(kept=10, patience=1000)
    for number in range(10_500):
        assert patient.receive(PAID, "a", at=1, subject=number).receipt is Receipt.WAITING
        patient.own("b", number)
    assert patient.overflowed == 500 + 500
    patient.conclude()
    assert patient.tallies[PAID] == Tally(leaked=10_000)


class World:
    """One recipient of one event that nothing tells apart, as the target knows it: each event comes, or not."""

    def __init__(self, ledger: Ledger, delays: list[float | None], gaps: list[float]) -> None:
        self.timed: list[tuple[str | None, float]] = []
        self.own: dict[float, str] = {}
        at, moments = 0.0, []
        for number, (delay, gap) in enumerate(zip(delays, gaps, strict=False)):
            at += gap
            moments.append((at, 0, f"tier {number}"))
            if delay is not None:
                moments.append((at + delay, 1, f"tier {number}"))
        for when, is_receipt, action in sorted(moments):
            if not is_receipt:
                ledger.expect(action, BAN, ["a"], at=when, deadline=when + _WINDOW)
                continue
            match = ledger.receive(BAN, "a", at=when)
            if match.latency is not None:
                self.timed.append((match.action, match.latency))
            self.own[when] = action
        self.causes = [when for when, is_receipt, _ in sorted(moments) if not is_receipt]
        self.receipts = [when for when, is_receipt, _ in sorted(moments) if is_receipt]
        self.truly_lost = sum(delay is None or delay > _WINDOW for delay, _ in zip(delays, gaps, strict=False))

    def fewest_losses(self) -> int:
        """How many actions are without an event in time, however the receipts are dealt out."""
        left = list(self.receipts)
        lost = 0
        for cause in self.causes:
            mine = next((receipt for receipt in left if cause <= receipt <= cause + _WINDOW), None)
            if mine is None:
                lost += 1
            else:
                left.remove(mine)
        return lost


_WINDOW = 5.0
_TIMES = st.integers(0, 40).map(lambda quarter: quarter / 4 + 0.1)


@settings(max_examples=300, deadline=None)
@given(delays=st.lists(st.none() | _TIMES, min_size=1, max_size=6), gaps=st.lists(_TIMES, min_size=6, max_size=6))
def test_what_cannot_be_told_apart_is_counted_in_favour_of_the_target_and_every_receipt_once(
    delays: list[float | None], gaps: list[float]
) -> None:
    ledger = Ledger(kept=1000)
    world = World(ledger, delays, gaps)
    losses = ledger.settle(500)
    tally = ledger.tallies[BAN]
    assert tally.lost == len(losses) == world.fewest_losses() <= world.truly_lost
    assert tally.expected == tally.delivered + tally.lost == len(world.causes)
    assert tally.delivered + tally.late == len(world.receipts)
    assert tally.duplicate == tally.leaked == 0


@settings(max_examples=300, deadline=None)
@given(delays=st.lists(_TIMES, min_size=1, max_size=6), gaps=st.lists(_TIMES, min_size=6, max_size=6))
def test_where_nothing_is_lost_for_good_and_all_comes_in_order_a_latency_is_that_of_its_action(
    delays: list[float], gaps: list[float]
) -> None:
    at, last, ordered = 0.0, 0.0, []
    for delay, gap in zip(delays, gaps, strict=False):
        at += gap
        last = max(at + delay, last + 0.01)
        ordered.append(last - at)
    world = World(Ledger(kept=1000), list(ordered), gaps)
    for action, latency in world.timed:
        assert action is not None
        assert latency == pytest.approx(ordered[int(action.removeprefix("tier "))])


def test_a_second_receipt_is_a_duplicate_and_a_retry_explains_it(ledger: Ledger) -> None:
    ledger.expect("ban 1", BAN, ["a"], at=1, deadline=5)
    _receipt(ledger, "a", 2)
    assert _receipt(ledger, "a", 3) is Receipt.DUPLICATE
    assert _receipt(ledger, "a", 3, owed=True) is Receipt.DUPLICATE
    assert ledger.tallies[BAN] == Tally(expected=1, delivered=1, duplicate=2, retried=1, explained=1)


def test_what_nobody_caused_is_leaked(ledger: Ledger) -> None:
    ledger.expect("ban 1", BAN, ["a"], at=1, deadline=5)
    assert _receipt(ledger, "stranger", 2) is Receipt.LEAKED
    assert ledger.receive("user.unbanned", "a", at=2).receipt is Receipt.LEAKED
    assert ledger.tallies[BAN].leaked == ledger.tallies["user.unbanned"].leaked == 1


def test_after_logout_nothing_may_arrive_not_even_what_is_expected(ledger: Ledger) -> None:
    ledger.expect("ban 1", BAN, ["a"], at=1, deadline=5)
    ledger.logout("a")
    assert _receipt(ledger, "a", 2) is Receipt.LEAKED
    ledger.forget("a")
    ledger.settle(6)
    assert ledger.tallies[BAN] == Tally(expected=1, lost=1, leaked=1)


def test_what_is_permitted_is_neither_expected_nor_leaked(ledger: Ledger) -> None:
    ledger.permit(BAN, ["a"], until=5)
    assert _receipt(ledger, "a", 2) is Receipt.PERMITTED
    assert _receipt(ledger, "a", 5) is Receipt.LEAKED
    ledger.permit(BAN, ["a"], until=9)
    ledger.forget("a")
    assert _receipt(ledger, "a", 6) is Receipt.LEAKED


def test_a_refused_action_expects_nothing_any_more(ledger: Ledger) -> None:
    ledger.expect("ban 1", BAN, ["a", "b"], at=1, deadline=5)
    ledger.expect("ban 2", BAN, ["a"], at=1, deadline=5)
    _receipt(ledger, "b", 2)
    ledger.withdraw("ban 1", BAN, ["a", "b"])
    assert ledger.tallies[BAN] == Tally(expected=2, delivered=1)
    assert ledger.settle(6) == [Loss("ban 2", BAN, "a")]


def test_a_key_finds_its_action_and_shows_what_came_in_the_wrong_order(ledger: Ledger) -> None:
    for number in (1, 2, 3):
        ledger.expect(f"tier {number}", BAN, ["a"], at=number, deadline=9, key=number)
    matches = [ledger.receive(BAN, "a", at=4, key=key) for key in (1, 3, 2)]
    assert [match.action for match in matches] == ["tier 1", "tier 3", "tier 2"]
    assert [match.out_of_order for match in matches] == [False, False, True]
    assert ledger.receive(BAN, "a", at=4, key="unheard of").receipt is Receipt.LEAKED
    assert ledger.tallies[BAN] == Tally(expected=3, delivered=3, out_of_order=1, leaked=1)


def test_without_keys_receipts_are_matched_in_the_order_of_the_actions(ledger: Ledger) -> None:
    for number in (1, 2):
        ledger.expect(f"tier {number}", BAN, ["a"], at=number, deadline=9)
    assert [ledger.receive(BAN, "a", at=4).action for _ in range(2)] == ["tier 1", "tier 2"]


def test_what_was_settled_long_ago_is_forgotten_so_memory_stays_bounded(ledger: Ledger) -> None:
    for number in range(1000):
        ledger.expect(f"ban {number}", BAN, ["a", "b"], at=number, deadline=number + 1)
        _receipt(ledger, "a", number + 0.5)
    assert len(ledger) < 50
    ledger.settle(2000)
    assert len(ledger) == 0
    assert ledger.tallies[BAN] == Tally(expected=2000, delivered=1000, lost=1000)


PAID, REVIEW = "claim_paid", "claim_under_review"


@pytest.fixture
def patient() -> Ledger:
    """A ledger of claims: a receipt may come before the answer of its call."""
    return Ledger(kept=100, patience=20)


def test_what_is_received_before_its_cause_is_known_is_delivered_when_it_is(patient: Ledger) -> None:
    assert patient.receive(PAID, "a", at=2, subject="claim 1").receipt is Receipt.WAITING
    assert patient.receive(PAID, "b", at=2, subject="claim 1").receipt is Receipt.WAITING
    (match,) = patient.expect("pay 1", PAID, ["a"], at=1, deadline=9, subject="claim 1")
    assert match == Match(Receipt.DELIVERED, "pay 1", 1, received=2)
    assert patient.settle(21) == []
    assert patient.settle(23) == [Stray(PAID, "b")]
    assert patient.tallies[PAID] == Tally(expected=1, delivered=1, leaked=1)


def test_of_two_receipts_before_their_cause_the_second_is_a_duplicate(patient: Ledger) -> None:
    for _ in range(2):
        patient.receive(PAID, "a", at=2, subject="claim 1")
    matches = patient.expect("pay 1", PAID, ["a"], at=1, deadline=9, subject="claim 1")
    assert [match.receipt for match in matches] == [Receipt.DELIVERED, Receipt.DUPLICATE]
    assert patient.settle(2) == [Stray(PAID, "a", Receipt.DUPLICATE)], "it is named, as one that came later is"
    assert patient.tallies[PAID] == Tally(expected=1, delivered=1, duplicate=1)


def test_what_is_about_somebody_elses_claim_is_leaked_whatever_else_is_expected(patient: Ledger) -> None:
    patient.expect("pay 1", PAID, ["a"], at=1, deadline=9, subject="claim 1")
    patient.expect("pay 2", PAID, ["b"], at=1, deadline=9, subject="claim 2")
    patient.receive(PAID, "a", at=2, subject="claim 2")
    patient.conclude()
    assert patient.settle(3) == [Stray(PAID, "a")]
    assert patient.tallies[PAID] == Tally(expected=2, leaked=1)


def test_a_claim_of_an_earlier_run_is_permitted_at_its_owner(patient: Ledger) -> None:
    patient.receive(PAID, "a", at=2, subject="claim 0")
    patient.receive(PAID, "b", at=2, subject="claim 0")
    patient.own("a", "claim 0")
    patient.conclude()
    assert patient.settle(3) == [Stray(PAID, "b")]


def test_what_an_earlier_run_left_is_permitted_by_its_mark(patient: Ledger) -> None:
    for mark in ("left", "new"):
        patient.receive("coverage_updated", "a", at=2, mark=mark)
    patient.own("a", "left")
    matches = patient.expect("pay 1", "coverage_updated", ["a"], at=1, deadline=9)
    assert [match.receipt for match in matches] == [Receipt.DELIVERED]
    assert patient.receive("coverage_updated", "a", at=3, mark="left").receipt is Receipt.PERMITTED
    patient.conclude()
    assert patient.tallies["coverage_updated"] == Tally(expected=1, delivered=1)


def test_of_one_claim_what_an_earlier_step_caused_comes_first_and_within_a_step_there_is_no_order(
    patient: Ledger,
) -> None:
    for claim in ("1", "2"):
        patient.expect(f"review {claim}", REVIEW, ["a"], at=1, deadline=9, subject=claim, step=1)
        patient.expect(f"pay {claim}", "payout_completed", ["a"], at=2, deadline=9, subject=claim, step=3)
        patient.expect(f"pay {claim}", PAID, ["a"], at=2, deadline=9, subject=claim, step=3)
    received = [(PAID, "1"), ("payout_completed", "1"), (REVIEW, "2"), (REVIEW, "1"), (PAID, "2"), (REVIEW, "1")]
    matches = [patient.receive(event, "a", at=3, subject=claim) for event, claim in received]
    assert [match.out_of_order for match in matches] == [False, False, False, True, False, False]
    assert patient.tallies[REVIEW] == Tally(expected=2, delivered=2, out_of_order=1, duplicate=1)


def test_a_duplicate_is_explained_by_an_acknowledgement_that_is_owed_or_a_new_connection(patient: Ledger) -> None:
    patient.expect("pay 1", PAID, ["a"], at=1, deadline=9, subject="claim 1")
    facts = [(1, False), (1, True), (1, False), (2, False), (2, True)]
    matches = [
        patient.receive(PAID, "a", at=2, subject="claim 1", connection=connection, owed=owed)
        for connection, owed in facts
    ]
    assert [match.is_explained for match in matches] == [False, True, False, True, True]
    assert patient.tallies[PAID] == Tally(expected=1, delivered=1, duplicate=4, retried=2, explained=3)


def test_without_a_subject_the_same_payload_is_the_same_event_again(patient: Ledger) -> None:
    for number in (1, 2):
        patient.expect(f"pay {number}", "coverage_updated", ["a"], at=number, deadline=9)
    marks = ["100 left", "100 left", "50 left", "100 left"]
    receipts = [patient.receive("coverage_updated", "a", at=3, mark=mark).receipt for mark in marks]
    assert receipts == [Receipt.DELIVERED, Receipt.DUPLICATE, Receipt.DELIVERED, Receipt.DUPLICATE]


def test_what_somebody_without_a_connection_is_due_waits_for_the_return(patient: Ledger) -> None:
    patient.expect("pay 1", PAID, ["a"], at=1, deadline=9, subject="claim 1")
    patient.suspend("a")
    patient.expect("pay 2", PAID, ["a"], at=10, deadline=inf, subject="claim 2")
    assert patient.settle(50) == []
    patient.resume("a", deadline=60, since=5)
    assert patient.tallies[PAID] == Tally(expected=1, away=1)
    assert patient.settle(61) == [Loss("pay 2", PAID, "a")]
    assert patient.receive(PAID, "a", at=62, subject="claim 1").receipt is Receipt.PERMITTED


def test_who_never_returns_has_lost_nothing(patient: Ledger) -> None:
    patient.expect("pay 1", PAID, ["a"], at=1, deadline=9, subject="claim 1")
    patient.suspend("a")
    patient.conclude()
    assert patient.settle(500) == []
    assert (patient.tallies[PAID], patient.pending, len(patient)) == (Tally(away=1), 0, 0)


def test_what_is_not_sent_again_on_the_return_may_come_and_is_not_due(patient: Ledger) -> None:
    patient.expect("pay 1", PAID, ["a", "b"], at=1, deadline=9, subject="claim 1")
    patient.miss("a")
    patient.excuse("pay 2", PAID, ["a"], at=1, subject="claim 2")
    for claim in ("claim 1", "claim 2"):
        assert patient.receive(PAID, "a", at=2, subject=claim).receipt is Receipt.PERMITTED
    assert patient.receive(PAID, "b", at=2, subject="claim 1").receipt is Receipt.DELIVERED
    assert patient.tallies[PAID] == Tally(expected=1, delivered=1, away=2)


def test_what_is_received_on_the_return_is_forgotten_in_time(patient: Ledger) -> None:
    patient.expect("pay 1", PAID, ["a"], at=1, deadline=inf, subject="claim 1")
    assert patient.receive(PAID, "a", at=2, subject="claim 1").receipt is Receipt.DELIVERED
    patient.settle(103)
    assert len(patient) == 0


class Books(RuleBasedStateMachine):
    """Whatever happens in whatever order, every expectation is in exactly one column."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(kept=3)
        self.now = 0.0
        self.actions: list[tuple[str, list[str]]] = []
        self.losses = 0
        self.received = 0

    recipients = st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True)
    keys = st.one_of(st.none(), st.integers(0, 3))

    @rule(seconds=st.floats(0, 5))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(recipients=recipients, patience=st.floats(0, 5), key=keys)
    def act(self, recipients: list[str], patience: float, key: Hashable) -> None:
        name = f"action {len(self.actions)}"
        self.actions.append((name, recipients))
        self.ledger.expect(name, BAN, recipients, at=self.now, deadline=self.now + patience, key=key)

    @rule(recipient=st.sampled_from("abcd"), key=keys, owed=st.booleans())
    def receive(self, recipient: str, key: Hashable, owed: bool) -> None:
        match = self.ledger.receive(BAN, recipient, at=self.now, key=key, owed=owed)
        self.received += match.receipt is not Receipt.PERMITTED

    @precondition(lambda self: self.actions)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        name, recipients = data.draw(st.sampled_from(self.actions))
        self.ledger.withdraw(name, BAN, recipients)

    @rule(recipient=st.sampled_from("abcd"))
    def log_out(self, recipient: str) -> None:
        self.ledger.logout(recipient)

    @rule(recipient=st.sampled_from("abcd"))
    def forget(self, recipient: str) -> None:
        self.ledger.forget(recipient)

    @rule(recipient=st.sampled_from("abc"), comes_back=st.booleans(), since=st.floats(0, 5))
    def lose_the_connection(self, recipient: str, comes_back: bool, since: float) -> None:
        self.ledger.suspend(recipient)
        if comes_back:
            self.ledger.resume(recipient, deadline=self.now + 2, since=self.now - since)

    @rule(recipient=st.sampled_from("abc"))
    def miss_what_is_pending(self, recipient: str) -> None:
        self.ledger.miss(recipient)

    @rule()
    def settle(self) -> None:
        self._settle(self.now)

    def _settle(self, now: float) -> None:
        judged = self.ledger.settle(now)
        self.losses += sum(isinstance(one, Loss) for one in judged)

    @invariant()
    def every_expectation_is_in_one_column(self) -> None:
        tally = self.ledger.tallies.get(BAN, Tally())
        assert tally.expected == tally.delivered + tally.lost + self.ledger.pending

    @invariant()
    def every_receipt_is_in_one_column(self) -> None:
        tally = self.ledger.tallies.get(BAN, Tally())
        assert self.received == tally.delivered + tally.late + tally.duplicate + tally.leaked
        assert tally.late <= tally.lost
        assert tally.explained <= tally.duplicate
        assert tally.out_of_order <= tally.delivered

    def teardown(self) -> None:
        self.ledger.conclude()
        self._settle(self.now + 100)
        tally = self.ledger.tallies.get(BAN, Tally())
        assert tally.expected == tally.delivered + tally.lost
        assert tally.lost == self.losses
        assert (self.ledger.pending, len(self.ledger)) == (0, 0)


Books.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_the_books_balance = Books.TestCase


def test_receipts_that_found_their_cause_take_no_place_of_those_that_wait() -> None:
    ledger = Ledger(patience=60.0)
    for number in range(11_000):
        at = number / 1000
        assert ledger.receive("e", "user", at=at, subject=number).receipt is Receipt.WAITING
        ledger.expect("a", "e", ["user"], at=at, deadline=at + 5, subject=number)
    ledger.settle(100.0)
    assert (ledger.overflowed, ledger.tally("e").lost, ledger.tally("e").delivered) == (0, 0, 11_000)


def test_what_waited_for_its_cause_shows_what_came_after_it_and_should_not_have() -> None:
    ledger = Ledger(patience=5)
    ledger.expect("submit", "submitted", ["a"], at=0, deadline=9, subject="c", step=0)
    ledger.receive("reviewed", "a", at=1, subject="c")
    ledger.receive("submitted", "a", at=1, subject="c")
    assert ledger.tally("submitted").out_of_order == 0, "nobody knows yet what caused the other one"
    ledger.expect("review", "reviewed", ["a"], at=0.5, deadline=9, subject="c", step=1)
    assert [ledger.tally(event).out_of_order for event in ("submitted", "reviewed")] == [1, 0]


def test_what_waited_for_its_cause_is_in_order_where_it_came_in_order() -> None:
    ledger = Ledger(patience=5)
    ledger.receive("submitted", "a", at=1, subject="c")
    ledger.receive("reviewed", "a", at=2, subject="c")
    ledger.expect("review", "reviewed", ["a"], at=0.5, deadline=9, subject="c", step=1)
    ledger.expect("submit", "submitted", ["a"], at=0, deadline=9, subject="c", step=0)
    assert [ledger.tally(event).out_of_order for event in ("submitted", "reviewed")] == [0, 0]


SEAT = "seat:availability"


@pytest.fixture
def recurring() -> Ledger:
    return Ledger(kept=100, patience=20, recurs=True)


def test_where_things_recur_a_second_receipt_may_be_of_a_cause_that_is_not_entered_yet(recurring: Ledger) -> None:
    recurring.expect("book", SEAT, ["a"], at=1, deadline=9, subject="s1")
    first = recurring.receive(SEAT, "a", at=2, subject="s1")
    second = recurring.receive(SEAT, "a", at=3, subject="s1")
    assert (first.receipt, second.receipt) == (Receipt.DELIVERED, Receipt.WAITING)
    (match,) = recurring.expect("cancel", SEAT, ["a"], at=2.5, deadline=9, subject="s1")
    assert (match.receipt, match.action) == (Receipt.DELIVERED, "cancel")
    assert recurring.tallies[SEAT] == Tally(expected=2, delivered=2)


def test_where_things_recur_a_second_receipt_of_no_cause_is_a_duplicate_when_its_time_is_over(
    recurring: Ledger,
) -> None:
    recurring.expect("book", SEAT, ["a"], at=1, deadline=9, subject="s1")
    for at in (2, 3):
        recurring.receive(SEAT, "a", at=at, subject="s1")
    assert recurring.settle(30) == [Stray(SEAT, "a", Receipt.DUPLICATE)]
    assert recurring.tallies[SEAT] == Tally(expected=1, delivered=1, duplicate=1)


def test_where_things_recur_what_may_come_takes_nothing_from_what_must(recurring: Ledger) -> None:
    recurring.excuse("order", SEAT, ["a"], at=1, subject="s1", is_away=False)
    assert recurring.receive(SEAT, "a", at=2, subject="s1").receipt is Receipt.WAITING
    recurring.expect("set", SEAT, ["a"], at=1.5, deadline=9, subject="s1")
    assert recurring.receive(SEAT, "a", at=3, subject="s1").receipt is Receipt.WAITING
    recurring.conclude()
    assert recurring.tallies[SEAT] == Tally(expected=1, delivered=1), "the one is delivered, the other is permitted"


def test_who_asks_to_leave_a_room_loses_nothing_of_it_and_after_the_answer_it_is_leaked(ledger: Ledger) -> None:
    stay = Stay(asked=0, joined=1)
    ledger.expect("book", SEAT, ["a", "b"], at=2, deadline=5, subject="s1", stays={"a": stay})
    ledger.release("a", stay)
    assert ledger.tallies[SEAT] == Tally(expected=1)
    assert ledger.receive(SEAT, "a", at=3, subject="s1").receipt is Receipt.PERMITTED
    stay.left = 4
    assert ledger.receive(SEAT, "a", at=4.5, subject="s1").receipt is Receipt.LEAKED


def test_what_nobody_knows_of_may_come_to_everybody_for_a_while_and_is_then_nobodys(ledger: Ledger) -> None:
    ledger.expect("book", SEAT, ["a"], at=1, deadline=5, subject="s1")
    ledger.receive(SEAT, "a", at=2, subject="s1")
    ledger.permit(SEAT, (None,), until=4)
    receipts = [ledger.receive(SEAT, who, at=at, subject="s1").receipt for who, at in (("a", 3), ("b", 3), ("b", 4.5))]
    assert receipts == [Receipt.PERMITTED, Receipt.PERMITTED, Receipt.LEAKED]


def test_what_may_come_to_somebody_comes_only_as_long_as_they_may_be_in_the_room(ledger: Ledger) -> None:
    stay = Stay(asked=0, joined=1, leaving=2, left=4)
    ledger.excuse("book", SEAT, ["a"], at=1, subject="s1", stays={"a": stay}, is_away=False)
    assert ledger.receive(SEAT, "a", at=5, subject="s1").receipt is Receipt.LEAKED
    assert ledger.tallies[SEAT].away == 0


def test_what_a_call_may_cause_may_come_more_than_once() -> None:
    ledger = Ledger()
    ledger.expect("create", "seat", ["a"], at=0, deadline=9, subject="s", step=1)
    ledger.receive("seat", "a", at=1, subject="s")
    ledger.excuse("update", "seat", ["a"], at=2, subject="s", is_away=False, often=True)
    for at in (3, 4):
        assert ledger.receive("seat", "a", at=at, subject="s").receipt is Receipt.PERMITTED
    ledger.excuse("cancel", "chair", ["a"], at=2, subject="c", is_away=False)
    ledger.expect("create", "chair", ["a"], at=0, deadline=9, subject="c", step=1)
    receipts = [ledger.receive("chair", "a", at=at, subject="c").receipt for at in (3, 4, 5)]
    assert receipts == [Receipt.DELIVERED, Receipt.PERMITTED, Receipt.DUPLICATE]


def test_what_is_in_no_order_does_not_disturb_that_of_others() -> None:
    ledger = Ledger()
    ledger.expect("post", "said", ["a"], at=0, deadline=9, subject="room", step=5)
    ledger.expect("type", "typing", ["a"], at=0, deadline=9, subject="room", step=UNORDERED)
    assert not ledger.receive("said", "a", at=1, subject="room").out_of_order
    assert not ledger.receive("typing", "a", at=2, subject="room").out_of_order


def test_of_what_names_nothing_a_permitted_one_is_no_second_one() -> None:
    ledger = Ledger(patience=5)
    ledger.receive("joined", "a", at=1)
    ledger.permit("joined", ["a"], until=4)
    ledger.expect("join", "joined", ["a"], at=2, deadline=9)
    assert ledger.receive("joined", "a", at=3).receipt is Receipt.DELIVERED
    ledger.settle(20)
    assert ledger.tallies["joined"].duplicate == 0
