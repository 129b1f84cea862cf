"""The account of one event: what was to arrive, what did, and what should not have."""

from dataclasses import asdict, dataclass, fields
from typing import Final

from eventproof.report.records import Delivery

__all__ = ["COLUMNS", "Tally"]


@dataclass(slots=True)
class Tally:
    """The columns of `Delivery`, while they grow."""

    expected: int = 0
    delivered: int = 0
    acknowledged: int = 0
    lost: int = 0
    late: int = 0
    away: int = 0
    duplicate: int = 0
    retried: int = 0
    explained: int = 0
    out_of_order: int = 0
    leaked: int = 0
    invalid: int = 0

    def add(self, other: "Tally") -> None:
        """Take in another account of the same event."""
        for column in fields(self):
            setattr(self, column.name, getattr(self, column.name) + getattr(other, column.name))

    def delivery(self, event: str) -> Delivery:
        """As the record of a report."""
        return Delivery(event=event, **asdict(self))


COLUMNS: Final = frozenset(column.name for column in fields(Tally))
"""Their names: the counts that are kept for each event."""
