"""Which share of what a fault does not concern is checked with it: a fifth, the next one with every commit.

`EVENTPROOF_TRIALS=all` (`make mutants`) asks for everything, and a number for that share. Where no git tells how many
commits there are, it is share 0.
"""

import os
import subprocess
from pathlib import Path
from typing import Final
from zlib import crc32

import pytest

SHARES: Final = 5
_VARIABLE: Final = "EVENTPROOF_TRIALS"


def share() -> int | None:
    """The number of the share; None for everything. Raises pytest.UsageError where neither is asked for."""
    asked = os.environ.get(_VARIABLE)
    if asked == "all":
        return None
    if asked is None:
        return _commits() % SHARES
    if asked not in map(str, range(SHARES)):
        raise pytest.UsageError(f"{_VARIABLE} is all, or the number of a share, 0 to {SHARES - 1}: not {asked!r}")
    return int(asked)


def _commits() -> int:
    try:
        counted = subprocess.run(
            ["git", "rev-list", "--count", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return 0
    return int(counted.stdout)


def in_share(name: str, share: int | None) -> bool:
    """Whether a thing of this name is in the share; each is in one of them."""
    return share is None or crc32(name.encode()) % SHARES == share


def told(share: int | None) -> str:
    """The share, for a person."""
    if share is None:
        return "trials: of everything"
    return f"trials: of what a fault concerns, and share {share} of 0 to {SHARES - 1} ({_VARIABLE}={share}, or =all)"
