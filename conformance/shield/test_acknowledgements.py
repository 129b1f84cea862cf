"""Only the right acknowledgement of the right user counts; retries end, and outlive what comes between."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import pytest

from eventproof.catalog import of_user
from eventproof.conform.cases import (
    Case,
    ContractViolation,
    Inconclusive,
    Line,
    Person,
    requirement,
    slow,
)
from eventproof.conform.owed import Owed, again, at_most, must_not_be_sent_again, seen_again, still_comes
from eventproof.target import Budgets
from eventproof.unknown import unlike_text

from .claims import Claim, approve, deny, pay, submit
from .complaints import INVALID_PAYLOAD, NOT_AUTHORIZED, is_refused, must_not_complain, taken
from .presence import hears_still
from .pushes import must_be_pushed
from .reading import about, said
from .retries import CLAIM_PAID, CRITICAL, PAYOUT_COMPLETED, Payout, paid, told

CLAIM_PAID_ACK: Final = "claim_paid_ack"
PAYOUT_COMPLETED_ACK: Final = "payout_completed_ack"


def _wrong_acknowledgements(case: Case, payout: Payout) -> Iterator[tuple[str, str, Any]]:
    """What is wrong, the event's name, its payload."""
    paid, completed = payout.owed[CLAIM_PAID].first, payout.owed[PAYOUT_COMPLETED].first
    claim, transaction, number = said(paid, "/claimId"), said(paid, "/transactionId"), said(completed, "/payoutId")
    right = {"claimId": claim, "transactionId": transaction, "received": True}
    yield "an unknown claim", CLAIM_PAID_ACK, {**right, "claimId": _unlike(case, claim)}
    yield "a wrong transaction", CLAIM_PAID_ACK, {**right, "transactionId": _unlike(case, transaction)}
    yield "no claim", CLAIM_PAID_ACK, {"transactionId": transaction, "received": True}
    yield "no transaction", CLAIM_PAID_ACK, {"claimId": claim, "received": True}
    yield "an unknown payout", PAYOUT_COMPLETED_ACK, {"payoutId": _unlike(case, number), "received": True}
    yield "no payout", PAYOUT_COMPLETED_ACK, {"received": True}


async def _both_still_come(case: Case, payout: Payout, because: str, witness: Payout, line: Line | None = None) -> None:
    await asyncio.gather(
        *(still_comes(case, payout.owed[name], because, witness=witness.owed[name], line=line) for name in CRITICAL)
    )


def _unlike(case: Case, known: str) -> str:
    """An id like this one, which nobody has."""
    return unlike_text(known, case.random)


@requirement("SHD-ACK-4")
async def test_a_wrong_acknowledgement_is_refused_and_does_not_count(case: Case) -> None:
    user, other = await case.users(2)
    line, kept = await user.connect(), await other.connect()
    payout, witness = await paid(case, user, line), await paid(case, other, kept)
    for what, name, payload in _wrong_acknowledgements(case, payout):
        await is_refused(line, INVALID_PAYLOAD, name, payload, what=what)
    await _both_still_come(case, payout, "after acknowledgements that were wrong", witness)


@requirement("SHD-ACK-5")
async def test_another_users_acknowledgement_is_refused_with_the_code_that_says_why(case: Case) -> None:
    user, intruder = await case.users(2)
    line, other = await user.connect(), await intruder.connect()
    payout = await paid(case, user, line)
    for owed in payout.owed.values():
        ack, acknowledgement = owed.event.ack, owed.event.acknowledgement(owed.first.payload)
        assert ack is not None  # the contract requires one
        await is_refused(other, NOT_AUTHORIZED, ack.by, acknowledgement, what="the ids of another user")
    must_not_complain([line], "although another user was at fault")


