"""Which share of what a fault does not concern is checked with it: a fifth, by the commit; everything if asked for.

`EVENTPROOF_TRIALS=all` (`make mutants`) asks for everything, and a number for that share.
"""

import os
import subprocess
from pathlib import Path
from typing import Final
from zlib import crc32

SHARES: Final = 5
_VARIABLE: Final = "EVENTPROOF_TRIALS"


def share() -> int | None:
    """The number of the share; None for everything."""
    asked = os.environ.get(_VARIABLE)
    if asked is not None:
        return None if asked == "all" else int(asked)
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return int(head.stdout or "0", 16) % SHARES


def in_share(name: str, share: int | None) -> bool:
    """Whether a thing of this name is in the share; each is in one of them."""
    return share is None or crc32(name.encode()) % SHARES == share


def told(share: int | None) -> str:
    """The share, for a person."""
    if share is None:
        return "trials: of everything"
    return f"trials: of what a fault concerns, and share {share} of 0 to {SHARES - 1} ({_VARIABLE}={share}, or =all)"
