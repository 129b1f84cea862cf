"""What is in a user's wallet, and what leaves it."""

from decimal import Decimal, InvalidOperation
from typing import Any

from eventproof.conform.cases import Answer, Case, NotTestable, Person

from .claims import brought_to
from .reading import answered, money

__all__ = ["balance_in", "balance_of", "decide", "fill_up", "withdraw"]


async def balance_of(owner: Person) -> Decimal:
    """The balance in dollars, by REST."""
    return balance_in((await owner.call("getWallet")).must_succeed())


def balance_in(answer: Answer) -> Decimal:
    """The balance that getWallet gives, as a number or as text."""
    shown = answered(answer, "balance")
    try:
        return money(float(shown))
    except (TypeError, ValueError, InvalidOperation):
        raise NotTestable(
            f"getWallet gives {shown!r} as the balance, which is no number: see answers.balance"
        ) from None


async def fill_up(case: Case, owner: Person, amount: float) -> None:
    """See to it that the wallet holds as much, by a payout where it does not."""
    if await balance_of(owner) < money(amount):
        await brought_to(case, owner, "paid")


async def withdraw(owner: Person, amount: float) -> str:
    """Ask for a withdrawal; its id as events write it."""
    answer = await owner.call("requestWithdrawal", amount=amount, bankAccountLastFour="6789")
    return str(answered(answer.must_succeed(), "withdrawalId"))


async def decide(case: Case, owner: Person, withdrawal: str, outcome: str) -> Answer:
    """Let a withdrawal be completed, or fail."""
    reason: dict[str, Any] = {"failureReason": "The bank refused the account."} if outcome == "failed" else {}
    answer = await case.admin.call(
        "decideWithdrawal", userId=owner.id, withdrawalId=withdrawal, outcome=outcome, **reason
    )
    return answer.must_succeed()
