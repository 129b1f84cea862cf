"""How many files a process of a swarm may have open: each connection is one."""

from contextlib import suppress
from resource import RLIMIT_NOFILE, getrlimit, setrlimit

__all__ = ["allow_many"]


def allow_many() -> None:
    """Locust raises the limit to 10,000 open files; a session is one, and there may be more."""
    _, hard = getrlimit(RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        setrlimit(RLIMIT_NOFILE, (hard, hard))
