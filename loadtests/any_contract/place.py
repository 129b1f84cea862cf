"""One room or other thing of a contract that people ask to be told of, and who acts there for each role."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from eventproof.load.actor import Actor
from eventproof.load.device import Device

__all__ = ["Hand", "Place"]


class Hand(Actor):
    """Somebody who acts for a role, or is there beside the users; without a device where nothing is said on one."""

    knows_repeats = False

    def connected(self, device: Device) -> None:
        """They are none of the users: nobody waits for this."""


@dataclass(slots=True, eq=False)
class Place:
    """`known` is what its calls answered by name, and what clients choose; `hire` gives somebody of a role."""

    known: dict[str, Any]
    hire: Callable[[str], Hand]
    hands: dict[str, Hand] = field(default_factory=dict)

    def hand(self, role: str) -> Hand:
        """Who acts for a role here: always the same. Raises UsageError where there is nobody."""
        if role not in self.hands:
            self.hands[role] = self.hire(role)
        return self.hands[role]
