"""What has to be acknowledged is sent again until it is, by its own user and rightly; then never more."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

import pytest

from eventproof.conform.case import (
    ContractViolation,
    Inconclusive,
    Line,
    Person,
    Received,
    Stage,
    on_stage,
    proves,
    requirement,
    slow,
)
from eventproof.target import Budgets
from eventproof.unknown import unlike_text

from .claims import Claim, approve, deny, pay, submit
from .complaints import INVALID_PAYLOAD, NOT_AUTHORIZED, is_refused, must_not_complain, taken
from .presence import hears_still
from .pushes import must_be_pushed
from .reading import about, data, said
from .retries import (
    CLAIM_PAID,
    CRITICAL,
    PAYOUT_COMPLETED,
    Payout,
    again,
    must_not_be_sent_again,
    paid,
    seen_again,
    still_comes,
)

CLAIM_PAID_ACK: Final = "claim_paid_ack"
PAYOUT_COMPLETED_ACK: Final = "payout_completed_ack"
GRACE: Final = 0.5
"""Seconds for what was sent at the last moment to arrive."""


@pytest.mark.parametrize(
    ("withheld", "acknowledged"),
    [
        pytest.param(CLAIM_PAID, PAYOUT_COMPLETED, marks=proves("SHD-ACK-1"), id=CLAIM_PAID),
        pytest.param(PAYOUT_COMPLETED, CLAIM_PAID, marks=proves("SHD-ACK-2"), id=PAYOUT_COMPLETED),
    ],
)
@on_stage
async def test_what_is_not_acknowledged_is_sent_again_with_the_same_data(
    stage: Stage, withheld: str, acknowledged: str
) -> None:
    """Of the two that tell of a payout, the acknowledgement of one is none of the other."""
    user = await stage.user()
    line = await user.connect()
    payout = await paid(stage, user, line)
    await line.acknowledge(payout.first[acknowledged])
    repeated = await again(stage, payout, withheld, "although nothing acknowledged it")
    if data(repeated) != data(payout.first[withheld]):
        raise ContractViolation(
            f"`{withheld}` was sent again with other data",
            expected=str(data(payout.first[withheld])),
            observed=str(data(repeated)),
        )


@requirement("SHD-ACK-3")
async def test_what_was_acknowledged_once_is_not_sent_again_on_any_connection(stage: Stage) -> None:
    """Another payout, later and not acknowledged, shows when the acknowledged one would have come again."""
    user = await stage.user()
    lines = [await user.connect(), await user.connect()]
    payout = await paid(stage, user, lines[0])
    for name in CRITICAL:
        await lines[0].acknowledge(payout.first[name])
    await taken(lines[0])
    acknowledged = stage.now
    witness = await paid(stage, user, lines[0])
    await asyncio.gather(*(seen_again(stage, witness, name) for name in CRITICAL))
    lines.append(await user.connect())
    await hears_still(stage, user, *lines)
    for line in lines:
        await line.close()
    lines.append(await user.connect())
    await hears_still(stage, user, lines[-1])
    must_not_be_sent_again(lines, payout, acknowledged, "although it was acknowledged")


def _wrong_acknowledgements(stage: Stage, first: Mapping[str, Received]) -> Iterator[tuple[str, str, Any]]:
    """What is wrong, the event's name, its payload."""
    claim, transaction = said(first[CLAIM_PAID], "/claimId"), said(first[CLAIM_PAID], "/transactionId")
    payout = said(first[PAYOUT_COMPLETED], "/payoutId")
    right = {"claimId": claim, "transactionId": transaction, "received": True}
    yield "an unknown claim", CLAIM_PAID_ACK, {**right, "claimId": _unlike(stage, claim)}
    yield "a wrong transaction", CLAIM_PAID_ACK, {**right, "transactionId": _unlike(stage, transaction)}
    yield "no claim", CLAIM_PAID_ACK, {"transactionId": transaction, "received": True}
    yield "no transaction", CLAIM_PAID_ACK, {"claimId": claim, "received": True}
    yield "an unknown payout", PAYOUT_COMPLETED_ACK, {"payoutId": _unlike(stage, payout), "received": True}
    yield "no payout", PAYOUT_COMPLETED_ACK, {"received": True}


def _unlike(stage: Stage, known: str) -> str:
    """An id like this one, which nobody has."""
    return unlike_text(known, stage.random)


@requirement("SHD-ACK-4")
async def test_a_wrong_acknowledgement_is_refused_and_does_not_count(stage: Stage) -> None:
    user, other = await stage.users(2)
    line, kept = await user.connect(), await other.connect()
    payout, witness = await paid(stage, user, line), await paid(stage, other, kept)
    for what, name, payload in _wrong_acknowledgements(stage, payout.first):
        await is_refused(line, INVALID_PAYLOAD, name, payload, what=what)
    await still_comes(stage, payout, "after acknowledgements that were wrong", witness=witness)


