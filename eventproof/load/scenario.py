"""What a locustfile says of itself: the system it is about, and what it asks for where nobody asks for more."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eventproof.catalog import ADMIN

from .account import SwarmAccount
from .contracts import contracts
from .entrance import Entrance, EntranceOf, Steady
from .objectives import ObjectiveLine
from .share import ProcessShare

__all__ = ["Conclusion", "Scenario", "appointed"]

Conclusion = Callable[[SwarmAccount, Any], SwarmAccount]
"""What follows from the account of a whole run, by its options: further counts and notes."""


def steadily(options: Any, share: ProcessShare) -> Entrance:
    """So many users a second as Locust spawns, of all scenarios together."""
    return Steady(options.spawn_rate or 1.0, share)


@dataclass(slots=True, eq=False)
class Scenario:
    """Filled in while the locustfile is read. A run has one, or several side by side."""

    system: str = ""
    """Its name; no swarm is about none."""
    channels: tuple[str, ...] = ()
    """The further channels of the system that somebody listens to, by their names in the contract."""
    members: str = ""
    """The role of its users; empty: that of those whom the system's main channel is for."""
    acting: str = ADMIN
    """The role of those who act."""
    others: tuple[str, ...] = ()
    """The further roles of which it needs somebody."""
    patience: float = 0.0
    """Seconds that an event may wait for its cause."""
    recurs: bool = False
    """Whether the same happens to one thing again and again: what looks like a second receipt may be an early one."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """By the names of events: where their payloads tell them from others about the same thing (a JSON pointer)."""
    has_steps: bool = False
    """Whether it goes in steps, each begun by `Books.begin_step`."""
    objectives: tuple[ObjectiveLine, ...] = ()
    entrance: EntranceOf = steadily
    """When its users come in."""
    conclusions: tuple[Conclusion, ...] = ()

    @property
    def role(self) -> str:
        """The role of its users."""
        return self.members or contracts().system(self.system).member


def appointed(asked: int, classes: Sequence[Any]) -> Mapping[Any, int]:
    """How many users of each class act, of so many in all; where anybody acts, one of each class does.

    Of a class that acts alone it is never more than one.
    """
    alone = [one for one in classes if getattr(one, "acts_alone", False)]
    several = [one for one in classes if one not in alone]
    share, rest = divmod(max(asked - len(alone), 0), max(len(several), 1))
    shares = {one: share + (number < rest) for number, one in enumerate(several)}
    return {one: max(shares.get(one, 0), min(asked, 1)) for one in classes}
