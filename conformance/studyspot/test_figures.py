"""The figures of the specification: how soon an event arrives, and how many may be connected."""

import asyncio
from statistics import median
from typing import Final

from eventproof import checks
from eventproof.conform.cases import Case, ContractViolation, Inconclusive, Line, NotApplicable, on_each, requirement

from .spots import (
    BOOKING_CREATED,
    BOOKING_UPDATED,
    LIBRARY_CREATED,
    LIBRARY_UPDATED,
    PRICING_UPDATED,
    a_name,
    open_spot,
)

_LATENCY: Final = 0.1
"""Seconds, as the specification has it."""
_EVENTS: Final = 15
_SCALE: Final = 1000
_AT_ONCE: Final = 50
"""Connections that are being opened at the same time."""
_OPENING: Final = 60.0
"""Seconds in which all of them are open."""


@requirement("STD-LAT-1")
async def test_an_event_arrives_within_a_tenth_of_a_second(case: Case) -> None:
    """From the call to the event. Of several, the one in the middle: a pause of this machine is not the server's."""
    student = await case.user()
    spot = await open_spot(case)
    line = await student.connect()
    took = []
    for number in range(_EVENTS):
        answer = (await spot.owner.call("updatePricing", libraryId=spot.id, hourly=60 + number)).must_succeed()
        took.append((await line.awaits(PRICING_UPDATED, spot.is_about)).at - answer.began)
    if median(took) > _LATENCY:
        raise ContractViolation(
            f"of {_EVENTS} events half took more than {_LATENCY * 1000:g} ms",
            expected=f"{_LATENCY * 1000:g} ms from the call to the event",
            observed=f"{median(took) * 1000:.0f} ms in the middle, {max(took) * 1000:.0f} ms at most",
        )


@requirement("STD-SCALE-1")
async def test_events_reach_whom_they_are_for_among_a_thousand_connections(case: Case) -> None:
    """Of all students that there are, each with as many as it takes; one of them books at the desk of an owner."""
    if not case.target.may_be_loaded:
        raise NotApplicable(
            f"{_SCALE} connections are opened on this machine alone, or where allow_load = true allows it"
        )
    students = await case.users(min(len(case.target.people(case.system.member)) // 2, 50) or 1)
    enough = asyncio.Semaphore(_AT_ONCE)

    async def opened(number: int) -> Line:
        async with enough:
            return await students[number % len(students)].connect()

    try:
        async with asyncio.timeout(_OPENING):
            lines = await asyncio.gather(*map(opened, range(_SCALE)))
    except TimeoutError:
        raise Inconclusive(f"{_SCALE} connections were not open within {_OPENING:g} s") from None
    spot = await open_spot(case)
    desk = await spot.owner.connect()
    await on_each(lines, lambda line: line.hears(LIBRARY_CREATED, spot.is_about), "heard of a new library")
    booking = await spot.booked(students[0])
    await desk.hears(BOOKING_CREATED, booking.is_about)
    await spot.update(booking, students[0], 13)
    await on_each(
        [*students[0].lines, desk], lambda line: line.hears(BOOKING_UPDATED, booking.is_about), "heard of a change"
    )
    (await spot.owner.call("updateLibrary", libraryId=spot.id, name=a_name(case))).must_succeed()
    await on_each(
        [*lines, desk], lambda line: line.hears(LIBRARY_UPDATED, spot.is_about), "heard of a change of the library"
    )
    case.judge(checks.leaked(case.story()))
