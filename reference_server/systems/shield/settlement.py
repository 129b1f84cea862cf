"""What a claim pays: the amount of its ticket without the deductible and without the member's share of the rest."""

from dataclasses import dataclass
from typing import Final

from . import money

DEDUCTIBLE: Final = 25_00
CO_PAY: Final = 10
"""Percent of what is left after the deductible."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a claim's amount is shared, in cents; the three parts make up the amount."""

    deductible: int
    co_pay: int
    payout: int


def settle(amount: int) -> Settlement:
    """Share an amount of cents: `payoutAmount` = amount - `deductibleApplied` - `memberCoPay`."""
    deductible = min(DEDUCTIBLE, amount)
    co_pay = money.percent(CO_PAY, amount - deductible)
    return Settlement(deductible, co_pay, amount - deductible - co_pay)