@requirement("SHD-ACK-5")
async def test_another_users_acknowledgement_is_refused_and_does_not_count(stage: Stage) -> None:
    user, intruder = await stage.users(2)
    line, other = await user.connect(), await intruder.connect()
    payout, witness = await paid(stage, user, line), await paid(stage, intruder, other)
    for name in CRITICAL:
        event = stage.event(name)
        assert event.ack is not None  # the contract requires one
        acknowledgement = event.acknowledgement(payout.first[name].payload)
        await is_refused(other, NOT_AUTHORIZED, event.ack.by, acknowledgement, what="the ids of another user")
    await still_comes(stage, payout, "after another user had acknowledged it", witness=witness)
    must_not_complain([line], "although another user was at fault")


async def _life(stage: Stage, member: Person, line: Line, acknowledges: bool) -> Counter[str]:
    """One claim denied, another paid, its payout never acknowledged: what was sent of both, by name."""

    async def arrives(name: str, claim: Claim) -> None:
        heard = await line.awaits(name, about(claim))
        if acknowledges:
            await line.acknowledge(heard)

    claim, other = await submit(stage, member), await submit(stage, member)
    await arrives("claim_submitted", claim)
    for act, name, moved in ((approve, "claim_approved", claim), (deny, "claim_denied", other)):
        await act(stage, moved)
        await arrives(name, moved)
    await taken(line)
    await pay(stage, claim)
    payout = Payout(claim, line, {name: await line.awaits(name, about(claim)) for name in CRITICAL})
    await asyncio.gather(*(seen_again(stage, payout, name) for name in CRITICAL))
    await hears_still(stage, member, line)
    return Counter(
        event.name
        for event in line.received
        if (about(claim)(event) or about(other)(event)) and event.name not in CRITICAL
    )


@requirement("SHD-ACK-6")
async def test_optional_acknowledgements_are_taken_and_leaving_them_out_changes_nothing(stage: Stage) -> None:
    """Two members with like claims, of whom one leaves them out, until what is sent again has come again to both."""
    polite, silent = await stage.users(2)
    lines = [await polite.connect(), await silent.connect()]
    told, untold = await asyncio.gather(
        _life(stage, polite, lines[0], acknowledges=True), _life(stage, silent, lines[1], acknowledges=False)
    )
    must_not_complain(lines, "although nothing was wrong")
    if told != untold:
        raise ContractViolation(
            "leaving out the optional acknowledgements changed what was sent",
            expected=f"with and without them the same: {dict(told)}",
            observed=str(dict(untold)),
        )


def _end_takes(budgets: Budgets) -> float:
    return 2 * budgets.ack_retries_end


@slow("the end of the retries", takes=_end_takes)
@requirement("SHD-ACK-7")
async def test_retries_end_and_what_was_never_acknowledged_is_pushed(stage: Stage) -> None:
    """No more come for as long as the longest pause between two of them was, nor on a new connection."""
    user = await stage.user()
    line = await user.connect()
    payout = await paid(stage, user, line)
    await asyncio.gather(*(seen_again(stage, payout, name) for name in CRITICAL))
    end = max(event.at for event in payout.first.values()) + stage.budgets.ack_retries_end + GRACE
    await asyncio.sleep(end - stage.now)
    await asyncio.sleep(max(_longest_pause(payout, name) for name in CRITICAL))
    another = await user.connect()
    await hears_still(stage, user, line, another)
    must_not_be_sent_again([line, another], payout, end, "although its retries had to have ended")
    wanted = [(name, payout.claim) for name in CRITICAL]
    why = "again and again, and never acknowledged"
    await must_be_pushed(stage, user, wanted, why, within=stage.budgets.event_arrival)


def _longest_pause(payout: Payout, name: str) -> float:
    times = [event.at for event in payout.line.heard(name, about(payout.claim))]
    return max(later - earlier for earlier, later in pairwise(times))


@requirement("SHD-ACK-8")
@pytest.mark.parametrize("lost", [pytest.param(True, id="lost"), pytest.param(False, id="closed")])
async def test_retries_outlive_a_reconnection(stage: Stage, lost: bool) -> None:
    """What a server sends at once to one who comes back is no retry: they go on after it. Another user stays."""
    user, other = await stage.users(2)
    old, kept = await user.connect(), await other.connect()
    payout, witness = await paid(stage, user, old), await paid(stage, other, kept)
    if lost:
        old.drop()
    else:
        await old.close()
    line = await user.connect()
    await hears_still(stage, user, line)
    await still_comes(stage, payout, "after a reconnection", witness=witness, line=line)


@requirement("SHD-ACK-8")
async def test_retries_outlive_a_restart_of_the_server(stage: Stage) -> None:
    user = await stage.user()
    old = await user.connect()
    payout = await paid(stage, user, old)
    await stage.restart()
    try:
        await old.ends()
    except ContractViolation as still_open:
        raise Inconclusive(f"{old.name} is still open, so the server was not restarted") from still_open
    line = await user.connect()
    await hears_still(stage, user, line)
    elapsed = stage.now - min(event.at for event in payout.first.values())
    if 2 * elapsed + stage.budgets.ack_retry > stage.budgets.ack_retries_end:
        raise Inconclusive(f"the restart took {elapsed:.3g} s, by which the retries may have ended")
    await asyncio.gather(*(again(stage, payout, name, "after a restart", line=line) for name in CRITICAL))
