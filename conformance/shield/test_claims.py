"""Every change of a claim is told to its owner, with what it was before."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import pytest

from eventproof.checks import Finding
from eventproof.conform.cases import (
    Case,
    ContractViolation,
    Inconclusive,
    Received,
    on_each,
    requirement,
)

from .claims import TABLE, Claim, brought_to, deny, move, submit
from .desks import desks
from .reading import about, data, money, said
from .wallet import balance_of

CHANGES: Final[Mapping[str, tuple[str, str, str]]] = {
    f"{call}-{before}": (before, call, after) for call, before, after in TABLE.steps
}
"""Every change of a claim: from which status, by which call, to which status."""

LIVES: Final[Mapping[str, Sequence[str]]] = {"-".join(calls[1:]): calls[1:] for calls in TABLE.lives}
"""The calls by which a submitted claim comes to where nothing changes it any more."""

DENIAL_CODES: Final = tuple(f"D{number:03}" for number in range(1, 13))


@requirement("SHD-CLAIM-1")
async def test_a_submitted_claim_is_told_to_its_owner_and_to_every_connected_admin(case: Case) -> None:
    owner = await case.user()
    line, tables = await owner.connect(), await desks(case)
    claim = await submit(case, owner)
    await line.hears("claim_submitted", about(claim))
    name = "admin_claim_submitted"
    for heard in await on_each(tables, lambda table: table.hears(name, about(claim)), f"heard `{name}`"):
        if str(said(heard, "/userId")) != str(owner.id):
            raise ContractViolation(
                "`admin_claim_submitted` does not name the one who submitted the claim",
                expected=f"userId {owner.id}",
                observed=f"userId {said(heard, '/userId')}",
            )


@requirement("SHD-CLAIM-3")
@pytest.mark.parametrize("change", CHANGES)
async def test_each_change_also_sends_the_event_for_any_change(case: Case, change: str) -> None:
    before, call, status = CHANGES[change]
    owner = await case.user()
    line = await owner.connect(acknowledges=True)
    claim = await brought_to(case, owner, before)
    await move(case, claim, call)
    is_about = about(claim)
    await line.hears("claim_status_changed", lambda heard: is_about(heard) and data(heard).get("newStatus") == status)


@requirement("SHD-CLAIM-5")
@pytest.mark.parametrize("life", LIVES)
async def test_previous_status_is_what_was_last_reported_as_new(case: Case, life: str) -> None:
    owner = await case.user()
    line = await owner.connect(acknowledges=True)
    claim = await submit(case, owner)
    for call in LIVES[life]:
        await move(case, claim, call)
    await case.canary(owner)
    changes = [event for event in line.heard(where=about(claim)) if "previousStatus" in data(event)]
    if not changes:
        raise Inconclusive(f"no event with a previousStatus arrived on {line.name}, so nothing can be said here")
    case.judge(_broken_links(changes))


def _broken_links(changes: Iterable[Received]) -> Iterator[Finding]:
    """The changes whose `previousStatus` is another than the status so far.

    Two events tell of each change, in either order, and some come again: what tells of the same new status tells of the
    same change, and has to agree.
    """
    before = now = TABLE.made["submitClaim"]
    for event in changes:
        previous, new = data(event)["previousStatus"], data(event).get("newStatus")
        last = before if new == now else now
        if previous != last:
            yield Finding(
                f"`{event.name}` tells of {new} with another previousStatus than the status before",
                expected=last,
                observed=str(previous),
            )
        if new != now:
            before, now = now, str(new)


@requirement("SHD-CLAIM-6")
async def test_the_balance_grows_by_the_amount_that_was_approved_and_paid_out(case: Case) -> None:
    owner = await case.user()
    line = await owner.connect(acknowledges=True)
    balance = await balance_of(owner)
    claim = await brought_to(case, owner, "paid")
    approved = await line.awaits("claim_approved", about(claim))
    initiated = await line.awaits("payout_initiated", about(claim))
    completed = await line.awaits("payout_completed", about(claim))
    paid = await line.awaits("claim_paid", about(claim))
    amount = money(said(paid, "/payoutAmount"))
    for event, place in ((approved, "/payoutAmount"), (initiated, "/amount"), (completed, "/amount")):
        if money(said(event, place)) != amount:
            raise ContractViolation(
                f"`{event.name}` and `claim_paid` give different amounts for one payout",
                expected=f"{amount:f}, as in `claim_paid`",
                observed=f"{said(event, place)}",
            )
    if money(said(paid, "/walletBalance")) != balance + amount:
        raise ContractViolation(
            "the wallet did not grow by exactly what was paid",
            expected=f"walletBalance {balance + amount:f}: {balance:f} before, and {amount:f} paid",
            observed=f"walletBalance {said(paid, '/walletBalance')}",
        )
    _warn_of_another_formula(case, claim, approved)


def _warn_of_another_formula(case: Case, claim: Claim, approved: Received) -> None:
    """The specification gives no formula for the payout, so another one than the usual breaks nothing."""
    paid, deductible, share = (
        money(said(approved, place)) for place in ("/payoutAmount", "/deductibleApplied", "/memberCoPay")
    )
    if paid != money(claim.amount) - deductible - share:
        case.warn(
            f"SHD-CLAIM-6: payoutAmount {paid:.2f} is not the claim's {claim.amount:.2f} - deductibleApplied "
            f"{deductible:.2f} - memberCoPay {share:.2f}, as it is usually"
        )


@requirement("SHD-CLAIM-7")
async def test_a_denial_names_a_code_and_a_deadline_exactly_where_it_can_be_appealed(case: Case) -> None:
    owner = await case.user()
    line = await owner.connect()
    claims = [await submit(case, owner) for _ in DENIAL_CODES]
    await asyncio.gather(*(deny(case, claim, code) for claim, code in zip(claims, DENIAL_CODES, strict=True)))
    for claim in claims:
        denied = await line.awaits("claim_denied", about(claim))
        _must_be_a_denial_code(denied)
        appealable, has_deadline = said(denied, "/appealable"), data(denied).get("appealDeadline") is not None
        if appealable is not has_deadline:
            raise ContractViolation(
                f"`claim_denied` ({said(denied, '/denialCode')}) has a deadline where it cannot be appealed, or none",
                expected="appealDeadline where appealable is true, and nowhere else",
                observed=f"appealable {appealable}, appealDeadline {data(denied).get('appealDeadline')}",
            )


@requirement("SHD-CLAIM-7")
@pytest.mark.parametrize("code", ["D013", "D000", "because"])
async def test_no_other_code_reaches_the_owner(case: Case, code: str) -> None:
    owner = await case.user()
    line = await owner.connect()
    claim = await submit(case, owner)
    await line.awaits("claim_submitted", about(claim))
    answer = await case.admin.call("denyClaim", userId=owner.id, claimId=claim.id, denialCode=code)
    answer.must_be_an_answer()
    await case.canary(owner)
    for denied in line.heard("claim_denied", about(claim)):
        _must_be_a_denial_code(denied)


def _must_be_a_denial_code(denied: Received) -> None:
    if said(denied, "/denialCode") not in DENIAL_CODES:
        raise ContractViolation(
            "`claim_denied` gives a code that there is not",
            expected="one of D001 to D012",
            observed=str(said(denied, "/denialCode")),
        )
