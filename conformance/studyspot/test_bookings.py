"""A booking is told at its desk, what becomes of it to its student too, and to nobody else. No seat is booked twice."""

import asyncio
from typing import Final

from eventproof.actions import at
from eventproof.conform.cases import Case, ContractViolation, Inconclusive, Refusal, on_each, requirement

from .spots import (
    BOOKING_CANCELLED,
    BOOKING_CREATED,
    BOOKING_UPDATED,
    CHECKED_IN,
    CHECKED_OUT,
    booking_of,
    open_spot,
    set_scene,
)

_AT_ONCE: Final = 12
"""Requests for one seat."""
_RIVALS: Final = 4
"""Students who make them."""


@requirement("STD-BOOK-1")
async def test_a_new_booking_is_told_to_the_owner_and_the_staff_of_its_library_alone(case: Case) -> None:
    scene = await set_scene(case)
    booking = booking_of((await scene.spot.book(scene.student)).must_be_accepted(), scene.student)
    await on_each(scene.desk, lambda line: line.hears(BOOKING_CREATED, booking.is_about), "heard of the booking")
    await scene.nobody_else(BOOKING_CREATED)


@requirement("STD-BOOK-2")
async def test_a_change_is_told_to_its_student_and_at_its_desk_whoever_makes_it(case: Case) -> None:
    """By the student, and by the owner."""
    scene = await set_scene(case)
    booking = await scene.spot.booked(scene.student)
    for end, by in ((13, scene.student), (14, scene.spot.owner)):
        times = {"startsAt": scene.spot.time(9), "endsAt": scene.spot.time(end)}
        (await by.call("updateBooking", bookingId=booking.id, **times)).must_be_accepted()
        await on_each(
            [scene.mine, *scene.desk], lambda line: line.hears(BOOKING_UPDATED, booking.is_about), "heard of the change"
        )
    await scene.nobody_else(BOOKING_UPDATED)


@requirement("STD-BOOK-3")
async def test_a_cancellation_is_told_to_its_student_and_at_its_desk_whoever_makes_it(case: Case) -> None:
    """By the student, and by the owner."""
    scene = await set_scene(case)
    for seat, by in enumerate((scene.student, scene.spot.owner)):
        booking = await scene.spot.booked(scene.student, seat)
        (await by.call("cancelBooking", bookingId=booking.id)).must_be_accepted()
        await on_each(
            [scene.mine, *scene.desk],
            lambda line, booking=booking: line.hears(BOOKING_CANCELLED, booking.is_about),  # type: ignore[misc]
            "heard of the cancellation",
        )
    await scene.nobody_else(BOOKING_CANCELLED)


@requirement("STD-BOOK-3")
async def test_a_cancellation_frees_the_seat(case: Case) -> None:
    """Another student, who was refused it before, has it now."""
    student, other = await case.users(2)
    spot = await open_spot(case)
    booking = await spot.booked(student)
    before = await spot.book(other)
    if before.is_accepted:
        raise Inconclusive("the seat was booked twice, so whether it was freed cannot be seen")
    await spot.cancel(booking, student)
    after = await spot.book(other)
    if not after.is_accepted:
        raise ContractViolation(
            "the seat of a booking that was cancelled is not free", expected="a booking", observed=str(after)
        )
    before.must_be_refused("although the seat was booked", Refusal.VALUE, beside=after)


@requirement("STD-BOOK-4")
async def test_check_in_and_check_out_are_told_to_the_student_alone(case: Case) -> None:
    """Whether the owner does it or a staff member."""
    scene = await set_scene(case)
    for seat, by in enumerate((scene.spot.owner, case.acting("staff"))):
        booking = await scene.spot.booked(scene.student, seat)
        (await scene.spot.check_in(booking, by)).must_be_accepted()
        await scene.mine.hears(CHECKED_IN, booking.is_about)
        (await by.call("checkOut", bookingId=booking.id)).must_be_accepted()
        await scene.mine.hears(CHECKED_OUT, booking.is_about)
    await scene.nobody_else(CHECKED_IN)
    await scene.nobody_else(CHECKED_OUT)


@requirement("STD-BOOK-5")
async def test_of_many_who_book_one_seat_at_once_one_has_it_and_its_desk_hears_of_one(case: Case) -> None:
    """Half of them for all of the time, half for a part of it."""
    rivals = await case.users(min(_RIVALS, len(case.target.people(case.system.member)) // 2 or 1))
    spot = await open_spot(case)
    line = await spot.owner.connect()
    answers = await asyncio.gather(
        *(spot.book(rivals[number % len(rivals)], begin=9 if number % 2 else 10, end=12) for number in range(_AT_ONCE))
    )
    won = [answer for answer in answers if answer.is_accepted]
    if len(won) > 1:
        raise ContractViolation(
            f"of {_AT_ONCE} requests for one seat and one time, {len(won)} were accepted",
            expected="one booking, and a conflict for the others",
            observed="; ".join(map(str, won)),
        )
    if not won:
        raise Inconclusive(f"none of the requests was accepted, so nothing can be said here: {answers[0]}")
    for answer in answers:
        if answer is not won[0]:
            answer.must_be_refused("although the seat was booked", Refusal.VALUE, beside=won[0])
    booking = booking_of(won[0], rivals[0])
    await line.hears(BOOKING_CREATED, booking.is_about)
    last = await spot.booked(rivals[0], seat=1)
    await line.awaits(BOOKING_CREATED, last.is_about)
    told = [str(at(event.payload, "/id")) for event in line.heard(BOOKING_CREATED) if not last.is_about(event)]
    if told != [str(booking.id)]:
        raise ContractViolation(
            f"{_AT_ONCE} requests for one seat were told as {len(told)} bookings",
            expected=f"`{BOOKING_CREATED}` of {booking.id}",
            observed=", ".join(told),
        )


@requirement("STD-BOOK-5")
async def test_a_seat_is_not_booked_for_a_part_of_a_time_that_is_taken(case: Case) -> None:
    """Nor is a booking moved there; the same seat at another time is free."""
    student, other = await case.users(2)
    spot = await open_spot(case)
    await spot.booked(student, begin=10, end=12)
    attempts = [
        await spot.book(other, begin=begin, end=end) for begin, end in ((9, 11), (11, 13), (10.5, 11.5), (9, 13))
    ]
    elsewhen = await spot.booked(other, begin=14, end=16)
    times = {"startsAt": spot.time(11), "endsAt": spot.time(13)}
    attempts.append(await other.call("updateBooking", bookingId=elsewhen.id, **times))
    beside = await spot.update(elsewhen, other, 17)
    for answer in attempts:
        answer.must_not_be_done("although the seat was booked then", Refusal.VALUE)
        answer.must_be_refused("although the seat was booked then", Refusal.VALUE, beside=beside)
