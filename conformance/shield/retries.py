"""What has to be acknowledged: that it is sent again, and that it is not."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from eventproof.conform.case import ContractViolation, Inconclusive, Line, Person, Received, Stage

from .claims import Claim, brought_to
from .reading import about

__all__ = [
    "CLAIM_PAID",
    "CRITICAL",
    "PAYOUT_COMPLETED",
    "Payout",
    "again",
    "at_most",
    "must_not_be_sent_again",
    "paid",
    "seen_again",
    "still_comes",
]

CLAIM_PAID: Final = "claim_paid"
PAYOUT_COMPLETED: Final = "payout_completed"
CRITICAL: Final = (CLAIM_PAID, PAYOUT_COMPLETED)
TOLERANCE: Final = 0.25
"""By how much of its time a retry may be late: two clocks, timers on a busy machine, a network between them."""
LATENESS: Final = 1.0
"""Seconds by which it may be late beside that."""


def at_most(seconds: float) -> float:
    """The time after which what had to happen within so many seconds is late."""
    return seconds * (1 + TOLERANCE) + LATENESS


@dataclass(frozen=True, slots=True)
class Payout:
    """A claim that was paid, and what has to be acknowledged of it, by its name, as it came on a line of its owner."""

    claim: Claim
    line: Line
    first: Mapping[str, Received]


async def paid(stage: Stage, owner: Person, line: Line) -> Payout:
    """A claim of this user, paid just now."""
    claim = await brought_to(stage, owner, "paid")
    return Payout(claim, line, {name: await line.awaits(name, about(claim)) for name in CRITICAL})


async def again(
    stage: Stage, payout: Payout, name: str, because: str, *, line: Line | None = None, since: float | None = None
) -> Received:
    """The next time that an event of the payout comes after `since` (now), on this line or that where it came first.

    A server may wait longer from one time to the next. However it lets its pauses grow, up to twice each time, what
    came first so many seconds ago comes again within as many more and those of the first pause, and may be as late as
    `at_most` says. Raises ContractViolation where it does not.
    """
    line, since = line or payout.line, stage.now if since is None else since
    pause = since - payout.first[name].at + stage.budgets.ack_retry
    until = since + at_most(pause)
    try:
        return await line.hears(
            name, lambda event: about(payout.claim)(event) and event.at >= since, max(until - stage.now, 0)
        )
    except ContractViolation as missing:
        raise ContractViolation(
            f"`{name}` was not sent again on {line.name} {because}",
            expected=f"`{name}` of the claim {payout.claim.id} once more within {until - since:.3g} s: {pause:.3g} s "
            "by budgets.ack_retry and how its pauses may grow, and a tolerance",
            observed=missing.observed if line.is_open else str(missing),
        ) from missing


async def seen_again(stage: Stage, payout: Payout, name: str, since: float | None = None) -> Received:
    """As `again`, where another case judges whether it comes: raises Inconclusive."""
    try:
        return await again(stage, payout, name, "although nothing acknowledged it", since=since)
    except ContractViolation as missing:
        raise Inconclusive(f"{missing}, so nothing can be said here") from missing


async def still_comes(
    stage: Stage,
    payout: Payout,
    because: str,
    *,
    witness: Payout,
    names: Sequence[str] = CRITICAL,
    line: Line | None = None,
) -> None:
    """These events of a payout are sent again, although something happened to it that did not happen to the witness.

    Raises Inconclusive where those of the witness are not sent again either: other cases judge that.
    """
    since = stage.now
    for name in names:
        await seen_again(stage, witness, name, since)
    for name in names:
        await again(stage, payout, name, because, line=line, since=since)


def must_not_be_sent_again(lines: Iterable[Line], payout: Payout, since: float, why: str) -> None:
    """Raise ContractViolation where what has to be acknowledged of a payout came after that time."""
    for line in lines:
        for name in CRITICAL:
            for event in line.heard(name, about(payout.claim)):
                if event.at > since:
                    raise ContractViolation(
                        f"`{name}` was sent again on {line.name} {why}",
                        expected=f"no `{name}` of the claim {payout.claim.id} any more",
                        observed=f"`{name}` {event.at - since:.3g} s later",
                    )
