"""A member: an account's subscription, coverage, wallet and standing in Shield."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from ...accounts.account import Tier
from ...refusals import Refusal
from .plans import BILLED, OF_TIER, TERMS, Billing, Plan, Terms
from .times import following, months_after, whole

YEAR: Final = 12
"""Months from one anniversary to the next."""
LONGEST_ADVANCE: Final = 100 * 365
"""Days by which a member's clock may be ahead in all."""


class Subscription(StrEnum):
    """What a subscription is at the moment."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    CANCELLED = "cancelled"
    PAST_DUE = "past_due"


@dataclass(frozen=True, slots=True)
class Member:
    """A member as the store has it; amounts in cents.

    `reserved` and `reserved_tickets` are claims that were approved and not yet paid: what is approved is covered.
    """

    user_id: str
    subscription_id: str
    plan: Plan
    billing: Billing
    status: Subscription
    started_at: datetime
    renews_at: datetime
    covered_from: datetime
    covered_until: datetime
    used: int = 0
    tickets: int = 0
    reserved: int = 0
    reserved_tickets: int = 0
    balance: int = 0
    unread: int = 0
    """How many of the notifications have not been read."""
    last_payout_at: datetime | None = None
    restricted_until: datetime | None = None
    """Until when it cannot be cancelled; None where it can."""
    clock_days: int = 0
    """By how many days the member's clock is ahead of ours: a test lets time pass."""

    @property
    def terms(self) -> Terms:
        """What the plan covers and costs."""
        return TERMS[self.plan]

    @property
    def is_active(self) -> bool:
        """Whether the subscription is in force."""
        return self.status is Subscription.ACTIVE

    def time(self, now: datetime) -> datetime:
        """What the member's clock shows."""
        return whole(now) + timedelta(days=self.clock_days)


def begin(user_id: str, tier: Tier, subscription_id: str, now: datetime) -> Member:
    """A new member: active, on the plan of the account's tier and paid as that is, with an empty wallet."""
    now, billing = whole(now), BILLED[tier]
    return Member(
        user_id=user_id,
        subscription_id=subscription_id,
        plan=OF_TIER[tier],
        billing=billing,
        status=Subscription.ACTIVE,
        started_at=now,
        renews_at=months_after(now, billing.months),
        covered_from=now,
        covered_until=months_after(now, YEAR),
    )


def advance(member: Member, days: int) -> Member:
    """The member, so many days of whose time have passed. Raises Refusal."""
    if not 0 <= member.clock_days + days <= LONGEST_ADVANCE:
        raise Refusal(
            "invalid_input", f"In days, {days} more would be over {LONGEST_ADVANCE} in all: let less time pass."
        )
    return replace(member, clock_days=member.clock_days + days)


def cancel(member: Member, now: datetime) -> Member:
    """The member, who ends the subscription. Raises Refusal."""
    if not member.is_active:
        raise not_active(member)
    if member.restricted_until is not None and now < member.restricted_until:
        end = member.restricted_until.date().isoformat()
        raise Refusal(
            "cancellation_restricted",
            f"After a payout the subscription cannot be cancelled for 90 days: try again on {end}.",
        )
    return replace(member, status=Subscription.CANCELLED)


def upgrade(member: Member, plan: Plan) -> Member:
    """The member on a higher plan; what was used of the coverage stays used. Raises Refusal."""
    if not plan.above(member.plan):
        raise Refusal(
            "not_an_upgrade", f"The plan {plan.value} is not above {member.plan.value}: choose one that covers more."
        )
    return replace(member, plan=plan)


def renew(member: Member) -> Member:
    """The member, whose next billing period is paid for. Raises Refusal."""
    if not member.is_active:
        raise not_active(member)
    return turn_period(member)


def turn_period(member: Member) -> Member:
    """The member in the next billing period, and in the next year of coverage where the anniversary was due."""
    due = member.renews_at
    member = replace(member, renews_at=following(member.started_at, due, member.billing.months))
    if due < member.covered_until:
        return member
    until = following(member.started_at, member.covered_until, YEAR)
    return replace(member, used=0, tickets=0, covered_from=member.covered_until, covered_until=until)


def not_active(member: Member) -> Refusal:
    """The refusal of what only an active subscription can do."""
    status = member.status.value.replace("_", " ")
    return Refusal("subscription_not_active", f"The subscription is {status}: activate it first.")
