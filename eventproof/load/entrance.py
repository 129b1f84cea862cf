"""When the users of a swarm come in: fixed in advance, so many a second, or step by step. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Any, Protocol

from .share import ProcessShare

__all__ = ["AT_ONCE", "LATEST", "Entrance", "EntranceOf", "Steady", "latest", "left_to_measure"]

LATEST = 10.0
"""The most seconds for which a run goes on beyond its time because users came in late."""


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


def left_to_measure(run_time: float, users: int, rate: float) -> float:
    """Seconds of a run of `run_time` seconds that its users leave when they come in at `rate` a second, as planned."""
    return run_time - users / rate


def latest(run_time: float) -> float:
    """Seconds by which a run of `run_time` seconds may be longer: a short one as long again."""
    return min(run_time, LATEST)
