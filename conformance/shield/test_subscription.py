"""The subscription's changes are told: its status, its renewals, what its plan covers."""

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final

import pytest

from eventproof.conform.cases import (
    Answer,
    Case,
    ContractViolation,
    Inconclusive,
    NotApplicable,
    Person,
    Received,
    capability,
    requirement,
)

from .claims import brought_to
from .clock import advance
from .reading import answered, answered_day, data, day, fresh, money, said

PLANS: Final = ("basic", "pro", "professional")
_A_YEAR: Final = 366
MOST_ASKED: Final = 24
"""So many users are asked at most how they are billed."""


async def _subscription(user: Person, name: str) -> Any:
    """What getSubscription says by this name."""
    return answered((await user.call("getSubscription")).must_succeed(), name)


async def _due(user: Person) -> date:
    """When getSubscription says that the next renewal is."""
    return answered_day((await user.call("getSubscription")).must_succeed(), "nextRenewalDate")


async def _set_status(case: Case, user: Person, status: str) -> Answer:
    answer = await case.admin.call("setSubscriptionStatus", userId=user.id, status=status, reason="payment_failed")
    return answer.must_succeed()


@requirement("SHD-SUB-1")
async def test_a_change_of_status_is_told_with_both_statuses(case: Case) -> None:
    user = await case.user()
    line = await user.connect(acknowledges=True)
    await _set_status(case, user, "active")
    await case.canary(user)
    before, since = "active", case.now
    for status in ("past_due", "inactive", "cancelled", "active"):
        await _set_status(case, user, status)
        _must_tell(await line.hears("subscription_status_changed", _to(status, since)), before)
        before = status


@requirement("SHD-SUB-1")
async def test_a_user_who_cancels_is_told(case: Case) -> None:
    """A payout forbids it for months; where that cannot be waited for, another case has to do."""
    user = await case.user()
    line = await user.connect(acknowledges=True)
    await _set_status(case, user, "active")
    if await _subscription(user, "canCancel") is False:
        if "clock" not in case.target.capabilities:
            raise NotApplicable("a payout forbids this user to cancel")
        await advance(case, user, case.budgets.restriction_days + 1)
    await case.canary(user)
    since = case.now
    (await user.call("cancelSubscription")).must_succeed()
    _must_tell(await line.hears("subscription_status_changed", _to("cancelled", since)), "active")


def _to(status: str, since: float) -> Callable[[Received], bool]:
    return lambda heard: heard.at >= since and data(heard).get("newStatus") == status


def _must_tell(told: Received, before: str) -> None:
    if said(told, "/previousStatus") != before:
        raise ContractViolation(
            "`subscription_status_changed` gives another status than there was before",
            expected=f"previousStatus {before}",
            observed=f"previousStatus {said(told, '/previousStatus')}",
        )


async def _billed(case: Case, period: str) -> Person:
    """A user who is billed for this period, by what getSubscription says; raises NotApplicable where none is found."""
    told = set()
    for _ in range(min(MOST_ASKED, len(case.target.users))):
        user = await case.user()
        found = (await user.call("getSubscription")).must_succeed().says("billingPeriod")
        if found == period:
            return user
        told.add("nothing at answers.billingPeriod" if found is None else str(found))
    raise NotApplicable(f"getSubscription gives none of {MOST_ASKED} users as {period}, but {', '.join(sorted(told))}")


@requirement("SHD-SUB-2")
@pytest.mark.parametrize("period", ["monthly", "annual"])
async def test_a_renewal_moves_the_next_date_by_one_billing_period(case: Case, period: str) -> None:
    user = await _billed(case, period)
    line = await user.connect(acknowledges=True)
    await _set_status(case, user, "active")
    await case.canary(user)
    due = await _due(user)
    for _ in range(2):
        since = case.now
        (await case.admin.call("renewSubscription", userId=user.id)).must_succeed()
        renewed = await line.hears("subscription_renewed", _after(since))
        _must_follow(due, renewed)
        due = day(said(renewed, "/nextRenewalDate"))


def _after(since: float) -> Callable[[Received], bool]:
    return lambda heard: heard.at >= since


