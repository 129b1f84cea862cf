"""Claims: one ticket each, and their life as a table: that of the contract (`x-states`)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from ...refusals import Refusal, contracts
from .denials import DENIALS, Denial
from .settlement import Settlement, settle

APPEAL_DAYS: Final = 30
LIFE: Final = contracts().system("shield").states["claim"]


class Status(StrEnum):
    """How far a claim has come."""

    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    APPROVED = "approved"
    DENIED = "denied"
    PAID = "paid"


class Action(StrEnum):
    """What an admin does to a claim."""

    REVIEW = "review"
    APPROVE = "approve"
    DENY = "deny"
    PAY = "pay"

    @property
    def call(self) -> str:
        """The operationId."""
        return f"{self.value}Claim"

    @property
    def done(self) -> str:
        """What has then been done to it."""
        return {"deny": "denied", "pay": "paid"}.get(self.value, self.value.removesuffix("e") + "ed")


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as the store has it; amounts in cents."""

    id: str
    user_id: str
    ticket_number: str
    amount: int
    city: str
    state: str
    violation_type: str
    status: Status
    submitted_at: datetime
    updated_at: datetime
    decided_at: datetime | None = None
    """When it was approved or denied."""
    decision_notes: str | None = None
    denial_code: str | None = None
    payout_id: str | None = None
    transaction_id: str | None = None
    paid_at: datetime | None = None
    proof_requested_at: datetime | None = None
    proof_due_by: datetime | None = None
    proof_message: str | None = None
    proof_submitted_at: datetime | None = None

    @property
    def settlement(self) -> Settlement:
        """What it pays, or would pay."""
        return settle(self.amount)

    @property
    def denial(self) -> Denial | None:
        """Why it was denied."""
        return None if self.denial_code is None else DENIALS[self.denial_code]

    @property
    def appeal_deadline(self) -> datetime | None:
        """Until when its denial can be appealed; None where it was not denied, or cannot be appealed."""
        if self.decided_at is None or self.denial is None or not self.denial.appealable:
            return None
        return self.decided_at + timedelta(days=APPEAL_DAYS)

    @property
    def lacks_proof(self) -> bool:
        """Whether the member was asked for a proof of payment and has not submitted one since."""
        return self.proof_requested_at is not None and self.proof_submitted_at is None


def review(claim: Claim, now: datetime) -> Claim:
    """The claim, looked at by an admin. Raises Refusal."""
    return _moved(claim, Action.REVIEW, now)


def approve(claim: Claim, notes: str | None, now: datetime) -> Claim:
    """The claim, granted. Raises Refusal."""
    return replace(_moved(claim, Action.APPROVE, now), decided_at=now, decision_notes=notes)


def deny(claim: Claim, code: str, notes: str | None, now: datetime) -> Claim:
    """The claim, denied for one of the reasons of `DENIALS`. Raises Refusal."""
    return replace(_moved(claim, Action.DENY, now), decided_at=now, decision_notes=notes, denial_code=code)


def pay(claim: Claim, payout_id: str, transaction_id: str, now: datetime) -> Claim:
    """The claim, paid by this payout into the wallet. Raises Refusal."""
    return replace(_moved(claim, Action.PAY, now), paid_at=now, payout_id=payout_id, transaction_id=transaction_id)


def request_proof(claim: Claim, message: str, due_in_days: int | None, now: datetime) -> Claim:
    """The claim, its member asked to prove the payment of the ticket; asked again, it starts afresh. Raises Refusal."""
    if claim.status is not Status.PAID:
        raise Refusal(
            "illegal_transition",
            f"The claim is {claim.status.value} and a proof of payment belongs to a paid one: pay it first.",
        )
    return replace(
        claim,
        updated_at=now,
        proof_requested_at=now,
        proof_due_by=None if due_in_days is None else now + timedelta(days=due_in_days),
        proof_message=message,
        proof_submitted_at=None,
    )


def submit_proof(claim: Claim, now: datetime) -> Claim:
    """The claim, its payment proved. Raises Refusal."""
    return replace(owing_proof(claim), updated_at=now, proof_submitted_at=now)


def owing_proof(claim: Claim) -> Claim:
    """The claim, where its proof of payment is outstanding. Raises Refusal."""
    if not claim.lacks_proof:
        raise Refusal("proof_not_requested")
    return claim


def _moved(claim: Claim, action: Action, now: datetime) -> Claim:
    status = LIFE.after(claim.status, action.call)
    if status is None:
        possible = [known.value for known in Action if LIFE.after(claim.status, known.call)]
        advice = f"what can be done to it is {' or '.join(possible)}" if possible else "nothing changes it any more"
        state = claim.status.value.replace("_", " ")
        raise Refusal("illegal_transition", f"The claim is {state} and cannot be {action.done}: {advice}.")
    return replace(claim, status=Status(status), updated_at=now)
