from math import comb

import pytest

from eventproof.chance import at_least, exceeds


def test_the_chance_is_that_of_the_binomial_distribution() -> None:
    """Of 9 in all, 8 or 9 on one of two equal sides: 10 of 512."""
    exact = sum(comb(9, number) for number in (8, 9)) / 2**9
    assert exceeds(1, 1_000, 8, 1_000, exact * 1.01)
    assert not exceeds(1, 1_000, 8, 1_000, exact * 0.99)


@pytest.mark.parametrize(
    ("number", "trials", "chance"),
    [(1, 1, 0.01), (1, 40, 0.3310), (2, 40, 0.0607), (3, 40, 0.0075), (0, 40, 1.0), (1_000, 100_000, 0.5063)],
)
def test_the_chance_of_so_many_of_one_in_a_hundred(number: int, trials: int, chance: float) -> None:
    assert at_least(number, trials, 0.01) == pytest.approx(chance, abs=1e-4)


def test_where_much_happened_it_says_the_same_as_where_a_little_less_did() -> None:
    told = {extra: (exceeds(4_900, 10**6, 4_900 + extra, 10**6, 0.01)) for extra in (225, 240)}
    many = {extra: (exceeds(5_050, 10**6, 5_050 + extra, 10**6, 0.01)) for extra in (225, 240)}
    assert told == many == {225: False, 240: True}


@pytest.mark.parametrize(
    ("before", "of_before", "after", "of_after", "grew"),
    [
        (0, 1_000, 1, 1_000, False),
        (0, 1_000, 12, 1_000, True),
        (12, 1_000, 0, 1_000, False),
        (10, 1_000, 100, 10_000, False),
        (10, 10_000, 10, 1_000, True),
        (0, 0, 5, 100, False),
        (5, 100, 0, 0, False),
        (1_000_000, 1_000_000, 1_000_000, 1_000_000, False),
        (500_000, 10_000_000, 502_000, 10_000_000, False),
        (500_000, 10_000_000, 504_000, 10_000_000, True),
        (2**70, 2**71, 2**70 + 2**40, 2**71, True),
    ],
)
def test_a_share_grew_where_chance_hardly_has_it_so(
    before: int, of_before: int, after: int, of_after: int, grew: bool
) -> None:
    assert exceeds(before, of_before, after, of_after, 0.01) is grew
