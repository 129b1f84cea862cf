"""How members acknowledge what they must: at once, late, never, or only after they lost the connection in between."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from eventproof.errors import UsageError

__all__ = ["Acknowledging", "AcknowledgingShares", "chosen"]

_Kind = TypeVar("_Kind")

_SPREAD = 0.6180339887498949
"""The golden ratio's fraction: its multiples fill the interval from 0 to 1 evenly, however many there are."""


class Acknowledging(Enum):
    """What somebody does with an event that must be acknowledged."""

    PROMPT = "acknowledges at once"
    LATE = "acknowledges late"
    SILENT = "never acknowledges"
    CUT = "loses the connection between event and acknowledgement, and comes back"


def chosen(number: int, shares: Iterable[tuple[_Kind, float]], otherwise: _Kind) -> _Kind:
    """The kind of the one with this number: of any many in a row, each kind has its share, and `otherwise` the rest."""
    place = number * _SPREAD % 1
    for kind, share in shares:
        if place < share:
            return kind
        place -= share
    return otherwise


@dataclass(frozen=True, slots=True)
class AcknowledgingShares:
    """Which part of all users acknowledges how; the others do at once. Raises UsageError where none can."""

    late: float = 0.0
    silent: float = 0.0
    cut: float = 0.0

    def __post_init__(self) -> None:
        shares = (self.late, self.silent, self.cut)
        if min(shares) < 0 or sum(shares) > 1:
            raise UsageError(
                f"the shares of late, silent and cut members must lie between 0 and 1, and together too: not {shares}"
            )

    def of(self, number: int) -> Acknowledging:
        """How the user with this number acknowledges: of any many in a row, each way has its share."""
        shares = ((Acknowledging.LATE, self.late), (Acknowledging.SILENT, self.silent), (Acknowledging.CUT, self.cut))
        return chosen(number, shares, Acknowledging.PROMPT)
