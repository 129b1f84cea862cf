"""How many files this process may have open, and how many it has: each connection is one."""

import os
from contextlib import suppress
from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit, setrlimit

__all__ = ["allow_many", "most", "share_in_use"]


def allow_many() -> None:
    """As many as the system allows, where a shell's usual 1,024 are too few for a thousand connections."""
    _, hard = getrlimit(RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        setrlimit(RLIMIT_NOFILE, (hard, hard))


def most() -> int | None:
    """How many that are, where they are counted."""
    _, hard = getrlimit(RLIMIT_NOFILE)
    return None if hard == RLIM_INFINITY else hard


def share_in_use() -> float:
    """Which share of those allowed is open, at least: a new one gets the lowest number that is free.

    Counting them in `/proc` would hold up a process with ten thousand connections.
    """
    allowed, _ = getrlimit(RLIMIT_NOFILE)
    try:
        number = os.open(os.devnull, os.O_RDONLY)
    except OSError:
        return 1.0
    os.close(number)
    return 0.0 if allowed == RLIM_INFINITY else number / allowed
