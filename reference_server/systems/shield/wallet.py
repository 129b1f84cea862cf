"""The wallet: payouts come in, withdrawals go out, and its balance is the sum of its transactions."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from ...refusals import Refusal, contracts
from . import money
from .member import Member

LIFE: Final = contracts().system("shield").states["withdrawal"]
_FAILED: Final = "The bank did not accept the transfer."


class Kind(StrEnum):
    """What moved money."""

    PAYOUT = "payout"
    WITHDRAWAL = "withdrawal"
    REVERSAL = "reversal"


@dataclass(frozen=True, slots=True)
class Transaction:
    """One change of a balance, in cents: what comes in is positive, what goes out negative."""

    id: str
    user_id: str
    kind: Kind
    amount: int
    created_at: datetime
    claim_id: str | None = None


class Status(StrEnum):
    """How far a withdrawal has come."""

    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Money on its way to a bank account, in cents."""

    id: str
    user_id: str
    amount: int
    bank_account_last_four: str
    status: Status
    requested_at: datetime
    decided_at: datetime | None = None
    failure_reason: str | None = None


def book(member: Member, transaction: Transaction) -> Member:
    """The member, whose wallet this changed."""
    return replace(member, balance=member.balance + transaction.amount)


def check_covered(member: Member, amount: int) -> None:
    """Raises Refusal where the wallet does not hold as much."""
    if amount > member.balance:
        raise Refusal(
            "insufficient_balance",
            f"The wallet holds {money.shown(member.balance)}, less than the withdrawal: ask for less.",
        )


def decide(withdrawal: Withdrawal, outcome: Status, reason: str | None, now: datetime) -> Withdrawal:
    """The withdrawal as the bank settled it. Raises Refusal where that was told before."""
    if LIFE.after(withdrawal.status, f"decideWithdrawal outcome={outcome}") is None:
        raise Refusal("withdrawal_decided", f"The withdrawal is {withdrawal.status.value} already: leave it as it is.")
    failed = outcome is Status.FAILED
    return replace(withdrawal, status=outcome, decided_at=now, failure_reason=(reason or _FAILED) if failed else None)