def _must_follow(due: date, renewed: Received) -> None:
    """One billing period later than the date that was due."""
    period, found = said(renewed, "/billingPeriod"), said(renewed, "/nextRenewalDate")
    first, last = _one_later(due, 12 if period == "annual" else 1)
    if not first <= day(found) <= last:
        raise ContractViolation(
            f"a renewal does not move the next date by one billing period ({period})",
            expected=f"nextRenewalDate {first}, since {due} was due",
            observed=f"nextRenewalDate {found}",
        )


def _one_later(due: date, months: int) -> tuple[date, date]:
    """The same day so many months later, clipped to the month's end; from a month's end on also any day after that.

    What was due on the last day of a month may have been meant for a later day, which only that month does not have.
    """
    year, month = divmod(due.year * 12 + due.month - 1 + months, 12)
    length = calendar.monthrange(year, month + 1)[1]
    is_last = due.day == calendar.monthrange(due.year, due.month)[1]
    first = date(year, month + 1, min(due.day, length))
    return first, date(year, month + 1, length) if is_last else first


@capability("clock")
@requirement("SHD-SUB-2")
@pytest.mark.parametrize("period", ["monthly", "annual"])
async def test_what_is_covered_is_reset_on_the_anniversary(case: Case, period: str) -> None:
    user = await _billed(case, period)
    line = await user.connect(acknowledges=True)
    await _set_status(case, user, "active")
    if not await _subscription(user, "ticketsUsed"):
        await brought_to(case, user, "paid")
    await case.canary(user)
    due, since = await _due(user), case.now
    # An early renewal moves what is due beyond a year.
    days = max(_A_YEAR, (due - datetime.now(UTC).date()).days + 2)
    await advance(case, user, days)
    is_reset = _because_of("period_reset", since)
    _must_be_unused(await line.hears("coverage_updated", is_reset))
    await case.canary(user)
    passed = fresh(line, since)
    renewals = [event for event in passed if event.name == "subscription_renewed"]
    if not renewals:
        raise ContractViolation("a year passed without a renewal", expected="`subscription_renewed`", observed="none")
    for renewed in renewals:
        _must_follow(due, renewed)
        due = day(said(renewed, "/nextRenewalDate"))
    resets = [event for event in passed if event.name == "coverage_updated" and is_reset(event)]
    if len(resets) > days // 365 + 1:
        raise ContractViolation(
            f"what is covered was reset more than once a year in {days} days",
            expected="one reset a year, and one more where the first day was an anniversary",
            observed=f"{len(resets)} resets",
        )


def _because_of(reason: str, since: float) -> Callable[[Received], bool]:
    return lambda heard: heard.at >= since and data(heard).get("changeReason") == reason


def _must_be_unused(reset: Received) -> None:
    used, left, cap = (
        money(said(reset, f"/coverage/{name}")) for name in ("usedAmount", "remainingAmount", "annualCap")
    )
    tickets = said(reset, "/coverage/ticketsUsed")
    if used or tickets or left != cap:
        raise ContractViolation(
            "what is covered was not reset on the anniversary",
            expected=f"usedAmount 0, ticketsUsed 0, remainingAmount {cap:f}",
            observed=f"usedAmount {used:f}, ticketsUsed {tickets}, remainingAmount {left:f}",
        )


@requirement("SHD-SUB-2")
async def test_a_larger_plan_is_told_with_what_it_covers(case: Case) -> None:
    user, plan = await _upgradable(case)
    line = await user.connect(acknowledges=True)
    await case.canary(user)
    since = case.now
    (await user.call("upgradePlan", planId=plan)).must_succeed()
    updated = await line.hears("coverage_updated", _because_of("plan_upgrade", since))
    if said(updated, "/coverage/planId") != plan:
        raise ContractViolation(
            "`coverage_updated` after an upgrade gives another plan",
            expected=f"planId {plan}",
            observed=f"planId {said(updated, '/coverage/planId')}",
        )


async def _upgradable(case: Case) -> tuple[Person, str]:
    """A user, and the next larger plan. An upgrade is never taken back, so some of them have the largest."""
    for _ in case.target.users:
        user = await case.user()
        plan = await _subscription(user, "planId")
        if plan in PLANS[:-1]:
            await _set_status(case, user, "active")
            return user, PLANS[PLANS.index(plan) + 1]
    raise Inconclusive("every user has the largest plan: lend one with a smaller plan, under [[identities.users]]")
