"""The event with which every client of a channel begins, and whether this server acknowledges it."""

from dataclasses import dataclass
from typing import Any

__all__ = ["Beginning"]


@dataclass(slots=True)
class Beginning:
    """One channel's, for somebody of one role, over a whole run."""

    event: str
    argument: Any
    is_acknowledged: bool = True
    """As far as is known; a server that let it pass in silence once is not waited for again."""
