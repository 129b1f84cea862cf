"""What has to be acknowledged: that it is sent again, and that it is not."""

from collections.abc import Iterable, Sequence
from typing import Final

from eventproof.conform.case import ContractViolation, Inconclusive, Line, Person, Received, Stage

from .claims import Claim, brought_to
from .reading import about

__all__ = ["CLAIM_PAID", "CRITICAL", "PAYOUT_COMPLETED", "again", "must_not_be_sent_again", "paid", "seen_again"]

CLAIM_PAID: Final = "claim_paid"
PAYOUT_COMPLETED: Final = "payout_completed"
CRITICAL: Final = (CLAIM_PAID, PAYOUT_COMPLETED)


async def paid(stage: Stage, owner: Person, line: Line) -> tuple[Claim, dict[str, Received]]:
    """A claim of this user that was paid just now, and what has to be acknowledged of it, as it came on the line."""
    claim = await brought_to(stage, owner, "paid")
    return claim, {name: await line.awaits(name, about(claim)) for name in CRITICAL}


async def again(stage: Stage, line: Line, claim: Claim, first: Received, because: str) -> Received:
    """The next time that the event comes on this line; `first` is the event as it came the first time, wherever.

    A server may wait longer from one time to the next. However it lets its pauses grow, up to twice each time, what
    came first so many seconds ago comes again within as many more and those of the first pause. Raises
    ContractViolation where it does not.
    """
    since = stage.now
    within = since - first.at + stage.budgets.ack_retry
    try:
        return await line.hears(first.name, lambda event: about(claim)(event) and event.at >= since, within)
    except ContractViolation as missing:
        raise ContractViolation(
            f"`{first.name}` was not sent again on {line.name} {because}",
            expected=f"`{first.name}` of the claim {claim.id} once more within {within:.3g} s",
            observed=missing.observed if line.is_open else str(missing),
        ) from missing


async def seen_again(stage: Stage, line: Line, claim: Claim, first: Received) -> Received:
    """As `again`, where another case judges whether it comes: raises Inconclusive."""
    try:
        return await again(stage, line, claim, first, "although nothing acknowledged it")
    except ContractViolation as missing:
        raise Inconclusive(f"{missing}, so nothing can be said here") from missing


def must_not_be_sent_again(lines: Iterable[Line], claim: Claim, names: Sequence[str], since: float, why: str) -> None:
    """Raise ContractViolation where one of these events of the claim came after that time."""
    for line in lines:
        for name in names:
            for event in line.heard(name, about(claim)):
                if event.at > since:
                    raise ContractViolation(
                        f"`{name}` was sent again on {line.name} {why}",
                        expected=f"no `{name}` of the claim {claim.id} any more",
                        observed=f"`{name}` {event.at - since:.3g} s later",
                    )
