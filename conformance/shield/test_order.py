"""What happens to one claim arrives in the order in which it happened, whatever else goes on."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from eventproof import checks
from eventproof.actions import at
from eventproof.conform.cases import Case, Inconclusive, Line, Person, Record, requirement

from .claims import Claim, Step, approve, brought_to, deny, pay, request_proof, review, submit, take
from .reading import about, data

STATUSES: Final[Mapping[Any, int]] = {"submitted": 0, "under_review": 1, "approved": 2, "denied": 2, "paid": 3}
"""How far along its life a claim is that has just got this status."""

STEPS: Final[Mapping[str, int]] = {
    "claim_submitted": STATUSES["submitted"],
    "claim_under_review": STATUSES["under_review"],
    "claim_approved": STATUSES["approved"],
    "claim_denied": STATUSES["denied"],
    "payout_initiated": STATUSES["paid"],
    "payout_completed": STATUSES["paid"],
    "claim_paid": STATUSES["paid"],
    "proof_of_payment_requested": STATUSES["paid"] + 1,
}

PAID: Final[Sequence[Step]] = (review, approve, pay, request_proof)
LIVES: Final[Sequence[Sequence[Step]]] = ((review, deny), (deny,), PAID, (review, deny), (review,))
"""What happens to the claims of one user; only what is approved takes from what the plan covers."""


def _step(record: Record) -> int | None:
    """How far along its life the claim is that a receipt tells of."""
    return STEPS.get(record.name, STATUSES.get(at(record.payload, "/data/newStatus")))


@requirement("SHD-ORD-1")
async def test_events_of_one_claim_arrive_in_the_order_of_its_changes(case: Case) -> None:
    """Of claims in quick succession, and of many at once, while something is sent again."""
    users = await case.users(3)
    lines = [await user.connect() for user in users]
    paid = await _sent_again(case, lines[0], users[0])
    claims = [await _live(case, users[0], (review, deny)) for _ in range(5)]
    claims += await asyncio.gather(
        *(_live(case, user, steps) for steps in LIVES for user in users), take(case, paid, [request_proof])
    )
    await case.canary(*users)
    for line in lines:
        await _acknowledge_all(line)
    case.judge(checks.out_of_order(case.records, case.known, _step))
    for claim in claims:
        if not any(line.heard("claim_submitted", about(claim)) for line in lines):
            raise Inconclusive(f"nothing was heard of the claim {claim.id}, so nothing can be said here")


async def _sent_again(case: Case, line: Line, owner: Person) -> Claim:
    """A paid claim of which something was sent again by now, since it was not acknowledged."""
    claim = await brought_to(case, owner, "paid")
    await line.awaits("claim_paid", about(claim))
    await line.awaits("claim_paid", about(claim), case.budgets.ack_retry + case.budgets.event_arrival)
    return claim


async def _live(case: Case, owner: Person, steps: Sequence[Step]) -> Claim:
    return await take(case, await submit(case, owner), steps)


async def _acknowledge_all(line: Line) -> None:
    """So that nothing of it is sent to the next case; each once, since a connection may say little in a second."""
    critical = [*line.heard("claim_paid"), *line.heard("payout_completed")]
    for event in {(event.name, data(event).get("claimId")): event for event in critical}.values():
        await line.acknowledge(event)
