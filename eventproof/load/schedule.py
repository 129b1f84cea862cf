"""When things are to happen: fixed in advance, whatever happens meanwhile (no coordinated omission)."""

from collections.abc import Iterator, Mapping
from heapq import merge
from itertools import count
from math import floor
from random import Random
from typing import TypeVar

_Action = TypeVar("_Action")


def schedule(rates: Mapping[_Action, float], start: float, random: Random) -> Iterator[tuple[float, _Action]]:
    """Endless pairs of an intended time and an action, in the order of time.

    `rates` are actions a second; each begins at a random point of its first period. A rate of zero means never.
    """
    series = [_series(action, start, 1 / rate, random.random()) for action, rate in rates.items() if rate > 0]
    return merge(*series, key=lambda intended: intended[0])


def late(due: float, now: float, period: float) -> Iterator[float]:
    """How late each tick is that was due since `due`, one a period: of a long stall, every tick that it swallowed."""
    return (now - due - number * period for number in range(floor((now - due) / period) + 1))


def _series(action: _Action, start: float, period: float, phase: float) -> Iterator[tuple[float, _Action]]:
    return ((start + (number + phase) * period, action) for number in count())
