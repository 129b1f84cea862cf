"""What a check found against a contract."""

from collections.abc import Iterable
from dataclasses import dataclass

from eventproof.errors import ContractViolation
from eventproof.history import Record


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that should not be: in a sentence, with what was expected and what was observed.

    `record` is what shows it in the history; None where something is absent.
    """

    sentence: str
    expected: str
    observed: str
    record: Record | None = None


def raise_for(findings: Iterable[Finding]) -> None:
    """Raise ContractViolation for what was found, if anything: the first in full, the others counted."""
    found = tuple(findings)
    if not found:
        return
    first, more = found[0], len(found) - 1
    others = f" (and {more} more like it)" if more else ""
    raise ContractViolation(
        first.sentence + others, expected=first.expected, observed=first.observed, record=first.record
    )
