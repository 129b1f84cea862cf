"""Open files: how many this process may have, and how many of them are left for clients. A connection is one."""

import resource
from typing import Final

from eventproof.errors import UsageError

RESERVED: Final = 40
"""For the server itself: the store's connections, standard streams, what it listens on, a file for a moment."""
LOBBY: Final = 8
"""Connections beyond those that may stay: whoever asks something short, such as for health, is answered also then."""
FEWEST: Final = 8
"""Connections for which it is worth starting."""
_LARGEST: Final = 1_048_576
"""Where there is no limit."""


def most() -> int:
    """How many files this process may have open, once it has taken as many as it may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _LARGEST if hard == resource.RLIM_INFINITY else hard


def room() -> int:
    """How many connections of clients may stay open at once."""
    return max(0, most() - RESERVED - LOBBY)


def raise_limit() -> None:
    """Take as many files as we may. Raises UsageError where they do not suffice for a server."""
    needed = RESERVED + LOBBY + FEWEST
    if most() < needed:
        raise UsageError(
            f"this process may open {most()} files and needs at least {needed}: "
            "raise the limit (`ulimit -n` in a shell, LimitNOFILE in systemd), then start again"
        )
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < most():
        resource.setrlimit(resource.RLIMIT_NOFILE, (most(), hard))
