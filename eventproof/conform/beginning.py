"""The event with which every client of a channel begins, and whether this server acknowledges it."""

from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Beginning"]

_ENOUGH: Final = 2


@dataclass(slots=True)
class Beginning:
    """One channel's, for somebody of one role, over a whole run."""

    event: str
    argument: Any
    missed: int = 0
    """How often no acknowledgement came."""

    @property
    def is_acknowledged(self) -> bool:
        """As far as is known; a server that let it pass in silence twice is not waited for again."""
        return self.missed < _ENOUGH
