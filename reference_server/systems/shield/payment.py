"""A payment: an approved claim's payout goes into the wallet, uses coverage, and starts the restriction."""

from dataclasses import dataclass
from datetime import datetime

from . import claims, coverage, restriction, wallet
from .claims import Claim
from .member import Member
from .wallet import Transaction


@dataclass(frozen=True, slots=True)
class Payment:
    """What a payment makes of a member and a claim, and the transaction that it is."""

    member: Member
    claim: Claim
    transaction: Transaction


def pay(member: Member, claim: Claim, payout_id: str, transaction_id: str, now: datetime) -> Payment:
    """Pay a claim of this member. Raises Refusal where it is not approved."""
    paid = claims.pay(claim, payout_id, transaction_id, now)
    payout = paid.settlement.payout
    transaction = Transaction(transaction_id, member.user_id, wallet.Kind.PAYOUT, payout, now, claim.id)
    member = wallet.book(coverage.use(member, payout), transaction)
    return Payment(restriction.restrict(member, now), paid, transaction)
