"""A claim's life: its owner submits it; the admin takes it under review, approves or denies it, and pays it.

All of it only arranges what a case is about, so what the server does not accept raises Inconclusive.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from eventproof.conform.case import Answer, Person, Stage
from eventproof.samples import sample

from .reading import answered

__all__ = [
    "WAYS",
    "Claim",
    "Step",
    "approve",
    "brought_to",
    "deny",
    "new_claim",
    "pay",
    "raise_fraud_alert",
    "request_proof",
    "review",
    "submit",
    "take",
]

_CHEAPEST, _DEAREST = 40.0, 90.0
"""Between these is what a ticket costs, in dollars: every payout uses up what the plan of a lent user covers."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim that was submitted; `id` as events write it."""

    owner: Person
    id: str
    amount: float
    ticket: str


Step = Callable[[Stage, Claim], Awaitable[Answer]]
"""Moves a claim on; gives the answer, which was a success."""


def new_claim(stage: Stage) -> dict[str, Any]:
    """The parameters of a submission: made up, the same for the same seed, but for the number of the ticket.

    That is one that nobody has claimed before: a server may take a ticket once.
    """
    made_up = sample(stage.event("claim_submitted"), stage.random.getrandbits(32))["data"]
    return {
        "ticketNumber": f"EP-{uuid.uuid4().hex[:12].upper()}",
        "amount": round(stage.random.uniform(_CHEAPEST, _DEAREST), 2),
        **{name: made_up[name] for name in ("city", "state", "violationType")},
    }


async def submit(stage: Stage, owner: Person, **given: Any) -> Claim:
    """A new claim of this user; `given` are parameters of submitClaim that have to be as they are."""
    parameters = {**new_claim(stage), **given}
    answer = (await owner.call("submitClaim", **parameters)).must_succeed()
    return Claim(owner, str(answered(answer, "claimId")), parameters["amount"], parameters["ticketNumber"])


async def review(stage: Stage, claim: Claim) -> Answer:
    """Submitted -> under review."""
    return (await _act(stage, "reviewClaim", claim)).must_succeed()


async def approve(stage: Stage, claim: Claim) -> Answer:
    """Submitted or under review -> approved."""
    return (await _act(stage, "approveClaim", claim)).must_succeed()


async def deny(stage: Stage, claim: Claim, code: str = "D003") -> Answer:
    """Submitted or under review -> denied."""
    return (await _act(stage, "denyClaim", claim, denialCode=code)).must_succeed()


async def pay(stage: Stage, claim: Claim) -> Answer:
    """Approved -> paid, into the wallet of its owner."""
    return (await _act(stage, "payClaim", claim)).must_succeed()


async def request_proof(stage: Stage, claim: Claim) -> Answer:
    """Ask the owner of a paid claim to show that the ticket was paid."""
    return (await _act(stage, "requestProof", claim, message="Please upload the receipt.")).must_succeed()


async def raise_fraud_alert(stage: Stage, claim: Claim) -> Answer:
    """Tell the admins that the claim may be a fraud."""
    return (await _act(stage, "raiseFraudAlert", claim, message="The same ticket was claimed twice.")).must_succeed()


WAYS: Final[Mapping[str, Sequence[Step]]] = {
    "submitted": (),
    "under_review": (review,),
    "approved": (review, approve),
    "denied": (review, deny),
    "paid": (review, approve, pay),
}
"""The steps from a new claim to each status."""


async def take(stage: Stage, claim: Claim, steps: Sequence[Step]) -> Claim:
    """The same claim, some steps later."""
    for step in steps:
        await step(stage, claim)
    return claim


async def brought_to(stage: Stage, owner: Person, status: str) -> Claim:
    """A new claim of this user that has this status."""
    return await take(stage, await submit(stage, owner), WAYS[status])


async def _act(stage: Stage, operation: str, claim: Claim, **parameters: Any) -> Answer:
    return await stage.admin.call(operation, userId=claim.owner.id, claimId=claim.id, **parameters)
