"""A life as a table: which step is taken when, and how it ends."""

from collections.abc import Sequence
from time import monotonic
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from eventproof.catalog import States
from eventproof.load.books import Books
from eventproof.load.greenlets import Event
from eventproof.load.life import Life, LifeStep, Table, table_of


class Order(Life):
    """Is placed, and then sent or cancelled."""

    table: ClassVar[Table] = {
        "": (LifeStep("place", "placed", 0),),
        "placed": (LifeStep("send", "sent", 1), LifeStep("cancel", "cancelled", 1)),
    }

    def __init__(self, pace: float = 0.0, choice: int = 0, fails: str = "") -> None:
        generator: Any = SimpleNamespace(books=Books({}, lambda *_: None), stopping=Event())
        super().__init__(generator, monotonic(), pace)
        self.choice, self.fails = choice, fails
        self.taken: list[tuple[str, float]] = []

    def choose(self, steps: Sequence[LifeStep]) -> LifeStep:
        return steps[self.choice]

    def take(self, step: LifeStep, intended: float) -> bool:
        self.taken.append((step.operation, intended - self._intended))
        self.state = step.state
        return step.operation != self.fails


def test_a_contract_gives_a_life_each_step_behind_all_that_may_come_before_it() -> None:
    states = States(
        "order",
        "orderId",
        {"place": "open"},
        {"pay": {"open": "paid", "owed": "paid"}, "note": {"open": "open"}, "send": {"paid": "sent"}},
        {"hear kind=late": {"open": "owed"}},
        {"hear kind=late": {"kind": "late"}},
    )
    assert table_of(states) == {
        "": [LifeStep("place", "open", 0)],
        "open": [LifeStep("pay", "paid", 1), LifeStep("hear", "owed", 1, {"kind": "late"})],
        "owed": [LifeStep("pay", "paid", 2)],
        "paid": [LifeStep("send", "sent", 3)],
    }


@pytest.mark.parametrize(("choice", "end"), [(0, "sent"), (1, "cancelled")])
def test_a_life_takes_one_step_from_each_state_until_there_is_none(choice: int, end: str) -> None:
    order = Order(choice=choice)
    assert order.live()
    assert order.state == end
    assert order.number_of(end) == 1
    assert order.number_of("unheard of") == -1


def test_a_step_has_its_time_in_advance() -> None:
    order = Order(pace=0.05)
    assert order.live()
    assert [name for name, _ in order.taken] == ["place", "send"]
    assert [since for _, since in order.taken] == pytest.approx([0.0, 0.05])


def test_a_step_that_fails_ends_it() -> None:
    order = Order(fails="place")
    assert not order.live()
    assert order.taken == [("place", 0.0)]


def test_a_life_that_the_end_of_the_run_cuts_short_is_unfinished() -> None:
    order = Order(pace=3600)
    order.generator.stopping.set()
    assert not order.live()
    assert order.generator.books.account(users=1, connections=1, gauges=()).count("unfinished") == 1
