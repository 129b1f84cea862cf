"""Whether one count is larger than another one by more than chance: an exact test of two shares, where few happened."""

from math import erfc, exp, lgamma, log, sqrt
from typing import Final

__all__ = ["exceeds"]

_MANY: Final = 10_000
"""From so many on, a binomial distribution is a normal one."""


def exceeds(before: int, of_before: int, after: int, of_after: int, chance: float) -> bool:
    """Whether so many of so many after are more than before, where chance alone has it so with less than `chance`.

    Where what happened is as likely on both sides, each of these happened after with the share of the trials that were
    made then; how many did so is binomial. No trials on a side are no difference.
    """
    total, trials = before + after, of_before + of_after
    if not (of_before and of_after and after):
        return False
    share = of_after / trials
    if after <= total * share:
        return False
    if total > _MANY:
        return erfc((after - 0.5 - total * share) / sqrt(2 * total * share * (1 - share))) / 2 < chance
    return sum(_binomial(number, total, share) for number in range(after, total + 1)) < chance


def _binomial(number: int, total: int, share: float) -> float:
    ways = lgamma(total + 1) - lgamma(number + 1) - lgamma(total - number + 1)
    return exp(ways + number * log(share) + (total - number) * log(1 - share))
