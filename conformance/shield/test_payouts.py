"""A payout tells of itself, of what is still covered, of how long nobody can cancel; a withdrawal, of its end."""

from datetime import timedelta

import pytest

from eventproof.conform.cases import Case, ContractViolation, Line, Person, Received, capability, requirement

from .claims import Claim, approve, brought_to, pay, submit
from .clock import advance
from .reading import about, answered_count, data, day, moment, money, said
from .wallet import balance_of, decide, fill_up, withdraw


async def _paid(case: Case) -> tuple[Line, Claim]:
    """A claim that was just paid, and a connection of its owner that was there."""
    owner = await case.user()
    line = await owner.connect(acknowledges=True)
    return line, await brought_to(case, owner, "paid")


def _must_agree(what: str, *values: tuple[Received, str]) -> None:
    """The same stands at all of these places: the pointers into the data of events."""
    (first, place), *others = values
    for event, pointer in others:
        if said(event, pointer) != said(first, place):
            raise ContractViolation(
                f"`{first.name}` and `{event.name}` of one payout give different {what}",
                expected=f"{pointer} {said(first, place)}, as in `{first.name}`",
                observed=f"{pointer} {said(event, pointer)}",
            )


@requirement("SHD-PAY-1")
async def test_a_payout_is_initiated_then_completed_and_the_claim_paid(case: Case) -> None:
    line, claim = await _paid(case)
    initiated, completed, paid = [
        await line.hears(name, about(claim)) for name in ("payout_initiated", "payout_completed", "claim_paid")
    ]
    for later in (completed, paid):
        if later.order < initiated.order:
            raise ContractViolation(
                f"`{later.name}` came before `payout_initiated`",
                expected=f"`payout_initiated`, then `{later.name}`",
                observed=f"`{later.name}`, then `payout_initiated`",
            )
    for event, status in ((initiated, "pending"), (completed, "completed")):
        if said(event, "/status") != status:
            raise ContractViolation(
                f"`{event.name}` gives another status", expected=status, observed=str(said(event, "/status"))
            )
    begun, estimate = said(initiated, "/initiatedAt"), said(initiated, "/estimatedCompletionAt")
    if moment(estimate) < moment(begun):
        raise ContractViolation(
            "a payout is to be complete before it was initiated", expected=f"not before {begun}", observed=str(estimate)
        )
    _must_agree("payouts", (initiated, "/payoutId"), (completed, "/payoutId"))
    _must_agree("transactions", (completed, "/transactionId"), (paid, "/transactionId"))
    _must_agree("amounts", (paid, "/payoutAmount"), (initiated, "/amount"), (completed, "/amount"))
    _must_agree("balances", (paid, "/walletBalance"), (completed, "/newWalletBalance"))


@requirement("SHD-PAY-2")
async def test_every_payout_uses_up_what_is_covered(case: Case) -> None:
    """A member's second as well as the first."""
    owner = await case.user()
    line = await owner.connect(acknowledges=True)
    used = answered_count((await owner.call("getSubscription")).must_succeed(), "ticketsUsed")
    for number, payout in enumerate(("the first of two payouts", "the second of two payouts"), 1):
        claim = await brought_to(case, owner, "paid")
        try:
            updated = await line.hears("coverage_updated", about(claim))
        except ContractViolation as missing:
            raise ContractViolation(
                f"`coverage_updated` did not arrive on {line.name} after {payout} of one member",
                expected=f"`coverage_updated` of the claim {claim.id} within {case.budgets.event_arrival:g} s",
                observed=missing.observed,
            ) from missing
        _must_use_up(updated, used + number, payout)


def _must_use_up(updated: Received, tickets: int, payout: str) -> None:
    """What is covered after a payout, with so many tickets used by then."""
    if said(updated, "/changeReason") != "claim_payout":
        raise ContractViolation(
            f"`coverage_updated` with the id of a paid claim gives another reason after {payout}",
            expected="changeReason claim_payout",
            observed=f"changeReason {said(updated, '/changeReason')}",
        )
    taken, left, cap = (
        money(said(updated, f"/coverage/{name}")) for name in ("usedAmount", "remainingAmount", "annualCap")
    )
    if taken + left != cap:
        raise ContractViolation(
            f"what is used and what remains are not what the plan covers after {payout}",
            expected=f"usedAmount + remainingAmount = annualCap {cap:f}",
            observed=f"{taken:f} + {left:f} = {taken + left:f}",
        )
    if said(updated, "/coverage/ticketsUsed") != tickets:
        raise ContractViolation(
            f"the tickets used did not grow by one with {payout}",
            expected=f"ticketsUsed {tickets}, after {tickets - 1}",
            observed=f"ticketsUsed {said(updated, '/coverage/ticketsUsed')}",
        )


