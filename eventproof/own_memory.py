"""How much memory this process holds."""

from pathlib import Path
from resource import RUSAGE_SELF, getpagesize, getrusage
from typing import Final

__all__ = ["held"]

_STATM: Final = Path("/proc/self/statm")
_KB: Final = 1024


def held() -> int:
    """The bytes that the system keeps for it now; where it does not tell that, the most that it ever was."""
    try:
        return int(_STATM.read_text("ascii").split()[1]) * getpagesize()
    except (OSError, LookupError, ValueError):
        return getrusage(RUSAGE_SELF).ru_maxrss * _KB
