"""What a ledger says: what a receipt turned out to be, what was lost, what was nobody's."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

__all__ = ["Loss", "Match", "Receipt", "Stray"]


class Receipt(Enum):
    """What one receipt turned out to be."""

    DELIVERED = "delivered"
    DUPLICATE = "duplicate"
    LATE = "late"
    PERMITTED = "permitted"
    """Allowed at this recipient, but not due."""
    WAITING = "waiting"
    """Of no known cause yet."""
    LEAKED = "leaked"


class Match(NamedTuple):
    """A receipt and the action it belongs to: its name and the time it was to be sent (None for a leak)."""

    receipt: Receipt
    action: str | None = None
    at: float | None = None
    out_of_order: bool = False
    is_explained: bool = False
    """Of a duplicate: whether there is a reason for it."""
    received: float = 0.0
    was_away: bool = False
    """Whether the recipient had no connection for a while after the action: then the time is not the sender's alone."""
    is_doubtful: bool = False
    """Whether it may as well belong to another action about the same thing."""
    late: float = 0.0
    """Seconds by which the action began later than at its intended time."""

    @property
    def latency(self) -> float | None:
        """The seconds from the action to what was delivered; None where they are not to be measured."""
        if self.receipt is not Receipt.DELIVERED or self.at is None or self.was_away or self.is_doubtful:
            return None
        return self.received - self.at


@dataclass(frozen=True, slots=True)
class Loss:
    """An expectation whose time is over."""

    action: str
    event: str
    recipient: Hashable
    at: float = field(default=0.0, compare=False)
    """When the action was to be."""


@dataclass(frozen=True, slots=True)
class Stray:
    """A receipt whose cause was never entered: it is leaked, or came a second time."""

    event: str
    recipient: Hashable
    receipt: Receipt = Receipt.LEAKED
