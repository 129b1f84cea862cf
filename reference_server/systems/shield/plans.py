"""The plans: what each covers in a year, and what it costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ...accounts.account import Tier


class Plan(StrEnum):
    """A plan; the order of the members is the order of the plans."""

    BASIC = "basic"
    PRO = "pro"
    PROFESSIONAL = "professional"

    def above(self, other: "Plan") -> bool:
        """Whether this plan covers more than the other one."""
        order = list(Plan)
        return order.index(self) > order.index(other)


class Billing(StrEnum):
    """How often a plan is paid for."""

    MONTHLY = "monthly"
    ANNUAL = "annual"

    @property
    def months(self) -> int:
        """The length of a billing period."""
        return 12 if self is Billing.ANNUAL else 1


@dataclass(frozen=True, slots=True)
class Terms:
    """What a plan covers in a year (cents and tickets), and its price a month (cents)."""

    cap: int
    tickets: int
    monthly: int

    def price(self, billing: Billing) -> int:
        """What one billing period costs, in cents: a year costs ten months."""
        return self.monthly * 10 if billing is Billing.ANNUAL else self.monthly


TERMS: Final[Mapping[Plan, Terms]] = {
    Plan.BASIC: Terms(cap=1_000_00, tickets=20, monthly=9_99),
    Plan.PRO: Terms(cap=2_500_00, tickets=50, monthly=19_99),
    Plan.PROFESSIONAL: Terms(cap=1_000_000_00, tickets=100_000, monthly=49_99),
}

OF_TIER: Final[Mapping[Tier, Plan]] = {
    Tier.FREE: Plan.BASIC,
    Tier.BASIC: Plan.PRO,
    Tier.PREMIUM: Plan.PROFESSIONAL,
}
"""The plan that an account begins with."""

BILLED: Final[Mapping[Tier, Billing]] = {
    Tier.FREE: Billing.MONTHLY,
    Tier.BASIC: Billing.MONTHLY,
    Tier.PREMIUM: Billing.ANNUAL,
}
"""How it is paid for at first."""
