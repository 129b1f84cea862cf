"""Logins: how often one may try in vain, from one address for one email."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

MOST: Final = 10
WINDOW: Final = 60.0
_REMEMBERED: Final = 10_000


class Attempts:
    """Counts tries over a minute; `clock` gives seconds that never go back.

    A try counts from its beginning, or many at once would all be let in before the first has failed.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._tries: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def wait(self, who: Hashable) -> float:
        """The seconds until they may try again; 0 where they may."""
        since, count = self._tries.get(who, (0.0, 0))
        left = since + WINDOW - self._clock()
        return left if count >= MOST and left > 0 else 0.0

    def begin(self, who: Hashable) -> None:
        """They try: in vain, until they succeed."""
        since, count = self._tries.pop(who, (self._clock(), 0))
        if self._clock() - since >= WINDOW:
            since, count = self._clock(), 0
        self._tries[who] = (since, count + 1)
        if len(self._tries) > _REMEMBERED:
            self._tries.popitem(last=False)

    def succeeded(self, who: Hashable) -> None:
        """They are who they say."""
        self._tries.pop(who, None)
