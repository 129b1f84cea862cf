"""Events: what users and admins are told of each change, as messages in the order of their sending. Pure.

Each is `{event, timestamp, data}`, dated by the clock of the member whom it is about.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from ...delivery.message import Message
from ...delivery.rooms import ADMINS, of_user
from . import answers
from .answers import Json, known, moment
from .claims import Claim, Status
from .due import Due, Kind
from .member import Member
from .money import to_json
from .notices import Notice
from .times import written
from .wallet import Withdrawal

_MEDIUM: Final = 200_00
_HIGH: Final = 1_000_00
"""From these amounts (cents) on a new claim is of medium or high priority to admins."""


def _to_user(user_id: str, name: str, now: datetime, data: Json, claim_id: str | None = None) -> Message:
    return Message(name, envelope(name, now, data), of_user(user_id), order_key=claim_id)


def _to_admins(name: str, now: datetime, data: Json, claim_id: str | None = None) -> Message:
    return Message(name, envelope(name, now, data), ADMINS, order_key=claim_id)


def envelope(name: str, now: datetime, data: Mapping[str, Any]) -> Json:
    """What every event but `connected` and `ping` is."""
    return {"event": name, "timestamp": written(now), "data": data}


# Claims.


def submitted(claim: Claim, email: str, now: datetime) -> list[Message]:
    """A new claim: to its owner, and to the admins, who have to review it."""
    told = answers.claim(claim)
    ticket = {name: told[name] for name in ("claimId", "ticketNumber", "amount", "city", "state", "violationType")}
    ticket["submittedAt"] = told["submittedAt"]
    owners = {**ticket, "status": told["status"], "estimatedPayout": told["estimatedPayout"]}
    return [
        _to_user(claim.user_id, "claim_submitted", now, owners, claim.id),
        _to_admins("admin_claim_submitted", now, {**ticket, "userId": claim.user_id, "userEmail": email}, claim.id),
        _action_required(
            claim,
            "claim_review",
            _priority(claim),
            f"The claim for ticket {claim.ticket_number} waits for review.",
            now,
        ),
    ]


def _priority(claim: Claim) -> str:
    if claim.amount >= _HIGH:
        return "high"
    return "medium" if claim.amount >= _MEDIUM else "low"


def moved(before: Claim, after: Claim, now: datetime) -> list[Message]:
    """A claim was reviewed, approved or denied: the specific event, then the general one."""
    name, more = _MOVED[after.status]
    data = _change(before, after) | known(more(after))
    return [_to_user(after.user_id, name, now, data, after.id), _status_changed(before, after, now)]


def _change(before: Claim, after: Claim) -> Json:
    return {
        "claimId": after.id,
        "ticketNumber": after.ticket_number,
        "previousStatus": before.status.value,
        "newStatus": after.status.value,
    }


def _reviewed(claim: Claim) -> Json:
    return {"updatedAt": written(claim.updated_at)}


def _approved(claim: Claim) -> Json:
    return answers.granted(claim) | {
        "approvalTimestamp": moment(claim.decided_at),
        "decisionNotes": claim.decision_notes,
    }


def _denied(claim: Claim) -> Json:
    return answers.denied(claim) | {"decisionNotes": claim.decision_notes}


_MOVED: Final[Mapping[Status, tuple[str, Callable[[Claim], Json]]]] = {
    Status.UNDER_REVIEW: ("claim_under_review", _reviewed),
    Status.APPROVED: ("claim_approved", _approved),
    Status.DENIED: ("claim_denied", _denied),
}
"""The event that tells of a status, and what it says beside the change."""


def _status_changed(before: Claim, after: Claim, now: datetime) -> Message:
    data = _change(before, after) | {"updatedAt": written(after.updated_at)}
    return _to_user(after.user_id, "claim_status_changed", now, data, after.id)


def paid(before: Claim, after: Claim, member: Member, now: datetime) -> list[Message]:
    """A claim was paid into the wallet of its member, who is given as they are after it."""
    payout, balance = to_json(after.settlement.payout), to_json(member.balance)
    ids: Json = {"payoutId": after.payout_id, "claimId": after.id, "amount": payout}
    time = written(now)
    told: list[tuple[str, Json]] = [
        ("payout_initiated", {**ids, "status": "pending", "initiatedAt": time, "estimatedCompletionAt": time}),
        (
            "payout_completed",
            {
                **ids,
                "status": "completed",
                "completedAt": time,
                "transactionId": after.transaction_id,
                "newWalletBalance": balance,
            },
        ),
        (
            "claim_paid",
            _change(before, after)
            | {
                "payoutAmount": payout,
                "payoutTimestamp": time,
                "walletBalance": balance,
                "transactionId": after.transaction_id,
            },
        ),
    ]
    return [
        *(_to_user(after.user_id, name, now, data, after.id) for name, data in told),
        _status_changed(before, after, now),
        coverage_updated(member, "claim_payout", now, after.id),
        _to_user(
            member.user_id,
            "cancellation_restriction_changed",
            now,
            answers.cancellation(member, now) | {"reason": "payout_received"},
        ),
    ]


def proof_requested(claim: Claim, now: datetime) -> list[Message]:
    """The owner of a paid claim is asked to prove that the ticket was paid."""
    proof = answers.claim(claim)["proof"]
    data = {"claimId": claim.id, "ticketNumber": claim.ticket_number, **proof}
    return [_to_user(claim.user_id, "proof_of_payment_requested", now, data, claim.id)]


def fraud_alert(claim: Claim, message: str, now: datetime) -> list[Message]:
    """Admins hear of a suspicion."""
    return [_action_required(claim, "fraud_alert", "high", message, now)]


def proof_overdue(claim: Claim, now: datetime) -> list[Message]:
    """Admins hear of a proof of payment that did not come."""
    message = f"The proof of payment for ticket {claim.ticket_number} is overdue."
    return [_action_required(claim, "proof_overdue", "medium", message, now)]


def _action_required(claim: Claim, kind: str, priority: str, message: str, now: datetime) -> Message:
    data = {"type": kind, "priority": priority, "claimId": claim.id, "userId": claim.user_id, "message": message}
    return _to_admins("admin_action_required", now, data, claim.id)


# Subscriptions.


def subscription_changed(before: Member, after: Member, reason: str | None, now: datetime) -> list[Message]:
    """The status of a subscription was set; nothing is told where it is what it was."""
    if before.status is after.status:
        return []
    data: Json = {
        "subscriptionId": after.subscription_id,
        "previousStatus": before.status.value,
        "newStatus": after.status.value,
        "planId": after.plan.value,
        "effectiveDate": written(now),
        "reason": reason,
    }
    return [_to_user(after.user_id, "subscription_status_changed", now, known(data))]


def coverage_updated(member: Member, reason: str, now: datetime, claim_id: str | None = None) -> Message:
    """A year's limits, or what was used of them, changed."""
    data = known({"coverage": answers.coverage(member), "changeReason": reason, "claimId": claim_id})
    return _to_user(member.user_id, "coverage_updated", now, data, claim_id)


