"""What has to be acknowledged of a payout."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from eventproof.conform.cases import Case, Line, Person
from eventproof.conform.owed import Owed

from .claims import Claim, brought_to
from .reading import about

__all__ = ["CLAIM_PAID", "CRITICAL", "PAYOUT_COMPLETED", "Payout", "paid", "told"]

CLAIM_PAID: Final = "claim_paid"
PAYOUT_COMPLETED: Final = "payout_completed"
CRITICAL: Final = (CLAIM_PAID, PAYOUT_COMPLETED)


@dataclass(frozen=True, slots=True)
class Payout:
    """A claim that was paid, and what has to be acknowledged of it, by its name, as it came on a line of its owner."""

    claim: Claim
    owed: Mapping[str, Owed]


async def paid(case: Case, owner: Person, line: Line) -> Payout:
    """A claim of this user, paid just now."""
    return await told(case, await brought_to(case, owner, "paid"), line)


async def told(case: Case, claim: Claim, line: Line) -> Payout:
    """What has to be acknowledged of a claim that was paid, as it comes on a line of its owner."""
    return Payout(
        claim,
        {name: Owed(case.event(name), line, await line.awaits(name, about(claim))) for name in CRITICAL},
    )
