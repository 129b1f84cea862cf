"""Whether all watchers were told of the changes in one order. Pure: every answer follows from what was told before."""

from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Final, Protocol

__all__ = ["Order", "ToldWatcher"]

_REMEMBERED: Final = 10_000
"""So many of the latest changes are known by their place."""
_BEHIND: Final = 20
"""So many changes one watcher may have been told of before another is."""


class ToldWatcher(Protocol):
    """Who is told of changes; must be hashable."""

    @property
    def is_steady(self) -> bool:
        """Whether it means to be connected all the time."""

    @property
    def is_open(self) -> bool:
        """Whether it is connected now."""


class Order:
    """Whether all were told in one order: that of one of them, whose stream is open all the time."""

    def __init__(self) -> None:
        self._first: ToldWatcher | None = None
        self._numbers = count(1)
        self._places: OrderedDict[int, int] = OrderedDict()
        """The latest changes that this one was told of, each with its place."""
        self._others: dict[ToldWatcher, Compared] = {}

    def told(self, watcher: ToldWatcher, change: int, event: str) -> Iterator[str]:
        """A watcher was told of a change; gives the events that are known by that to have come out of order to it."""
        if watcher.is_steady and (self._first is None or not self._first.is_open):
            self._first = watcher
            self._places.clear()
            self._others.clear()
        if watcher is self._first:
            self._places.setdefault(change, next(self._numbers))
            if len(self._places) > _REMEMBERED:
                self._places.popitem(last=False)
            return
        if self._first is None:
            return
        compared = self._others.setdefault(watcher, Compared())
        compared.waiting.append((change, event))
        yield from compared.out_of_order(self._places)


class Compared:
    """What one watcher was told, as far as it is not compared yet, and the place that it has come to."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[int, str]] = deque()
        self._place = 0

    def out_of_order(self, places: Mapping[int, int]) -> Iterator[str]:
        """The events that came after a later one, up to the first that has no place yet.

        One that has none when so many came after it will get none: it was told before the other stream was open.
        """
        while self.waiting:
            change, event = self.waiting[0]
            place = places.get(change)
            if place is None and len(self.waiting) <= _BEHIND:
                return
            self.waiting.popleft()
            if place is None:
                continue
            if place < self._place:
                yield event
            self._place = max(self._place, place)
