"""The table that a run prints: a row for each attack, and whether all of them are well."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from tests.chaos.server import Held

SPARE: Final = 4
"""Descriptors more than before that are none left behind: a connection of the pool, a file of the database."""
_HEADS: Final = ("attack", "made", "became", "crashes", "worst ms", "MB", "descriptors", "lost", "tracebacks", "")


@dataclass(frozen=True, slots=True)
class Row:
    """One attack: how many, what the server held before and after, what the witness saw."""

    name: str
    made: int
    became: str
    crashes: int
    worst: float
    """The worst answer that the witness waited for, in seconds."""
    waited_for: str
    """What that was."""
    before: Held
    after: Held
    lost: int
    """Connections of the witness, and what was acknowledged and is not there, or not in order."""
    tracebacks: int
    remark: str = ""
    is_restarted: bool = field(default=False)
    """Whether the server was started anew meanwhile, so that its descriptors cannot be compared."""

    @property
    def is_well(self) -> bool:
        """Whether nothing happened that must not."""
        is_back = self.is_restarted or self.after.descriptors <= self.before.descriptors + SPARE
        return not (self.crashes or self.lost or self.tracebacks) and is_back

    @property
    def cells(self) -> tuple[str, ...]:
        """As text."""
        return (
            self.name,
            str(self.made),
            self.became,
            str(self.crashes),
            f"{self.worst * 1000:.0f} {self.waited_for}",
            f"{self.before.megabytes:.0f} > {self.after.megabytes:.0f}",
            f"{self.before.descriptors} > {self.after.descriptors}",
            str(self.lost),
            str(self.tracebacks),
            ("" if self.is_well else "WRONG ") + self.remark,
        )


def text(rows: Iterable[Row]) -> str:
    """The table, and one line on the whole."""
    known = list(rows)
    lines = [_HEADS, *(row.cells for row in known)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADS))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    wrong = [row.name for row in known if not row.is_well]
    worst = max(known, key=lambda row: row.worst, default=None)
    slowest = f"; the worst answer took {worst.worst * 1000:.0f} ms ({worst.name})" if worst else ""
    return "\n".join([*table, "", f"{len(known)} rows, {len(wrong)} wrong{slowest}"])