def fell_due(due: Due) -> Message:
    """What fell due by itself, told as of the time when it did."""
    member, at = due.member, due.at
    if due.kind is Kind.RESET:
        return coverage_updated(member, "period_reset", at)
    if due.kind is Kind.RELEASE:
        data = answers.cancellation(member, at) | {"reason": "restriction_expired"}
        return _to_user(member.user_id, "cancellation_restriction_changed", at, data)
    limits = answers.coverage(member)
    told = ("annualCap", "remainingAmount", "ticketsUsed", "maxTickets", "periodStart", "periodEnd")
    data = {
        "subscriptionId": member.subscription_id,
        "planId": member.plan.value,
        "billingPeriod": member.billing.value,
        "renewedAt": written(at),
        "nextRenewalDate": written(member.renews_at),
        "amountCharged": to_json(member.terms.price(member.billing)),
        "coverage": {name: limits[name] for name in told},
    }
    return _to_user(member.user_id, "subscription_renewed", at, data)


# The wallet, and notices.


def withdrawal_decided(before: Withdrawal, after: Withdrawal, balance: int, now: datetime) -> list[Message]:
    """A withdrawal went through or failed; `balance` is the wallet's after it, in cents."""
    data: Json = {
        "withdrawalId": after.id,
        "previousStatus": before.status.value,
        "newStatus": after.status.value,
        "amount": to_json(after.amount),
        "bankAccountLastFour": after.bank_account_last_four,
        "newWalletBalance": to_json(balance),
    }
    return [_to_user(after.user_id, "withdrawal_status_changed", now, data | answers.outcome(after))]


def noticed(notice: Notice, unread: int, now: datetime) -> list[Message]:
    """A member has a new notification."""
    data = {"notification": answers.notice(notice), "unreadCount": unread}
    return [_to_user(notice.user_id, "notification_received", now, data)]
