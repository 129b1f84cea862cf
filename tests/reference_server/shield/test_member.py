"""Subscriptions, coverage, the wallet and the restriction, as time passes."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference_server.accounts.account import Tier
from reference_server.refusals import Refusal
from reference_server.systems.shield import claims, coverage, member, restriction, wallet
from reference_server.systems.shield.due import Due, Kind, due, is_due, renewal
from reference_server.systems.shield.member import Member, Subscription
from reference_server.systems.shield.payment import Payment, pay
from reference_server.systems.shield.plans import TERMS, Billing, Plan
from reference_server.systems.shield.wallet import Transaction, Withdrawal
from tests.reference_server.shield.samples import NOW, a_claim, a_member

INACTIVE = [status for status in Subscription if status is not Subscription.ACTIVE]


def _day(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T12:00:00+00:00")


def _refused(code: str) -> pytest.RaisesExc[Refusal]:
    return pytest.RaisesExc(Refusal, check=lambda refusal: refusal.code == code)


def _paid(start: Member, amount: int = 175_00, now: datetime = NOW) -> Payment:
    approved = claims.approve(a_claim(amount), None, now)
    return pay(coverage.reserve(start, approved.settlement.payout), approved, "pay_1", "txn_1", now)


# How it begins.


@pytest.mark.parametrize(
    ("tier", "plan", "billing", "renews"),
    [
        (Tier.FREE, Plan.BASIC, Billing.MONTHLY, "2026-02-28"),
        (Tier.BASIC, Plan.PRO, Billing.MONTHLY, "2026-02-28"),
        (Tier.PREMIUM, Plan.PROFESSIONAL, Billing.ANNUAL, "2027-01-31"),
    ],
)
def test_a_member_begins_active_on_the_plan_of_the_tier_and_pays_as_that_is_paid(
    tier: Tier, plan: Plan, billing: Billing, renews: str
) -> None:
    new = a_member(tier)
    assert (new.plan, new.status, new.billing, new.balance) == (plan, Subscription.ACTIVE, billing, 0)
    assert (new.started_at, new.renews_at) == (NOW, _day(renews))
    assert (new.covered_from, new.covered_until) == (NOW, _day("2027-01-31"))
    assert new.restricted_until is None


def test_a_year_costs_ten_months() -> None:
    assert [(terms.price(Billing.MONTHLY), terms.price(Billing.ANNUAL)) for terms in TERMS.values()] == [
        (9_99, 99_90),
        (19_99, 199_90),
        (49_99, 499_90),
    ]


# Time.


def _fallen(start: Member, until: datetime) -> list[tuple[Kind, datetime]]:
    return [(each.kind, each.at) for each in due(start, until)[1]]


def test_nothing_falls_due_before_its_time() -> None:
    new = a_member()
    assert due(new, _day("2026-02-28") - timedelta(milliseconds=1)) == (new, [])
    assert not is_due(new, _day("2026-02-28") - timedelta(milliseconds=1))
    assert is_due(new, _day("2026-02-28"))


def test_a_subscription_of_the_31st_is_renewed_on_the_last_day_of_shorter_months() -> None:
    assert _fallen(a_member(), _day("2026-05-31")) == [
        (Kind.RENEWAL, _day("2026-02-28")),
        (Kind.RENEWAL, _day("2026-03-31")),
        (Kind.RENEWAL, _day("2026-04-30")),
        (Kind.RENEWAL, _day("2026-05-31")),
    ]


def test_the_anniversary_resets_the_coverage_after_the_renewal() -> None:
    used = replace(a_member(), used=300_00, tickets=2, reserved=50_00, reserved_tickets=1)
    after, fallen = due(used, _day("2027-01-31"))
    assert [each.kind for each in fallen] == [Kind.RENEWAL] * 12 + [Kind.RESET]
    assert (after.used, after.tickets) == (0, 0)
    assert (after.reserved, after.reserved_tickets) == (50_00, 1), "what was approved is still to be paid"
    assert (after.covered_from, after.covered_until) == (_day("2027-01-31"), _day("2028-01-31"))
    assert fallen[10].member.used == 300_00
    assert fallen[11].member == fallen[12].member == after


def test_what_is_paid_annually_is_renewed_and_reset_on_one_day() -> None:
    annual = replace(a_member(), billing=Billing.ANNUAL, renews_at=_day("2027-01-31"))
    assert _fallen(annual, _day("2028-06-01")) == [
        (Kind.RENEWAL, _day("2027-01-31")),
        (Kind.RESET, _day("2027-01-31")),
        (Kind.RENEWAL, _day("2028-01-31")),
        (Kind.RESET, _day("2028-01-31")),
    ]


def test_the_anniversary_of_a_leap_day_is_the_28th_until_the_next_leap_year() -> None:
    start = datetime(2024, 2, 29, 12, tzinfo=UTC)
    after, fallen = due(a_member(now=start), _day("2028-02-29"))
    assert [each.at for each in fallen if each.kind is Kind.RESET] == [
        _day("2025-02-28"),
        _day("2026-02-28"),
        _day("2027-02-28"),
        _day("2028-02-29"),
    ]
    assert after.covered_until == _day("2029-02-28")


@pytest.mark.parametrize("status", INACTIVE)
def test_what_is_not_active_is_not_renewed_and_not_made_up_for_later(status: Subscription) -> None:
    lapsed = replace(a_member(), status=status)
    after, fallen = due(lapsed, _day("2027-02-01"))
    assert [(each.kind, each.at) for each in fallen] == [(Kind.RESET, _day("2027-01-31"))]
    assert after.renews_at == _day("2027-02-28")
    assert due(replace(after, status=Subscription.ACTIVE), _day("2027-02-02"))[1] == []


def test_a_renewal_ahead_of_its_time_moves_the_next_date_on_from_the_one_that_was_due() -> None:
    first = member.renew(a_member())
    assert first.renews_at == _day("2026-03-31")
    assert member.renew(first).renews_at == _day("2026-04-30")


def test_twelve_renewals_meet_the_anniversary_and_reset_the_coverage() -> None:
    renewed = replace(a_member(), used=1)
    for _ in range(11):
        assert [each.kind for each in renewal(renewed, NOW)] == [Kind.RENEWAL]
        renewed = member.renew(renewed)
    assert renewed.used == 1
    assert [each.kind for each in renewal(renewed, NOW)] == [Kind.RENEWAL, Kind.RESET]
    assert member.renew(renewed).used == 0


@pytest.mark.parametrize("status", INACTIVE)
def test_only_what_is_active_can_be_renewed_or_cancelled(status: Subscription) -> None:
    inactive = replace(a_member(), status=status)
    with _refused("subscription_not_active"):
        member.renew(inactive)
    with _refused("subscription_not_active"):
        member.cancel(inactive, NOW)


@given(st.integers(0, 2000), st.integers(0, 2000))
def test_time_that_passes_in_two_steps_brings_what_it_brings_in_one(first: int, second: int) -> None:
    start = _paid(a_member()).member
    until = NOW + timedelta(days=first + second)
    at_once = due(start, until)
    between, early = due(start, NOW + timedelta(days=first))
    after, late = due(between, until)
    assert (after, [*early, *late]) == at_once
    times = [each.at for each in at_once[1]]
    assert times == sorted(times)
    assert all(time <= until for time in times)
    assert not is_due(after, until)


def test_a_members_clock_is_ahead_by_the_days_that_have_passed() -> None:
    ahead = member.advance(member.advance(a_member(), 90), 1)
    assert ahead.time(NOW) == NOW + timedelta(days=91)


@pytest.mark.parametrize("days", [36_501, 36_500 * 1000, -1])
def test_a_clock_runs_neither_back_nor_out_of_the_calendar(days: int) -> None:
    with _refused("invalid_input"):
        member.advance(a_member(), days)
    furthest = member.advance(a_member(), 36_500)
    assert due(furthest, furthest.time(NOW))[0].covered_until > furthest.time(NOW)


# The restriction.


def test_after_a_payout_it_cannot_be_cancelled_for_90_days() -> None:
    restricted = _paid(a_member()).member
    end = NOW + timedelta(days=90)
    assert (restricted.last_payout_at, restricted.restricted_until) == (NOW, end)
    with _refused("cancellation_restricted"):
        member.cancel(restricted, end - timedelta(milliseconds=1))
    assert member.cancel(restricted, end).status is Subscription.CANCELLED


def test_the_restriction_ends_once_in_its_place_among_the_renewals() -> None:
    restricted = _paid(a_member()).member
    assert _fallen(restricted, _day("2026-06-01")) == [
        (Kind.RENEWAL, _day("2026-02-28")),
        (Kind.RENEWAL, _day("2026-03-31")),
        (Kind.RENEWAL, _day("2026-04-30")),
        (Kind.RELEASE, NOW + timedelta(days=90)),
        (Kind.RENEWAL, _day("2026-05-31")),
    ]
    free = due(restricted, _day("2026-06-01"))[0]
    assert (free.restricted_until, free.last_payout_at) == (None, NOW)


def test_what_ends_on_a_billing_date_ends_after_the_renewal() -> None:
    restricted = replace(a_member(), restricted_until=_day("2026-02-28"))
    assert [kind for kind, _ in _fallen(restricted, _day("2026-02-28"))] == [Kind.RENEWAL, Kind.RELEASE]


def test_another_payout_begins_the_90_days_anew() -> None:
    later = NOW + timedelta(days=20)
    assert restriction.restrict(_paid(a_member()).member, later).restricted_until == later + timedelta(days=90)


# Plans and coverage.


@pytest.mark.parametrize("before", list(Plan))
@pytest.mark.parametrize("after", list(Plan))
def test_a_plan_can_be_changed_for_a_higher_one_alone(before: Plan, after: Plan) -> None:
    start = replace(a_member(), plan=before, used=300_00, tickets=2)
    if list(Plan).index(after) > list(Plan).index(before):
        upgraded = member.upgrade(start, after)
        assert (upgraded.plan, upgraded.used, upgraded.tickets) == (after, 300_00, 2)
    else:
        with _refused("not_an_upgrade"):
            member.upgrade(start, after)


def test_what_is_approved_is_covered_when_it_is_paid() -> None:
    start = a_member()
    reserved = coverage.reserve(start, start.terms.cap)
    with _refused("coverage_exhausted"):
        coverage.reserve(reserved, 1)
    assert coverage.left(reserved).amount == 0
    used = coverage.use(reserved, start.terms.cap)
    assert (used.used, used.tickets, used.reserved, used.reserved_tickets) == (start.terms.cap, 1, 0, 0)
    with _refused("coverage_exhausted"):
        coverage.reserve(used, 1)


def test_the_number_of_tickets_is_limited_too() -> None:
    full = replace(a_member(), tickets=19)
    reserved = coverage.reserve(full, 0)
    with _refused("coverage_exhausted"):
        coverage.reserve(reserved, 0)
    assert coverage.reserve(member.upgrade(reserved, Plan.PRO), 0).reserved_tickets == 2


@given(st.lists(st.integers(1, 60_000), max_size=40))
def test_coverage_is_never_overdrawn_however_claims_come(amounts: list[int]) -> None:
    holder = a_member()
    for amount in amounts:
        with suppress(Refusal):
            holder = _paid(holder, amount).member
        left = coverage.left(holder)
        assert min(left.amount, left.tickets, holder.reserved, holder.reserved_tickets) >= 0
        assert holder.used + left.amount == holder.terms.cap


# The wallet.


def test_a_payment_is_one_transaction_of_the_payout_that_the_approval_named() -> None:
    approved = claims.approve(a_claim(100_29), None, NOW)
    payment = _paid(a_member(), 100_29)
    assert payment.transaction.amount == payment.member.balance == approved.settlement.payout == 67_76
    assert payment.claim.transaction_id == payment.transaction.id
    assert (payment.member.used, payment.member.tickets) == (67_76, 1)


def test_no_more_can_be_withdrawn_than_the_wallet_holds() -> None:
    holder = replace(a_member(), balance=100_00)
    wallet.check_covered(holder, 100_00)
    with _refused("insufficient_balance"):
        wallet.check_covered(holder, 100_01)


def _withdrawal(status: wallet.Status = wallet.Status.PENDING) -> Withdrawal:
    return Withdrawal("wdr_1", "usr_1", 40_00, "6789", status, NOW)


def test_a_withdrawal_is_decided_once() -> None:
    for first in (wallet.Status.COMPLETED, wallet.Status.FAILED):
        decided = wallet.decide(_withdrawal(), first, None, NOW)
        assert (decided.status, decided.decided_at) == (first, NOW)
        for second in (wallet.Status.COMPLETED, wallet.Status.FAILED):
            with _refused("withdrawal_decided"):
                wallet.decide(decided, second, None, NOW)


def test_a_failure_has_a_reason_and_a_success_has_none() -> None:
    assert (
        wallet.decide(_withdrawal(), wallet.Status.FAILED, "Closed account.", NOW).failure_reason == "Closed account."
    )
    assert wallet.decide(_withdrawal(), wallet.Status.FAILED, None, NOW).failure_reason
    assert wallet.decide(_withdrawal(), wallet.Status.COMPLETED, "Ignored.", NOW).failure_reason is None


@given(st.lists(st.integers(-(10**9), 10**9)))
def test_a_balance_is_the_sum_of_its_transactions(amounts: list[int]) -> None:
    holder = a_member()
    for number, amount in enumerate(amounts):
        holder = wallet.book(holder, Transaction(f"txn_{number}", "usr_1", wallet.Kind.PAYOUT, amount, NOW))
    assert holder.balance == sum(amounts)


def test_what_fell_due_is_told_with_the_member_after_it() -> None:
    _, fallen = due(a_member(), _day("2026-03-31"))
    assert [(type(each), each.member.renews_at) for each in fallen] == [
        (Due, _day("2026-03-31")),
        (Due, _day("2026-04-30")),
    ]
