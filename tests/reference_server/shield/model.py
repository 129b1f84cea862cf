"""Shield in two pages: what a member's things are, what each call does to them, and what is told of it.

Written apart from the server, in dollars and decimals, without its tables and its rules.
"""

import calendar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

PLANS = {"basic": (1000, 20, "9.99"), "pro": (2500, 50, "19.99"), "professional": (1_000_000, 100_000, "49.99")}
CENT = Decimal("0.01")


@dataclass
class Told:
    """One event that must be told: its name, and some of what it must say."""

    name: str
    facts: dict[str, Any]
    payload: Any = None
    """What was heard of it, once it was."""
    acknowledged: bool = False
    to_admins: bool = False

    @property
    def owed(self) -> bool:
        return self.name in ("claim_paid", "payout_completed") and not self.acknowledged

    def fits(self, name: str, payload: Any) -> bool:
        """Whether this is what was heard."""
        if self.payload is not None:
            return bool((name, payload) == (self.name, self.payload))
        return name == self.name and self.facts.items() <= flat(payload["data"]).items()


def flat(data: dict[str, Any]) -> dict[str, Any]:
    """The fields of an object and of the objects in it."""
    inner = [flat(value) for value in data.values() if isinstance(value, dict)]
    return {name: value for each in [*inner, data] for name, value in each.items() if not isinstance(value, dict)}


def payout(amount: Decimal) -> Decimal:
    rest = max(Decimal(0), amount - 25)
    return rest - (rest / 10).quantize(CENT, ROUND_HALF_UP)


def months_on(start: datetime, months: int) -> datetime:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return start.replace(year=year, month=month + 1, day=min(start.day, calendar.monthrange(year, month + 1)[1]))


class Refused(Exception):
    """The call must be refused with this code."""


@dataclass
class ClaimModel:
    amount: Decimal
    status: str = "submitted"
    lacks_proof: bool = False

    @property
    def is_open(self) -> bool:
        return self.status in ("submitted", "under_review")


