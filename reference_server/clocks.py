"""Clocks: which time is told by which.

- **What passes** (timers, heartbeats, deadlines, windows, paces) follows the monotonic clock, which nobody sets.
- **What is kept across restarts, and when it is due** (messages, retries, what can be caught up with) follows `Steady`:
  the wall clock as it stood when the server started, and what has passed since. A wall clock that is set meanwhile
  neither ends retries early nor holds them up. After a restart it is the wall clock that counts, since nothing else is
  shared with the server before.
- **What others read** (`iat`, `nbf` and `exp` of a token, the times in events and answers, the age of a signature)
  follows the wall clock, as theirs do. A token that was issued before the clock stepped back seems to be of the future;
  it stays good, up to `Limits.clock_leeway`.
"""

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Gives seconds."""


class Steady:
    """Seconds of Unix time, as they were once, and have passed since."""

    def __init__(self, wall: Clock = time.time, monotonic: Clock = time.monotonic) -> None:
        self._monotonic = monotonic
        self._ahead = wall() - monotonic()

    def __call__(self) -> float:
        """What time it is."""
        return self._ahead + self._monotonic()
