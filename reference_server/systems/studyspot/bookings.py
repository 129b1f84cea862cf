"""Bookings: what they are, and what may become of them."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from ...accounts.account import Account
from ...refusals import Refusal, contracts
from . import times

STUDENT: Final = "student"
LIFE: Final = contracts().system("studyspot").states["booking"]


class Status(StrEnum):
    """Where a booking is."""

    BOOKED = "booked"
    CHECKED_IN = "checked_in"
    CHECKED_OUT = "checked_out"
    CANCELLED = "cancelled"


OPEN: Final = tuple(status for status in Status if status not in LIFE.ends)
"""Where a booking is not over, and holds its seat."""
_UNLIKE: Final = {"checkIn": "already_checked_in", "checkOut": "not_checked_in"}
"""Why a booking that is not over is not checked in, or out."""


@dataclass(frozen=True, slots=True)
class Booking:
    """One seat for one student, from one quarter of an hour to another."""

    id: str
    library_id: str
    seat_id: str
    student_id: str
    student_name: str
    starts_at: datetime
    ends_at: datetime
    status: Status = Status.BOOKED

    @property
    def is_over(self) -> bool:
        """Whether nothing more becomes of it."""
        return self.status not in OPEN


def moved(booking: Booking, call: str) -> Booking:
    """The booking in the status to which a call leads. Raises Refusal where it leads nowhere."""
    status = LIFE.after(booking.status, call)
    if status is None:
        raise Refusal("booking_over" if booking.is_over else _UNLIKE[call])
    return replace(booking, status=Status(status))


def name_of(student: Account) -> str:
    """What a student is called at a desk: an account has no name but that in its email."""
    local = student.email.partition("@")[0]
    return " ".join(part.capitalize() for part in local.replace(".", " ").replace("-", " ").split()) or local


def shown(booking: Booking) -> dict[str, Any]:
    """A booking, as calls and events show it."""
    return {
        "id": booking.id,
        "libraryId": booking.library_id,
        "seatId": booking.seat_id,
        "studentId": booking.student_id,
        "studentName": booking.student_name,
        "startsAt": times.shown(booking.starts_at),
        "endsAt": times.shown(booking.ends_at),
        "status": booking.status.value,
    }
