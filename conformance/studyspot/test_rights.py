"""Students act on their own bookings alone, owners and staff on their own library's alone."""

from typing import Any, Final

import pytest

from eventproof.conform.cases import Answer, Case, ContractViolation, Person, Refusal, requirement

from .spots import OWNER, STAFF, STUDENT, Booking, Spot, a_name, open_spot

_OF_STUDENTS: Final = ("getBooking", "updateBooking", "cancelBooking")
_OF_DESKS: Final = (*_OF_STUDENTS, "checkIn", "checkOut")
_OF_LIBRARIES: Final = ("updateLibrary", "updatePricing", "deleteLibrary")
_OF_EMPLOYERS: Final = ("listStaff", "addStaff", "removeStaff")
_OF_OWNERS: Final = (*_OF_DESKS, *_OF_LIBRARIES, *_OF_EMPLOYERS)
_ATTEMPTS: Final = [
    pytest.param(operation, role, id=f"{operation}-by-another-{role}")
    for role, operations in ((STUDENT, _OF_STUDENTS), (STAFF, _OF_DESKS), (OWNER, _OF_OWNERS))
    for operation in operations
]


@requirement("STD-AUTH-1")
@pytest.mark.parametrize(("operation", "role"), _ATTEMPTS)
async def test_nobody_acts_on_what_is_anothers(case: Case, operation: str, role: str) -> None:
    """It is refused and left as it was; the same call of whom it concerns is accepted."""
    student = await case.user()
    spot = await open_spot(case)
    booking = await spot.booked(student)
    stranger = await _stranger(case, role)
    given = await _given(case, operation, spot, booking)
    right = student if role == STUDENT else spot.owner
    with_staff = operation in _OF_EMPLOYERS and "listStaff" in case.target.operations
    before = await _as_it_is(spot, booking, with_staff=with_staff)
    again = await _as_it_is(spot, booking, with_staff=with_staff)
    because = f"to {stranger.name}, whom it does not concern"
    attempt = await stranger.call(operation, **given)
    refusal = Refusal.CALLER if attempt.status in (401, 403) else Refusal.VALUE
    attempt.must_not_be_done(because, refusal)
    after = await _as_it_is(spot, booking, with_staff=with_staff)
    if after != before == again:  # what changes by itself, such as a time in each answer, tells nothing
        raise ContractViolation(f"{operation} was refused {because}, and done", expected=before, observed=after)

    async def by_whom_it_concerns() -> Answer:
        if operation == "checkIn":
            return (await spot.check_in(booking, right)).must_succeed()
        return (await right.call(operation, **given)).must_succeed()

    await attempt.must_be_refused_beside(by_whom_it_concerns, because, refusal)


async def _stranger(case: Case, role: str) -> Person:
    """Somebody of this role who has a library, a desk or a booking too, and another one."""
    stranger = await case.person(role)
    if role == OWNER:
        await open_spot(case, stranger)
    elif role == STAFF:
        await (await open_spot(case)).employs(stranger)
    else:
        await (await open_spot(case)).booked(stranger)
    return stranger


async def _given(case: Case, operation: str, spot: Spot, booking: Booking) -> dict[str, Any]:
    """The parameters with which the call is accepted from whom it concerns."""
    match operation:
        case "updateBooking":
            return {"bookingId": booking.id, "startsAt": spot.time(9), "endsAt": spot.time(13)}
        case "getBooking" | "cancelBooking" | "checkIn":
            return {"bookingId": booking.id}
        case "checkOut":
            (await spot.check_in(booking, spot.owner)).must_succeed()
            return {"bookingId": booking.id}
        case "updateLibrary":
            return {"libraryId": spot.id, "name": a_name(case)}
        case "updatePricing":
            return {"libraryId": spot.id, "hourly": 61}
        case "addStaff":
            member = case.acting(STAFF)
            await member.session()
            return {"libraryId": spot.id, "staffId": member.id}
        case "removeStaff":
            return {"libraryId": spot.id, "staffId": (await spot.employs(case.acting(STAFF))).id}
        case _:
            return {"libraryId": spot.id}


async def _as_it_is(spot: Spot, booking: Booking, *, with_staff: bool) -> str:
    """What REST shows of both, to whom they concern; and of who helps at the desk."""
    library = (await spot.owner.call("getLibrary", libraryId=spot.id)).must_be_an_answer()
    shown = (await booking.student.call("getBooking", bookingId=booking.id)).must_be_an_answer()
    told = f"{library.status} {library.body}; {shown.status} {shown.body}"
    if with_staff:
        staff = (await spot.owner.call("listStaff", libraryId=spot.id)).must_be_an_answer()
        told += f"; {staff.status} {staff.body}"
    return told
