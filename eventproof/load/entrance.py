"""When the users of a swarm come in: fixed in advance, so many a second, or step by step. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Any, Protocol

from .share import ProcessShare

__all__ = ["AT_ONCE", "Entrance", "EntranceOf", "Steady"]


class Entrance(Protocol):
    """When each user of one process comes in, in seconds from the first one of all processes."""

    @property
    def is_measured(self) -> bool:
        """Whether coming in is what is measured; otherwise measuring begins when everybody is connected."""

    def at(self, number: int) -> float:
        """When the user of this number comes in, counted from 0 in this process."""


@dataclass(frozen=True, slots=True)
class Steady:
    """`rate` users a second, of all processes together: each lets in its own between those of the others."""

    rate: float
    share: ProcessShare = field(default_factory=ProcessShare)

    @property
    def is_measured(self) -> bool:
        """It only brings the users there."""
        return False

    def at(self, number: int) -> float:
        """At the same distance each."""
        return (number * self.share.of + self.share.index) / self.rate


AT_ONCE = Steady(inf)
"""Nobody waits."""

EntranceOf = Callable[[Any, ProcessShare], Entrance]
"""The entrance that the options of a run ask for, for this process."""
