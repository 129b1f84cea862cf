"""A claim's life: its owner submits it; the admin takes it under review, approves or denies it, and pays it.

All of it only arranges what a case is about, so what the server does not accept raises Inconclusive.
"""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from eventproof.catalog import load
from eventproof.conform.cases import Answer, Case, Person
from eventproof.samples import sample

from .members import SYSTEM
from .reading import answered

__all__ = [
    "TABLE",
    "Claim",
    "Step",
    "approve",
    "brought_to",
    "deny",
    "move",
    "new_claim",
    "pay",
    "raise_fraud_alert",
    "request_proof",
    "review",
    "submit",
    "take",
]

TABLE: Final = load().system(SYSTEM).states["claim"]
WAYS: Final = TABLE.ways
_CHEAPEST, _DEAREST = 40.0, 90.0
"""Between these is what a ticket costs, in dollars: every payout uses up what the plan of a lent user covers."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim that was submitted; `id` as events write it."""

    owner: Person
    id: str
    amount: float
    ticket: str


Step = Callable[[Case, Claim], Awaitable[Answer]]
"""Moves a claim on; gives the answer, which was a success."""


def new_claim(case: Case) -> dict[str, Any]:
    """The parameters of a submission: made up, the same for the same seed, but for the number of the ticket.

    That is one that nobody has claimed before: a server may take a ticket once.
    """
    made_up = sample(case.event("claim_submitted"), case.random.getrandbits(32))["data"]
    return {
        "ticketNumber": f"EP-{uuid.uuid4().hex[:12].upper()}",
        "amount": round(case.random.uniform(_CHEAPEST, _DEAREST), 2),
        **{name: made_up[name] for name in ("city", "state", "violationType")},
    }


async def submit(case: Case, owner: Person, **given: Any) -> Claim:
    """A new claim of this user; `given` are parameters of submitClaim that have to be as they are."""
    parameters = {**new_claim(case), **given}
    answer = (await owner.call("submitClaim", **parameters)).must_succeed()
    return Claim(owner, str(answered(answer, "claimId")), parameters["amount"], parameters["ticketNumber"])


async def review(case: Case, claim: Claim) -> Answer:
    """Submitted -> under review."""
    return (await _act(case, "reviewClaim", claim)).must_succeed()


async def approve(case: Case, claim: Claim) -> Answer:
    """Submitted or under review -> approved."""
    return (await _act(case, "approveClaim", claim)).must_succeed()


async def deny(case: Case, claim: Claim, code: str = "D003") -> Answer:
    """Submitted or under review -> denied."""
    return (await _act(case, "denyClaim", claim, denialCode=code)).must_succeed()


async def pay(case: Case, claim: Claim) -> Answer:
    """Approved -> paid, into the wallet of its owner."""
    return (await _act(case, "payClaim", claim)).must_succeed()


async def request_proof(case: Case, claim: Claim) -> Answer:
    """Ask the owner of a paid claim to show that the ticket was paid."""
    return (await _act(case, "requestProof", claim, message="Please upload the receipt.")).must_succeed()


async def raise_fraud_alert(case: Case, claim: Claim) -> Answer:
    """Tell the admins that the claim may be a fraud."""
    return (await _act(case, "raiseFraudAlert", claim, message="The same ticket was claimed twice.")).must_succeed()


async def move(case: Case, claim: Claim, call: str) -> Answer:
    """From one status to another by a call of the table, with what the contract has as an example for it."""
    details = case.catalogued(SYSTEM).operation(call).example
    return (await _act(case, call, claim, **details)).must_succeed()


async def take(case: Case, claim: Claim, steps: Sequence[Step]) -> Claim:
    """The same claim, some steps later."""
    for step in steps:
        await step(case, claim)
    return claim


async def brought_to(case: Case, owner: Person, status: str) -> Claim:
    """A new claim of this user that has this status, by the shortest way."""
    claim = await submit(case, owner)
    for call in WAYS[status][1:]:
        await move(case, claim, call)
    return claim


async def _act(case: Case, operation: str, claim: Claim, **parameters: Any) -> Answer:
    return await case.admin.call(operation, userId=claim.owner.id, claimId=claim.id, **parameters)