@dataclass
class MemberModel:
    """`started` is when the subscription began; the periods count from there."""

    started: datetime
    plan: str = "basic"
    status: str = "active"
    periods: int = 1
    year: int = 1
    used: Decimal = Decimal(0)
    tickets: int = 0
    balance: Decimal = Decimal(0)
    unread: int = 0
    restricted_until: datetime | None = None
    claims: dict[str, ClaimModel] = field(default_factory=dict)
    withdrawals: dict[str, list[Any]] = field(default_factory=dict)
    """Amount and status of each."""

    # Claims.

    def submit(self, claim_id: str, amount: Decimal) -> list[Told]:
        self.claims[claim_id] = ClaimModel(amount)
        named = {"claimId": claim_id}
        mine = Told("claim_submitted", {**named, "amount": float(amount), "estimatedPayout": float(payout(amount))})
        admins = Told("admin_claim_submitted", {**named, "amount": float(amount)}, to_admins=True)
        return [mine, admins, self._needed("claim_review", named)]

    def move(self, claim_id: str, action: str) -> list[Told]:
        claim = self.claims[claim_id]
        before = claim.status
        after = {"review": "under_review", "approve": "approved", "deny": "denied"}[action]
        if before != "submitted" and (before != "under_review" or action == "review"):
            raise Refused("illegal_transition")
        if action == "approve":
            promised = [payout(each.amount) for each in self.claims.values() if each.status == "approved"]
            cap, tickets, _ = PLANS[self.plan]
            if self.used + sum(promised) + payout(claim.amount) > cap or self.tickets + len(promised) >= tickets:
                raise Refused("coverage_exhausted")
        claim.status = after
        facts = {"claimId": claim_id, "previousStatus": before, "newStatus": after}
        more = {"payoutAmount": float(payout(claim.amount))} if action == "approve" else {}
        return [Told(f"claim_{after}", facts | more), Told("claim_status_changed", facts)]

    def pay(self, claim_id: str, answer: dict[str, Any]) -> list[Told]:
        """`answer` is what the server said: the ids, and when it was."""
        claim = self.claims[claim_id]
        if claim.status != "approved":
            raise Refused("illegal_transition")
        claim.status = "paid"
        amount = payout(claim.amount)
        self.balance += amount
        self.used += amount
        self.tickets += 1
        if answer:
            self.restricted_until = datetime.fromisoformat(answer["paidAt"]) + timedelta(days=90)
        named = {"claimId": claim_id}
        ids = {**named, "payoutId": answer.get("payoutId"), "amount": float(amount)}
        credit = {"transactionId": answer.get("transactionId")}
        moved = {**named, "previousStatus": "approved", "newStatus": "paid"}
        paid = {"payoutAmount": float(amount), "walletBalance": float(self.balance)}
        return [
            Told("payout_initiated", {**ids, "status": "pending"}),
            Told("payout_completed", {**ids, **credit, "newWalletBalance": float(self.balance)}),
            Told("claim_paid", moved | credit | paid),
            Told("claim_status_changed", moved),
            self._covered("claim_payout"),
            Told("cancellation_restriction_changed", {"canCancel": False, "daysRemaining": 90}),
        ]

    def ask_for_proof(self, claim_id: str) -> list[Told]:
        if self.claims[claim_id].status != "paid":
            raise Refused("illegal_transition")
        self.claims[claim_id].lacks_proof = True
        return [Told("proof_of_payment_requested", {"claimId": claim_id})]

    def prove(self, claim_id: str) -> list[Told]:
        self._lacks_proof(claim_id)
        self.claims[claim_id].lacks_proof = False
        return []

    def flag(self, claim_id: str) -> list[Told]:
        self._lacks_proof(claim_id)
        return [self._needed("proof_overdue", {"claimId": claim_id})]

    def suspect(self, claim_id: str) -> list[Told]:
        return [self._needed("fraud_alert", {"claimId": claim_id})]

    def _lacks_proof(self, claim_id: str) -> None:
        if not self.claims[claim_id].lacks_proof:
            raise Refused("proof_not_requested")

    def _needed(self, kind: str, named: dict[str, Any]) -> Told:
        return Told("admin_action_required", {**named, "type": kind}, to_admins=True)

    # The wallet.

    def withdraw(self, amount: Decimal, answer: dict[str, Any]) -> list[Told]:
        if amount > self.balance:
            raise Refused("insufficient_balance")
        self.balance -= amount
        self.withdrawals[answer["withdrawalId"]] = [amount, "pending"]
        return []

    def decide(self, withdrawal_id: str, outcome: str) -> list[Told]:
        amount, status = self.withdrawals[withdrawal_id]
        if status != "pending":
            raise Refused("withdrawal_decided")
        self.withdrawals[withdrawal_id][1] = outcome
        self.balance += amount if outcome == "failed" else 0
        facts = {"withdrawalId": withdrawal_id, "newStatus": outcome, "newWalletBalance": float(self.balance)}
        return [Told("withdrawal_status_changed", facts)]

    # The subscription.

    def set_status(self, status: str) -> list[Told]:
        before, self.status = self.status, status
        facts = {"previousStatus": before, "newStatus": status, "planId": self.plan}
        return [Told("subscription_status_changed", facts)] if before != status else []

    def cancel(self) -> list[Told]:
        if self.status != "active":
            raise Refused("subscription_not_active")
        if self.restricted_until:
            raise Refused("cancellation_restricted")
        return self.set_status("cancelled")

    def upgrade(self, plan: str) -> list[Told]:
        if list(PLANS).index(plan) <= list(PLANS).index(self.plan):
            raise Refused("not_an_upgrade")
        self.plan = plan
        return [self._covered("plan_upgrade")]

    def renew(self) -> list[Told]:
        if self.status != "active":
            raise Refused("subscription_not_active")
        return self._turn()

    def pass_until(self, now: datetime) -> list[Told]:
        told = []
        while True:
            release = self.restricted_until
            if release is not None and release <= now and release < self.renews_at:
                self.restricted_until = None
                told.append(Told("cancellation_restriction_changed", {"canCancel": True}))
            elif self.renews_at <= now:
                told += self._turn()
            else:
                return told

    @property
    def renews_at(self) -> datetime:
        return months_on(self.started, self.periods)

    def _turn(self) -> list[Told]:
        self.periods += 1
        reset = self.periods > self.year * 12
        if reset:
            self.year += 1
            self.used, self.tickets = Decimal(0), 0
        renewed = {"planId": self.plan, "amountCharged": float(PLANS[self.plan][2]), "ticketsUsed": self.tickets}
        told = [Told("subscription_renewed", renewed)] if self.status == "active" else []
        return told + ([self._covered("period_reset")] if reset else [])

    def _covered(self, reason: str) -> Told:
        return Told("coverage_updated", {"changeReason": reason, **self.coverage()})

    def coverage(self) -> dict[str, Any]:
        cap, tickets, _ = PLANS[self.plan]
        return {
            "planId": self.plan,
            "annualCap": cap,
            "usedAmount": float(self.used),
            "remainingAmount": float(cap - self.used),
            "ticketsUsed": self.tickets,
            "maxTickets": tickets,
        }
