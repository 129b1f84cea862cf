"""Answers: what REST tells of a member's things, as `contracts/shield/openapi.yaml` describes it. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from .claims import Claim, Status
from .member import Member
from .money import to_json
from .notices import Notice
from .times import days_until, written
from .wallet import Status as Outcome
from .wallet import Transaction, Withdrawal

Json = dict[str, Any]


def known(fields: Mapping[str, Any]) -> Json:
    """The fields that have a value: what is not known is left out, never null."""
    return {name: value for name, value in fields.items() if value is not None}


def moment(time: datetime | None) -> str | None:
    """A time as it is written, if there is one."""
    return None if time is None else written(time)


def claim(of: Claim) -> Json:
    """A claim with all that its life so far has brought."""
    settlement = of.settlement
    body: Json = {
        "claimId": of.id,
        "ticketNumber": of.ticket_number,
        "amount": to_json(of.amount),
        "city": of.city,
        "state": of.state,
        "violationType": of.violation_type,
        "status": of.status.value,
        "submittedAt": written(of.submitted_at),
        "updatedAt": written(of.updated_at),
        "estimatedPayout": to_json(settlement.payout),
        "decisionNotes": of.decision_notes,
    }
    if of.status in (Status.APPROVED, Status.PAID):
        body |= granted(of) | {"approvedAt": moment(of.decided_at)}
    if of.denial is not None:
        body |= denied(of)
    if of.paid_at is not None:
        body |= {"payoutId": of.payout_id, "transactionId": of.transaction_id, "paidAt": written(of.paid_at)}
    if of.proof_requested_at is not None:
        body["proof"] = known(
            {
                "requestedAt": written(of.proof_requested_at),
                "dueBy": moment(of.proof_due_by),
                "message": of.proof_message,
                "submittedAt": moment(of.proof_submitted_at),
            }
        )
    return known(body)


def granted(of: Claim) -> Json:
    """How an approved claim's amount is shared."""
    settlement = of.settlement
    return {
        "payoutAmount": to_json(settlement.payout),
        "deductibleApplied": to_json(settlement.deductible),
        "memberCoPay": to_json(settlement.co_pay),
    }


def denied(of: Claim) -> Json:
    """Why a claim was denied; `appealDeadline` is there exactly where `appealable` is true."""
    denial = of.denial
    assert denial is not None  # noqa: S101 - asked of denied claims alone
    return known(
        {
            "denialCode": of.denial_code,
            "denialReason": denial.reason,
            "appealable": denial.appealable,
            "appealDeadline": moment(of.appeal_deadline),
        }
    )


def coverage(of: Member) -> Json:
    """The year's limits, and what was used of them: used + remaining = cap."""
    return {
        "planId": of.plan.value,
        "annualCap": to_json(of.terms.cap),
        "usedAmount": to_json(of.used),
        "remainingAmount": to_json(of.terms.cap - of.used),
        "ticketsUsed": of.tickets,
        "maxTickets": of.terms.tickets,
        "periodStart": written(of.covered_from),
        "periodEnd": written(of.covered_until),
    }


def cancellation(of: Member, now: datetime) -> Json:
    """Whether the subscription can be cancelled, and if not, from when on."""
    end = of.restricted_until
    return known(
        {
            "canCancel": end is None,
            "restrictionEndDate": moment(end),
            "daysRemaining": None if end is None else days_until(end, now),
            "lastPayoutDate": moment(of.last_payout_at),
        }
    )


def subscription(of: Member, now: datetime) -> Json:
    """A subscription with its coverage and whether it can be cancelled."""
    return {
        "subscriptionId": of.subscription_id,
        "planId": of.plan.value,
        "status": of.status.value,
        "billingPeriod": of.billing.value,
        "nextRenewalDate": written(of.renews_at),
        "coverage": coverage(of),
        "cancellation": cancellation(of, now),
    }


def wallet(balance: int, transactions: Iterable[Transaction]) -> Json:
    """A balance and the transactions that made it, the latest first."""
    return {"balance": to_json(balance), "transactions": [_transaction(each) for each in transactions]}


def _transaction(of: Transaction) -> Json:
    # On the wire the amount has no sign: the kind tells the direction.
    return known(
        {
            "transactionId": of.id,
            "kind": of.kind.value,
            "amount": to_json(abs(of.amount)),
            "createdAt": written(of.created_at),
            "claimId": of.claim_id,
        }
    )


def withdrawal(of: Withdrawal) -> Json:
    """A withdrawal as it stands."""
    return {
        "withdrawalId": of.id,
        "amount": to_json(of.amount),
        "status": of.status.value,
        "bankAccountLastFour": of.bank_account_last_four,
        "requestedAt": written(of.requested_at),
    } | outcome(of)


def outcome(of: Withdrawal) -> Json:
    """How a withdrawal ended, where it has."""
    completed = of.status is Outcome.COMPLETED
    return known({"completedAt": moment(of.decided_at) if completed else None, "failureReason": of.failure_reason})


def notice(of: Notice) -> Json:
    """A notification."""
    body: Json = {
        "id": of.id,
        "title": of.title,
        "message": of.message,
        "type": of.kind.value,
        "read": of.read,
        "createdAt": written(of.created_at),
    }
    more = known({"claimId": of.claim_id, "route": of.route})
    return body | ({"data": more} if more else {})
