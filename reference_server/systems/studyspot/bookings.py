"""Bookings: what they are, and what may become of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from ...accounts.account import Account
from . import times

STUDENT: Final = "student"


class Status(StrEnum):
    """Where a booking is."""

    BOOKED = "booked"
    CHECKED_IN = "checked_in"
    CHECKED_OUT = "checked_out"
    CANCELLED = "cancelled"


MOVES: Final[dict[Status, frozenset[Status]]] = {
    Status.BOOKED: frozenset({Status.CHECKED_IN, Status.CANCELLED}),
    Status.CHECKED_IN: frozenset({Status.CHECKED_OUT, Status.CANCELLED}),
    Status.CHECKED_OUT: frozenset(),
    Status.CANCELLED: frozenset(),
}
"""What each may become; one that may become nothing is over, and holds its seat no more."""
_UNLIKE: Final = {Status.CHECKED_IN: "already_checked_in", Status.CHECKED_OUT: "not_checked_in"}
"""Why a booking that is not over cannot become this."""


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
        return not MOVES[self.status]


def refusal(booking: Booking, status: Status | None = None) -> str | None:
    """The code that refuses to change a booking, or to give it this status; None where that may be."""
    if booking.is_over:
        return "booking_over"
    return _UNLIKE[status] if status is not None and status not in MOVES[booking.status] else None


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
