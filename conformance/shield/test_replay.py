"""Who comes back gets what was sent while they had no connection at all."""

import asyncio
from collections.abc import Sequence
from typing import Final

from eventproof.actions import at
from eventproof.conform.cases import (
    Case,
    ContractViolation,
    Line,
    Person,
    Received,
    capability,
    requirement,
    slow,
)

from .claims import Claim, approve, deny, pay, review, submit
from .complaints import taken
from .members import NOTIFICATION_RECEIVED, members
from .presence import hears_still
from .reading import about, data
from .retries import CRITICAL

ACKNOWLEDGED: Final = ("claim_submitted", "claim_approved", *CRITICAL)

Told = tuple[tuple[str, ...], str]
"""What one step causes: events, in any order among themselves, and the claim's id or the notification's title."""


def _title(event: Received) -> object:
    return at(data(event), "/notification/title")


async def _gone(user: Person, *lines: Line) -> None:
    """End every connection, and let the server notice.

    One that could be recovered is cut: who says goodbye gives that up.
    """
    for line in lines:
        if line.recovery is None:
            await line.close()
        else:
            line.drop()
    await user.call("getMe")


async def _returned(case: Case, user: Person, before: Line, told: Sequence[Told]) -> Line:
    """A new connection on which all that was missed has arrived; raises ContractViolation where it has not.

    Where the server offers to recover a connection by its pid and offset, as Node's does, clients come back with them,
    and so do we before we blame it.
    """
    line = await user.connect()
    await hears_still(case, user, line)
    try:
        _must_be_in_order(line, told)
    except ContractViolation:
        if before.recovery is None:
            raise
        line = await user.connect(recover=before.recovery)
        await hears_still(case, user, line)
        _must_be_in_order(line, told)
    return line


async def _live(case: Case, user: Person) -> tuple[Claim, list[Told]]:
    """A claim that is paid, one that is denied, and notifications between; what has to be told, step by step."""
    claim = await submit(case, user)
    told: list[Told] = [(("claim_submitted",), claim.id)]
    for act, name in ((review, "claim_under_review"), (approve, "claim_approved")):
        await act(case, claim)
        told.append(((name,), claim.id))
        title = f"After {name} of {claim.id}"
        await members(case).notify(user, title)
        told.append(((NOTIFICATION_RECEIVED,), title))
    other = await submit(case, user)
    told.append((("claim_submitted",), other.id))
    await pay(case, claim)
    told.append((CRITICAL, claim.id))
    await deny(case, other)
    told.append((("claim_denied",), other.id))
    return claim, told


def _place_of(event: Received, told: Sequence[Told]) -> int | None:
    """The step that an event tells of; None where it is none of them."""
    key = data(event).get("claimId") if event.name != NOTIFICATION_RECEIVED else _title(event)
    return next((place for place, (names, of) in enumerate(told) if event.name in names and key == of), None)


def _must_be_in_order(line: Line, told: Sequence[Told]) -> None:
    first: dict[tuple[str, int], Received] = {}
    for event in line.received:
        place = _place_of(event, told)
        if place is not None:
            first.setdefault((event.name, place), event)
    for place, (names, of) in enumerate(told):
        for name in names:
            if (name, place) not in first:
                raise ContractViolation(
                    f"`{name}` was sent while its user had no connection, and did not arrive when they came back",
                    expected=f"`{name}` of {of}",
                    observed=", ".join(line.news()) or "no event at all",
                )
    places = [place for _, place in first]
    if places != sorted(places):
        raise ContractViolation(
            "what was missed arrived in another order than it was sent",
            expected=", ".join(f"`{name}`" for name, _ in sorted(first, key=lambda key: key[1])),
            observed=", ".join(f"`{name}`" for name, _ in first),
        )


@capability("replay")
@requirement("SHD-CONN-7")
async def test_what_was_missed_arrives_on_return_in_its_order_and_not_again_once_acknowledged(case: Case) -> None:
    user = await case.user()
    before = await user.connect()
    await hears_still(case, user, before)
    await _gone(user, before)
    claim, told = await _live(case, user)
    line = await _returned(case, user, before, told)
    for name in ACKNOWLEDGED:
        await line.acknowledge(line.heard(name, about(claim))[0])
    await taken(line)
    await _gone(user, line)
    again = await user.connect()
    await hears_still(case, user, again)
    for name in ACKNOWLEDGED:
        if again.heard(name, about(claim)):
            raise ContractViolation(
                f"`{name}` was sent again on the next return although it was acknowledged",
                expected=f"no `{name}` of the claim {claim.id} any more",
                observed=", ".join(again.news()),
            )


@slow("the end of the replay window", takes="replay_window")
@capability("replay")
@requirement("SHD-CONN-7")
async def test_nothing_arrives_on_return_that_is_older_than_the_window(case: Case) -> None:
    user = await case.user()
    before = await user.connect()
    await hears_still(case, user, before)
    await _gone(user, before)
    old, young = f"Old {case.now}", f"Young {case.now}"
    await members(case).notify(user, old)
    await asyncio.sleep(case.budgets.replay_window)
    await members(case).notify(user, young)
    line = await user.connect()
    await hears_still(case, user, line)
    titles = [_title(event) for event in line.heard(NOTIFICATION_RECEIVED)]
    if young not in titles:
        raise ContractViolation(
            "a notification sent just before the return did not arrive on it",
            expected=young,
            observed=", ".join(map(str, titles)),
        )
    if old in titles:
        raise ContractViolation(
            f"a notification arrived on return that was sent more than {case.budgets.replay_window:g} s before",
            expected="none older than the window (budgets.replay_window)",
            observed=f"`{NOTIFICATION_RECEIVED}` {old!r}",
        )
