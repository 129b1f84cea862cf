"""How much a quantile moved between two sides of runs, with the interval that the noise leaves: a bootstrap.

Samples of one run are drawn anew from its histogram; where a side has several runs, these are drawn anew as well, one
fewer than there are, as is right for few (Rao and Wu, 1988). No histogram has to be resampled for that: the quantile of
a drawn sample is the value at a rank, and how such a rank falls is a beta distribution.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import ceil
from random import Random

__all__ = ["Interval", "Samples", "pooled", "ratio"]

DRAWS = 2_000
_SEED = 20_260_314
"""Two folders give the same answer whenever they are compared."""


@dataclass(frozen=True)
class Samples:
    """A distribution: how often each value came, by rising values."""

    values: tuple[float, ...]
    counts: tuple[int, ...]

    @cached_property
    def _ranks(self) -> tuple[int, ...]:
        return tuple(accumulate(self.counts))

    @property
    def count(self) -> int:
        """How many samples there are."""
        return self._ranks[-1] if self.counts else 0

    def at(self, rank: int) -> float:
        """The sample of this rank, from 1 on."""
        return self.values[bisect_left(self._ranks, rank)]

    def quantile(self, share: float) -> float:
        """The smallest sample that at least this share of all do not exceed. There is at least one."""
        return self.at(max(1, ceil(share * self.count - 1e-9)))


@dataclass(frozen=True, slots=True)
class Interval:
    """A ratio, and between what the noise lets it lie."""

    value: float
    low: float
    high: float


def pooled(runs: Iterable[Samples]) -> Samples:
    """The samples of several runs as those of one."""
    together: dict[float, int] = {}
    for run in runs:
        for value, count in zip(run.values, run.counts, strict=True):
            together[value] = together.get(value, 0) + count
    return Samples(tuple(sorted(together)), tuple(together[value] for value in sorted(together)))


def ratio(baseline: Sequence[Samples], other: Sequence[Samples], share: float, chance: float) -> Interval:
    """How many times the baseline's quantile the other side's is; outside of the interval by this chance alone.

    Each side is a run or several, each with samples. Values are larger than zero.
    """
    random = Random(_SEED)  # noqa: S311 - repeatable, not secret
    before, after = _Draws(baseline, share, random), _Draws(other, share, random)
    drawn = sorted(after.draw() / before.draw() for _ in range(DRAWS))
    tail = min(int(chance / 2 * DRAWS), DRAWS // 2 - 1)
    value = pooled(other).quantile(share) / pooled(baseline).quantile(share)
    return Interval(value, min(drawn[tail], value), max(drawn[-1 - tail], value))


class _Draws:
    """Quantiles of one side, drawn again and again."""

    def __init__(self, runs: Sequence[Samples], share: float, random: Random) -> None:
        self._share = share
        self._random = random
        self._values = sorted({value for run in runs for value in run.values})
        self._ranks = [self._ranks_of(run) for run in runs]
        """Of each run, how many of its samples each of these values bounds."""
        self._places = range(len(self._values))
        self._is_single = len(runs) == 1

    def draw(self) -> float:
        """The quantile of one sample of samples of runs."""
        chosen = self._ranks if self._is_single else self._random.choices(self._ranks, k=len(self._ranks) - 1)
        count = sum(ranks[-1] for ranks in chosen)
        rank = max(1, ceil(self._share * count - 1e-9))
        drawn = max(1, ceil(self._random.betavariate(rank, count - rank + 1) * count))
        if len(chosen) == 1:
            return self._values[bisect_left(chosen[0], drawn)]
        return self._values[bisect_left(self._places, drawn, key=lambda place: sum(ranks[place] for ranks in chosen))]

    def _ranks_of(self, run: Samples) -> list[int]:
        counts = dict(zip(run.values, run.counts, strict=True))
        return list(accumulate(counts.get(value, 0) for value in self._values))
