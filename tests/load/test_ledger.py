from collections.abc import Hashable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from eventproof.load.ledger import Ledger, Loss, Match, Receipt, Tally

BAN = "user.banned"


def _receipt(ledger: Ledger, recipient: str, at: float, **more: object) -> Receipt:
    return ledger.receive(BAN, recipient, at=at, **more).receipt  # type: ignore[arg-type] # the options of `receive`


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(kept=10)


def test_a_receipt_in_time_is_delivered_and_tells_its_action(ledger: Ledger) -> None:
    ledger.expect("ban 1", BAN, ["a", "b"], at=1, deadline=5)
    assert ledger.receive(BAN, "a", at=2) == Match(Receipt.DELIVERED, "ban 1", 1)
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
    assert ledger.receive(BAN, "a", at=6) == Match(Receipt.LATE, "ban 1", 1)
    assert ledger.settle(7) == [Loss("ban 1", BAN, "a")]
    assert ledger.tallies[BAN] == Tally(expected=1, lost=1, late=1)
    assert _receipt(ledger, "a", 8) is Receipt.LEAKED


def test_a_second_receipt_is_a_duplicate_and_a_retry_explains_it(ledger: Ledger) -> None:
    ledger.expect("ban 1", BAN, ["a"], at=1, deadline=5)
    _receipt(ledger, "a", 2)
    assert _receipt(ledger, "a", 3) is Receipt.DUPLICATE
    assert _receipt(ledger, "a", 3, repeated=True) is Receipt.DUPLICATE
    assert ledger.tallies[BAN] == Tally(expected=1, delivered=1, duplicate=2, explained=1)


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
    assert [match.reordered for match in matches] == [False, False, True]
    assert ledger.receive(BAN, "a", at=4, key="unheard of").receipt is Receipt.LEAKED
    assert ledger.tallies[BAN] == Tally(expected=3, delivered=3, reordered=1, leaked=1)


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

    @rule(recipient=st.sampled_from("abcd"), key=keys, repeated=st.booleans())
    def receive(self, recipient: str, key: Hashable, repeated: bool) -> None:
        self.ledger.receive(BAN, recipient, at=self.now, key=key, repeated=repeated)
        self.received += 1

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

    @rule()
    def settle(self) -> None:
        self.losses += len(self.ledger.settle(self.now))

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
        assert tally.reordered <= tally.delivered

    def teardown(self) -> None:
        self.losses += len(self.ledger.settle(self.now + 100))
        tally = self.ledger.tallies.get(BAN, Tally())
        assert tally.expected == tally.delivered + tally.lost
        assert tally.lost == self.losses
        assert (self.ledger.pending, len(self.ledger)) == (0, 0)


Books.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_the_books_balance = Books.TestCase
