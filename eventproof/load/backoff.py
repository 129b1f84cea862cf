"""How long to wait before the next attempt: longer each time, never the same for everybody, never beyond a bound.

The defaults are those of the standard Socket.IO client (`reconnectionDelay: 1000`).
"""

from random import Random

__all__ = ["backoff"]

_SPREAD = 0.5


def backoff(attempt: int, random: Random, *, first: float = 1.0, longest: float = 5.0) -> float:
    """The seconds to wait before attempt number `attempt`, counted from 0."""
    pause = min(first * 2.0 ** min(attempt, 30), longest)
    return pause * (1 - _SPREAD + random.random() * 2 * _SPREAD)