@requirement("SHD-PAY-3")
async def test_a_payout_forbids_to_cancel_for_the_days_given(case: Case) -> None:
    owner = await case.user()
    line = await owner.connect(acknowledges=True)
    claim = await _approved(case, owner, line)
    since = case.now
    await pay(case, claim)
    restricted = await line.hears("cancellation_restriction_changed", lambda heard: heard.at >= since)
    paid = await line.awaits("claim_paid", about(claim))
    for name, expected in (("canCancel", False), ("reason", "payout_received")):
        if said(restricted, f"/{name}") != expected:
            raise ContractViolation(
                f"`cancellation_restriction_changed` after a payout gives another {name}",
                expected=f"{name} {expected}",
                observed=f"{name} {said(restricted, f'/{name}')}",
            )
    _must_last(case.budgets.restriction_days, restricted, paid)


def _must_last(days: int, restricted: Received, paid: Received) -> None:
    """From the day of the payout to the last of the restriction; a server may give either as a date or as a time."""
    paid_on, told = said(paid, "/payoutTimestamp"), data(restricted).get("lastPayoutDate")
    if told is not None and abs(day(told) - day(paid_on)) > timedelta(days=1):
        raise ContractViolation(
            "`cancellation_restriction_changed` gives another day for the payout than `claim_paid`",
            expected=f"lastPayoutDate {day(paid_on)}",
            observed=f"lastPayoutDate {told}",
        )
    begin, end = day(told or paid_on), said(restricted, "/restrictionEndDate")
    if day(end) - begin != timedelta(days=days):
        raise ContractViolation(
            f"the restriction does not end {days} days after the payout",
            expected=f"restrictionEndDate {begin + timedelta(days=days)}, after the payout on {begin}",
            observed=f"restrictionEndDate {end}, which is {(day(end) - begin).days} days after it",
        )


async def _approved(case: Case, owner: Person, line: Line) -> Claim:
    """An approved claim, when all that was sent before has arrived."""
    claim = await submit(case, owner)
    await approve(case, claim)
    await line.awaits("claim_approved", about(claim))
    await case.canary(owner)
    return claim


@capability("clock")
@requirement("SHD-PAY-3")
async def test_the_restriction_expires_when_its_days_have_passed_and_not_before(case: Case) -> None:
    owner = await case.user()
    line = await owner.connect(acknowledges=True)
    await brought_to(case, owner, "paid")
    await case.canary(owner)
    since = case.now

    def is_expired(heard: Received) -> bool:
        return heard.at >= since and data(heard).get("reason") == "restriction_expired"

    await advance(case, owner, case.budgets.restriction_days - 1)
    await case.canary(owner)
    if line.heard("cancellation_restriction_changed", is_expired):
        raise ContractViolation(
            "the restriction expired a day early",
            expected=f"`cancellation_restriction_changed` {case.budgets.restriction_days} days after the payout",
            observed=f"it came {case.budgets.restriction_days - 1} days after it",
        )
    await advance(case, owner, 2)
    expired = await line.hears("cancellation_restriction_changed", is_expired)
    if said(expired, "/canCancel") is not True:
        raise ContractViolation(
            "the restriction has expired, and the subscription still cannot be cancelled",
            expected="canCancel true",
            observed=f"canCancel {said(expired, '/canCancel')}",
        )


_WITHDRAWN = 5.0
"""Dollars; the smallest payout is more."""


@requirement("SHD-PAY-4")
@pytest.mark.parametrize("outcome", ["completed", "failed"])
async def test_the_end_of_a_withdrawal_is_told_with_the_balance(case: Case, outcome: str) -> None:
    owner = await case.user()
    line = await owner.connect(acknowledges=True)
    await fill_up(case, owner, _WITHDRAWN)
    before = await balance_of(owner)
    withdrawal = await withdraw(owner, _WITHDRAWN)
    await decide(case, owner, withdrawal, outcome)
    told = await line.hears(
        "withdrawal_status_changed", lambda heard: str(data(heard).get("withdrawalId")) == withdrawal
    )
    if said(told, "/newStatus") != outcome:
        raise ContractViolation(
            "a withdrawal ended otherwise than its event tells",
            expected=f"newStatus {outcome}",
            observed=f"newStatus {said(told, '/newStatus')}",
        )
    if outcome == "failed" and not str(said(told, "/failureReason")).strip():
        raise ContractViolation("a failed withdrawal does not say why", expected="a failureReason", observed="none")
    after = before - money(_WITHDRAWN) if outcome == "completed" else before
    for where, balance in (
        ("`withdrawal_status_changed`", money(said(told, "/newWalletBalance"))),
        ("getWallet", await balance_of(owner)),
    ):
        if balance != after:
            raise ContractViolation(
                f"{where} gives another balance after a {outcome} withdrawal of {_WITHDRAWN:g}",
                expected=f"{after:f}, since it was {before:f}",
                observed=f"{balance:f}",
            )
