"""How many subscribers there are: what an admin reads, what stays of those who left, and how many there may be."""

import asyncio
from typing import Final

from eventproof.conform.cases import (
    Case,
    ContractViolation,
    Inconclusive,
    Line,
    NotApplicable,
    capability,
    on_each,
    requirement,
)

from .plans import UPDATE, plans

_STREAMS: Final = 6
_GLANCE: Final = 0.1
"""Seconds between two looks at the count."""
_STILL: Final = 4
"""Looks at a count that stands still."""
_SCALE: Final = 1000
_AT_ONCE: Final = 50
"""Streams that are being opened at the same time."""
_OPENING: Final = 60.0
"""Seconds in which all of them are open."""
_CHANGES: Final = 200


async def _count(case: Case) -> int:
    answer = (await case.admin.call("countSubscribers")).must_be_accepted()
    found = answer.says("subscribers")
    if not isinstance(found, int) or isinstance(found, bool):
        raise ContractViolation(
            "countSubscribers does not say how many there are", expected="a whole number", observed=str(answer)
        )
    return found


async def _becomes(case: Case, wanted: int, within: float) -> int:
    """The count once it is as wanted, or what it is when the time is over; plans change meanwhile.

    Many a server sees only when it writes that somebody has left.
    """
    deadline = case.now + within
    while True:
        found = await _count(case)
        if found == wanted or case.now >= deadline:
            return found
        await plans(case).create()
        await asyncio.sleep(_GLANCE)


async def _at_rest(case: Case) -> int:
    """The count once it stands still; raises Inconclusive where it never does: others come and go."""
    deadline, found, same = case.now + case.budgets.cleanup, await _count(case), 0
    while same < _STILL:
        if case.now >= deadline:
            raise Inconclusive("the count of subscribers moves while nobody of this run comes or goes")
        await plans(case).create()
        await asyncio.sleep(_GLANCE)
        now = await _count(case)
        same, found = (same + 1 if now == found else 0), now
    return found


@capability("subscriber-count")
@requirement("PLN-STAT-1")
async def test_an_admin_reads_how_many_subscribers_there_are(case: Case) -> None:
    user = await case.user()
    before = await _at_rest(case)
    for _ in range(_STREAMS):
        await user.connect()
    found = await _becomes(case, before + _STREAMS, case.budgets.event_arrival)
    if found != before + _STREAMS:
        await _at_rest(case)
        raise ContractViolation(
            f"{_STREAMS} more subscribers are not counted", expected=str(before + _STREAMS), observed=str(found)
        )


@capability("subscriber-count")
@requirement("PLN-SSE-5")
async def test_who_leaves_is_counted_no_more(case: Case) -> None:
    """Whether they cut the connection or close it in order."""
    user = await case.user()
    before = await _at_rest(case)
    lines = [await user.connect() for _ in range(_STREAMS)]
    during = await _becomes(case, before + _STREAMS, case.budgets.event_arrival)
    if during <= before:
        raise Inconclusive(f"the count did not rise with {_STREAMS} subscribers, so it cannot fall")
    for line in lines[: _STREAMS // 2]:
        line.drop()
    for line in lines[_STREAMS // 2 :]:
        await line.close()
    found = await _becomes(case, before, case.budgets.cleanup)
    if found > before:
        await _at_rest(case)
        raise ContractViolation(
            f"{_STREAMS} subscribers left, and some of them are still counted",
            expected=str(before),
            observed=str(found),
        )


@requirement("PLN-SSE-7")
async def test_a_slow_reader_delays_nobody(case: Case) -> None:
    """One who reads nothing at all, while a plan changes many times. What is kept for it, `slow_consumers` shows."""
    slow, *others = await case.users(3)
    await slow.connect(stalls=True)
    lines = [await person.connect() for person in others for _ in range(2)]
    plan = await plans(case).create()
    for number in range(1, _CHANGES + 1):
        answer = await plans(case).update(plan, roi=number)
        tells = plan.told_with(roi=number)
        told = await on_each(
            lines,
            lambda line, tells=tells: line.hears(UPDATE, tells),  # type: ignore[misc]  # bound to this change
            f"heard of change {number} of {_CHANGES} while another subscriber read nothing",
        )
        latest = max(event.at for event in told) - answer.began
        case.note(f"change {number}: {latest:.3f} s to the last of {len(lines)}")


@requirement("PLN-SCALE-1")
async def test_a_thousand_streams_receive_one_change(case: Case) -> None:
    """Of all users that there are, each with as many as it takes."""
    if not case.target.may_be_loaded:
        raise NotApplicable(f"{_SCALE} streams are opened on this machine alone, or where allow_load = true allows it")
    people = [await case.user() for _ in range(min(len(case.target.users) // 2, 50) or 1)]
    enough = asyncio.Semaphore(_AT_ONCE)

    async def opened(number: int) -> Line:
        async with enough:
            return await people[number % len(people)].connect()

    try:
        async with asyncio.timeout(_OPENING):
            lines = await asyncio.gather(*map(opened, range(_SCALE)))
    except TimeoutError:
        raise Inconclusive(f"{_SCALE} streams were not open within {_OPENING:g} s") from None
    plan = await plans(case).create()
    await plans(case).update(plan, roi=7.5)
    await on_each(lines, lambda line: line.hears(UPDATE, plan.told_with(roi=7.5)), "received the change")
