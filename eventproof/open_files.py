"""How many files this process may have open: each connection is one."""

from contextlib import suppress
from resource import RLIMIT_NOFILE, getrlimit, setrlimit

__all__ = ["allow_many"]


def allow_many() -> None:
    """As many as the system allows, where a shell's usual 1,024 are too few for a thousand connections."""
    _, hard = getrlimit(RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        setrlimit(RLIMIT_NOFILE, (hard, hard))
