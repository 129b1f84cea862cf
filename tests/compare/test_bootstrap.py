from collections import Counter
from random import Random

import pytest

from eventproof.compare.bootstrap import Samples, pooled, ratio


def drawn(seed: int, median: float, number: int = 2_000, spread: float = 0.3) -> Samples:
    random = Random(seed)
    counts = Counter(round(median * random.lognormvariate(0, spread), 2) for _ in range(number))
    return Samples(tuple(sorted(counts)), tuple(counts[value] for value in sorted(counts)))


def test_a_quantile_is_the_smallest_sample_that_so_many_do_not_exceed() -> None:
    samples = Samples((1.0, 2.0, 5.0), (2, 6, 2))
    assert samples.count == 10
    assert [samples.quantile(share) for share in (0.0, 0.2, 0.21, 0.8, 0.9, 1.0)] == [1.0, 1.0, 2.0, 2.0, 5.0, 5.0]


def test_runs_are_pooled_as_if_they_were_one() -> None:
    assert pooled([Samples((1.0, 3.0), (1, 2)), Samples((2.0, 3.0), (4, 8))]) == Samples((1.0, 2.0, 3.0), (1, 4, 10))


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_of_the_same_thing_twice_the_interval_holds_one(share: float) -> None:
    found = ratio([drawn(1, 5.0)], [drawn(2, 5.0)], share, 0.05)
    assert found.low <= 1 <= found.high


def test_what_takes_half_as_long_again_is_told_and_how_surely() -> None:
    found = ratio([drawn(1, 4.0)], [drawn(2, 6.0)], 0.5, 0.05)
    assert 1.4 < found.low < found.value < found.high < 1.6


def test_the_interval_of_a_median_is_as_wide_as_theory_has_it() -> None:
    """The standard error of a median is 1.2533 s / √n; of the logarithm of a ratio of two, √2 times that."""
    spread, number = 0.3, 2_000
    found = ratio([drawn(3, 5.0, number, spread)], [drawn(4, 5.0, number, spread)], 0.5, 0.05)
    expected = 2 * 1.96 * 2**0.5 * 1.2533 * spread / number**0.5
    assert found.high / found.low - 1 == pytest.approx(expected, rel=0.25)


def test_what_runs_of_one_side_differ_by_makes_the_interval_wider() -> None:
    """Three runs that differ by a tenth say less than their 6,000 samples seem to."""
    alike, unlike = [drawn(seed, 5.0) for seed in (1, 2, 3)], [drawn(1, 4.5), drawn(2, 5.0), drawn(3, 5.5)]
    other = [drawn(seed, 5.0) for seed in (4, 5, 6)]
    narrow, wide = ratio(alike, other, 0.5, 0.05), ratio(unlike, other, 0.5, 0.05)
    assert wide.high / wide.low > 1.5 * (narrow.high / narrow.low - 1) + 1


def test_runs_that_differ_by_a_tenth_by_themselves_are_not_told_apart() -> None:
    """Twelve times three runs a side of the same thing: no interval lies beyond the tolerance of several runs."""
    random = Random(5)
    runs = [drawn(number, 5.0 * random.lognormvariate(0, 0.1), number=400) for number in range(72)]
    found = [ratio(runs[start : start + 3], runs[start + 3 : start + 6], 0.5, 0.01) for start in range(0, 72, 6)]
    assert not [one for one in found if one.low > 1.1 or one.high < 1 / 1.1]


def test_it_says_the_same_whenever_it_is_asked() -> None:
    sides = [drawn(1, 4.0)], [drawn(2, 4.4)]
    assert ratio(*sides, 0.9, 0.05) == ratio(*sides, 0.9, 0.05)
