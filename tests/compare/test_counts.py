from eventproof.compare import Change
from eventproof.compare.counts import counts
from eventproof.report.records import Delivery

from .sides import delivered, side

EVENT = "user.banned"


def account(expected: int, **columns: int) -> Delivery:
    plain = {"lost": 0, "duplicate": 0, "explained": 0, "out_of_order": 0, "leaked": 0} | columns
    return Delivery(EVENT, expected, expected - plain["lost"], **plain)


def changes(before: Delivery, after: Delivery, doubt: str = "") -> dict[str, Change]:
    lines = counts([side("a", delivered(before)), side("b", delivered(after))], [doubt])
    return {line.column: line.changes[0].change for line in lines}


def test_one_leak_is_worse_and_one_loss_is_chance() -> None:
    found = changes(account(10_000), account(10_000, leaked=1, lost=1))
    assert (found["leaked"], found["lost"]) == (Change.WORSE, Change.SAME)


def test_more_losses_than_chance_has_are_worse_and_fewer_are_better() -> None:
    assert changes(account(10_000, lost=5), account(10_000, lost=40))["lost"] is Change.WORSE
    assert changes(account(10_000, lost=40), account(10_000, lost=5))["lost"] is Change.BETTER
    assert changes(account(1_000, lost=5), account(10_000, lost=40))["lost"] is Change.SAME


def test_what_a_busy_generator_may_have_lost_is_not_judged_and_what_it_cannot_make_is() -> None:
    found = changes(account(10_000), account(10_000, lost=40, duplicate=40), "the loop was late")
    assert (found["lost"], found["duplicate"]) == (Change.UNKNOWN, Change.WORSE)


def test_duplicates_that_are_explained_are_none() -> None:
    assert "duplicate" not in changes(account(1_000), account(1_000, duplicate=50, explained=50))
    assert changes(account(1_000), account(1_000, duplicate=50, explained=5))["duplicate"] is Change.WORSE


def test_accounts_of_several_runs_are_added_up_and_losses_are_told_of_every_event() -> None:
    sides = [side("a", delivered(account(10)), delivered(account(20, lost=2))), side("b", delivered(account(5)))]
    found = {line.column: [(count.number, count.of) for count in line.of_sides] for line in counts(sides, [""])}
    assert found == {
        "expected": [(30, 30), (5, 5)],
        "delivered": [(28, 30), (5, 5)],
        "lost": [(2, 30), (0, 5)],
        "leaked": [(0, 30), (0, 5)],
    }
