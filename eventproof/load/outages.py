"""When people are away in a swarm, and for how long: seeded, so that the same happens in every run of a seed.

A device that is away has lost its connection without a word, and comes back when its time is over.
"""

from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import count
from random import Random
from time import monotonic
from typing import TYPE_CHECKING

from .actor import Actor
from .greenlets import Event

if TYPE_CHECKING:
    from .generator import Generator

__all__ = ["Outages", "outages"]

_SPREAD = 0.5
"""A time is this share shorter or longer, at most."""


def outages(every: float, lasting: float, random: Random) -> Iterator[tuple[float, float]]:
    """Endless pairs: seconds from the beginning to an outage, and how many it lasts, as said or half as much or more.

    The first one comes at a random moment, the next ones `every` seconds after the end of the one before.
    """
    at = random.uniform(0, every)
    while True:
        seconds = lasting * random.uniform(1 - _SPREAD, 1 + _SPREAD)
        yield at, seconds
        at += seconds + every * random.uniform(1 - _SPREAD, 1 + _SPREAD)


class Outages:
    """Those of everybody in one process: one timer for all."""

    def __init__(self, generator: "Generator") -> None:
        self._generator = generator
        self._due: list[tuple[float, int, float, Actor, float, Iterator[tuple[float, float]]]] = []
        self._numbers = count()
        self._sooner = Event()
        generator.spawn(self._run)

    def plan(self, somebody: Actor, every: float, lasting: float) -> None:
        """From now on, somebody is away every so many seconds, for so many; with all devices at once."""
        random = Random(self._generator.random.random())  # noqa: S311 - repeatable, not secret
        self._enter(somebody, monotonic(), outages(every, lasting, random))

    def _enter(self, somebody: Actor, since: float, pairs: Iterator[tuple[float, float]]) -> None:
        at, seconds = next(pairs)
        heappush(self._due, (since + at, next(self._numbers), seconds, somebody, since, pairs))
        self._sooner.set()

    def _run(self) -> None:
        stopping = self._generator.stopping
        while not stopping.is_set():
            self._sooner.clear()
            left = self._due[0][0] - monotonic() if self._due else None
            if left is None or left > 0:
                self._sooner.wait(left)
                continue
            _, _, seconds, somebody, since, pairs = heappop(self._due)
            if somebody.has_left:
                continue
            if any(device.is_open for device in somebody.devices):
                self._generator.books.count("outages")
            for device in somebody.devices:
                device.cut(seconds)
            self._enter(somebody, since, pairs)
