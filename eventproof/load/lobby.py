"""Where the users of one process wait until it is their time to come in.

Locust starts its users in bursts, once a second: a server would see waves, and the last of each wave would wait for all
the others. Here they go in one by one.
"""

from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

from .entrance import Entrance
from .greenlets import Event, sleep

__all__ = ["Lobby"]

_Guest = TypeVar("_Guest")
_EARLY = 0.001
"""gevent's timers run so many seconds late."""


class Lobby(Generic[_Guest]):
    """That of one process. `let_in` is told who comes in now, and when that was to be."""

    def __init__(self, entrance: Entrance, let_in: Callable[[_Guest, float], None]) -> None:
        self._entrance = entrance
        self._let_in = let_in
        self._waiting: deque[tuple[float, _Guest]] = deque()
        self._numbers = 0
        self._since: float | None = None
        self._last = 0.0
        self._more = Event()

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def began(self) -> float | None:
        """When the first one of all processes came in; None as long as nobody came."""
        return self._since

    def add(self, guest: _Guest) -> None:
        """Somebody is to come in; who is told so after their time puts off all who come after them."""
        now, own = monotonic(), self._entrance.at(self._numbers)
        if self._since is None or self._since + own < now:
            self._since = now - own
        self._numbers += 1
        self._waiting.append((self._since + own, guest))
        self._more.set()

    def run(self) -> None:
        """Let everybody in on time, for good."""
        while True:
            self._more.wait()
            self._more.clear()
            while self._waiting:
                due, guest = self._waiting[0]
                if (left := due - monotonic() - _EARLY) > 0:
                    sleep(left)
                self._waiting.popleft()
                self._let_in(guest, due)
