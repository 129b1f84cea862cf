"""A tally: how often something happened to each of many, in bounded memory. No I/O; time is an argument."""

from collections.abc import Hashable
from typing import Final

_NONE: Final = (0.0, 0)


class Tally:
    """Counts from the first time on, for `window` seconds, of at most `most` keys.

    Where there are more, it forgets whose window is over, then whoever has the fewest counts, and of those the oldest.
    So nobody who is stopped is forgotten for the sake of names that were made up to that end: each of them would have
    to be counted as often.
    """

    def __init__(self, window: float, most: int) -> None:
        self._window = window
        self._most = most
        self._counts: dict[Hashable, tuple[float, int]] = {}
        """Since when, and how often; in the order of the first."""
        self._levels: dict[int, dict[Hashable, None]] = {}
        """By how often, in the order in which they came to it."""

    def count(self, key: Hashable, now: float) -> int:
        """How often it happened within the present window."""
        since, times = self._counts.get(key, _NONE)
        return times if now - since < self._window else 0

    def left(self, key: Hashable, now: float) -> float:
        """The seconds until its window is over; 0 where it has none."""
        since, times = self._counts.get(key, _NONE)
        return max(0.0, since + self._window - now) if times else 0.0

    def add(self, key: Hashable, now: float) -> None:
        """It happened once more."""
        times = self.count(key, now)
        if not times:
            self.forget(key)
            if len(self._counts) >= self._most:
                self._make_room(now)
        since = self._counts[key][0] if times else now
        self._set(key, since, times, times + 1)

    def take_back(self, key: Hashable) -> None:
        """It happened once less than was thought."""
        since, times = self._counts.get(key, _NONE)
        if times > 1:
            self._set(key, since, times, times - 1)
        else:
            self.forget(key)

    def forget(self, key: Hashable) -> None:
        """It never happened."""
        _, times = self._counts.pop(key, _NONE)
        self._leave(key, times)

    def _set(self, key: Hashable, since: float, before: int, times: int) -> None:
        self._leave(key, before)
        self._counts[key] = (since, times)
        self._levels.setdefault(times, {})[key] = None

    def _leave(self, key: Hashable, times: int) -> None:
        level = self._levels.get(times)
        if level is not None:
            level.pop(key, None)
            if not level:
                del self._levels[times]

    def _make_room(self, now: float) -> None:
        oldest = next(iter(self._counts))
        if now - self._counts[oldest][0] < self._window:
            oldest = next(iter(self._levels[min(self._levels)]))
        self.forget(oldest)

    def __len__(self) -> int:
        return len(self._counts)
