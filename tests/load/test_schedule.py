from itertools import islice, pairwise, takewhile
from random import Random

import pytest

from eventproof.load.schedule import schedule


def test_times_are_fixed_in_advance_at_the_rates_asked_for() -> None:
    planned = list(takewhile(lambda one: one[0] < 110, schedule({"ban": 4, "tier": 1}, 100, Random(1))))
    assert [when for when, _ in planned] == sorted(when for when, _ in planned)
    bans = [when for when, action in planned if action == "ban"]
    assert len(bans) == 40
    assert [b - a for a, b in pairwise(bans)] == pytest.approx([0.25] * 39)
    assert sum(action == "tier" for _, action in planned) == 10


def test_a_rate_of_zero_means_never() -> None:
    assert {action for _, action in islice(schedule({"ban": 0, "tier": 1}, 0, Random(1)), 5)} == {"tier"}
    assert list(schedule({"ban": 0}, 0, Random(1))) == []


def test_the_same_seed_gives_the_same_times() -> None:
    first, second = (list(islice(schedule({"ban": 3}, 0, Random(7)), 5)) for _ in range(2))
    assert first == second
