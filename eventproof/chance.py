"""Whether a count is larger than chance alone has it: exact where few happened."""

from math import erfc, exp, lgamma, log, sqrt
from typing import Final

__all__ = ["at_least", "exceeds"]

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
    return at_least(after, total, share) < chance


def at_least(number: int, trials: int, share: float) -> float:
    """The chance that so many of these trials succeed, or more, where each does with this share (between 0 and 1)."""
    if trials > _MANY:
        return erfc((number - 0.5 - trials * share) / sqrt(2 * trials * share * (1 - share))) / 2
    return sum(_binomial(successes, trials, share) for successes in range(number, trials + 1))


def _binomial(number: int, total: int, share: float) -> float:
    ways = lgamma(total + 1) - lgamma(number + 1) - lgamma(total - number + 1)
    return exp(ways + number * log(share) + (total - number) * log(1 - share))
