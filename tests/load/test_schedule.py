from itertools import islice, pairwise, takewhile
from random import Random

import pytest

from eventproof.load.schedule import late, schedule


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


@pytest.mark.parametrize(
    ("now", "lags"),
    [
        (9.99, []),
        (10.0, [0.0]),
        (10.04, [0.04]),
        (10.05, [0.05, 0.0]),
        (12.01, [2.01 - tick * 0.05 for tick in range(41)]),
    ],
)
def test_of_a_stall_every_tick_that_it_swallowed_is_late(now: float, lags: list[float]) -> None:
    assert list(late(10.0, now + 1e-9, 0.05)) == pytest.approx(lags, abs=1e-6)