async def _life(case: Case, member: Person, line: Line, acknowledges: bool) -> Counter[str]:
    """One claim denied, another paid, its payout never acknowledged: what was sent of both to their owner, by name.

    What is for others, and came all the same, has nothing to do with acknowledgements.
    """
    theirs = {event.name for event in case.system.events if of_user("{userId}") in event.audience} - {*CRITICAL}

    async def arrives(name: str, claim: Claim) -> None:
        heard = await line.awaits(name, about(claim))
        if acknowledges:
            await line.acknowledge(heard)

    claim, other = await submit(case, member), await submit(case, member)
    await arrives("claim_submitted", claim)
    for act, name, moved in ((approve, "claim_approved", claim), (deny, "claim_denied", other)):
        await act(case, moved)
        await arrives(name, moved)
    await taken(line)
    await pay(case, claim)
    payout = await told(case, claim, line)
    await asyncio.gather(*(seen_again(case, owed) for owed in payout.owed.values()))
    await hears_still(case, member, line)
    heard = (event for event in line.received if about(claim)(event) or about(other)(event))
    return Counter(event.name for event in heard if event.name in theirs)


@requirement("SHD-ACK-6")
async def test_optional_acknowledgements_are_taken_and_leaving_them_out_changes_nothing(case: Case) -> None:
    """Two members with like claims, of whom one leaves them out, until what is sent again has come again to both."""
    polite, silent = await case.users(2)
    lines = [await polite.connect(), await silent.connect()]
    told, untold = await asyncio.gather(
        _life(case, polite, lines[0], acknowledges=True), _life(case, silent, lines[1], acknowledges=False)
    )
    must_not_complain(lines, "although nothing was wrong")
    if told != untold:
        raise ContractViolation(
            "leaving out the optional acknowledgements changed what was sent",
            expected=f"with and without them the same: {dict(told)}",
            observed=str(dict(untold)),
        )


def _end_takes(budgets: Budgets) -> float:
    return 2 * at_most(budgets.ack_retries_end)


@slow("the end of the retries", takes=_end_takes)
@requirement("SHD-ACK-7")
async def test_retries_end_and_what_was_never_acknowledged_is_pushed(case: Case) -> None:
    """No more come for as long as the longest pause between two of them was, nor on a new connection."""
    user = await case.user()
    line = await user.connect()
    payout = await paid(case, user, line)
    await asyncio.gather(*(seen_again(case, owed) for owed in payout.owed.values()))
    end = max(owed.first.at for owed in payout.owed.values()) + at_most(case.budgets.ack_retries_end)
    await asyncio.sleep(end - case.now)
    await asyncio.sleep(max(map(_longest_pause, payout.owed.values())))
    another = await user.connect()
    await hears_still(case, user, line, another)
    for owed in payout.owed.values():
        must_not_be_sent_again([line, another], owed, end, "although its retries had to have ended")
    wanted = [(name, payout.claim) for name in CRITICAL]
    why = "again and again, and never acknowledged"
    await must_be_pushed(case, user, wanted, why, within=case.budgets.event_arrival)


def _longest_pause(owed: Owed) -> float:
    times = [event.at for event in owed.line.heard(owed.name, owed.is_it)]
    return max(later - earlier for earlier, later in pairwise(times))


@requirement("SHD-ACK-8")
@pytest.mark.parametrize("lost", [pytest.param(True, id="lost"), pytest.param(False, id="closed")])
async def test_retries_outlive_a_reconnection(case: Case, lost: bool) -> None:
    """What a server sends at once to one who comes back is no retry: they go on after it. Another user stays."""
    user, other = await case.users(2)
    old, kept = await user.connect(), await other.connect()
    payout, witness = await paid(case, user, old), await paid(case, other, kept)
    if lost:
        old.drop()
    else:
        await old.close()
    line = await user.connect()
    await hears_still(case, user, line)
    await _both_still_come(case, payout, "after a reconnection", witness, line)


@requirement("SHD-ACK-8")
async def test_retries_outlive_a_restart_of_the_server(case: Case) -> None:
    user = await case.user()
    old = await user.connect()
    payout = await paid(case, user, old)
    await case.restart()
    try:
        await old.ends()
    except ContractViolation as still_open:
        raise Inconclusive(f"{old.name} is still open, so the server was not restarted") from still_open
    line = await user.connect()
    await hears_still(case, user, line)
    elapsed = case.now - min(owed.first.at for owed in payout.owed.values())
    if 2 * elapsed + case.budgets.ack_retry > case.budgets.ack_retries_end:
        raise Inconclusive(f"the restart took {elapsed:.3g} s, by which the retries may have ended")
    await asyncio.gather(*(again(case, owed, "after a restart", line=line) for owed in payout.owed.values()))
