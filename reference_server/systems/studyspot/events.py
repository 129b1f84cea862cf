"""The events of studyspot, and the room that each goes to. What is for a desk goes to everyone at it, one by one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...delivery.message import Message
from ...delivery.rooms import of_user
from . import bookings, libraries, times
from .bookings import STUDENT, Booking
from .channel import at_desk, of_joined_role, of_library
from .libraries import Library

Desk = Sequence[str]
"""The ids of who is at the desk of a library: its owner and its staff."""


def booking_created(booking: Booking, desk: Desk) -> Iterator[Message]:
    """A seat was booked."""
    yield from _to_desk("booking:created", bookings.shown(booking), desk, booking.id)
    yield _seat(booking, available=False)


def booking_updated(before: Booking, after: Booking, desk: Desk) -> Iterator[Message]:
    """A booking has another seat or another time: what it was is free, what it is now is not."""
    yield from _of_booking("booking:updated", after, bookings.shown(after), desk)
    if (before.seat_id, before.starts_at, before.ends_at) != (after.seat_id, after.starts_at, after.ends_at):
        yield _seat(before, available=True)
        yield _seat(after, available=False)


def booking_cancelled(booking: Booking, desk: Desk) -> Iterator[Message]:
    """A booking is no more."""
    yield from _of_booking("booking:cancelled", booking, {"id": booking.id}, desk)
    yield _seat(booking, available=True)


def checked_in(booking: Booking) -> Iterator[Message]:
    """The student is there."""
    yield _to_student("booking:checkin", booking)


def checked_out(booking: Booking) -> Iterator[Message]:
    """The student has left."""
    yield _to_student("booking:checkout", booking)
    yield _seat(booking, available=True)


def library_created(library: Library) -> Iterator[Message]:
    """There is a new library."""
    yield _to_students("library:created", libraries.shown(library), library.id)


def library_updated(library: Library, desk: Desk) -> Iterator[Message]:
    """A library has another name or address."""
    payload = libraries.shown(library)
    yield _to_students("library:updated", payload, library.id)
    yield from _to_desk("library:updated", payload, desk, library.id)


def library_deleted(library_id: str) -> Iterator[Message]:
    """A library is gone."""
    yield _to_students("library:deleted", {"id": library_id}, library_id)


def pricing_updated(library: Library) -> Iterator[Message]:
    """A library has other prices."""
    payload = {"libraryId": library.id, "pricing": library.pricing}
    yield _to_students("pricing:updated", payload, library.id)


def _of_booking(name: str, booking: Booking, payload: Mapping[str, Any], desk: Desk) -> Iterator[Message]:
    yield Message(name, payload, of_user(booking.student_id), order_key=booking.id)
    yield from _to_desk(name, payload, desk, booking.id)


def _to_desk(name: str, payload: Mapping[str, Any], desk: Desk, key: str) -> Iterator[Message]:
    for user_id in desk:
        yield Message(name, payload, at_desk(user_id), order_key=key)


def _to_student(name: str, booking: Booking) -> Message:
    payload = {"bookingId": booking.id, "libraryId": booking.library_id, "status": booking.status.value}
    return Message(name, payload, of_user(booking.student_id), order_key=booking.id)


def _to_students(name: str, payload: Mapping[str, Any], library_id: str) -> Message:
    return Message(name, payload, of_joined_role(STUDENT), order_key=library_id)


def _seat(booking: Booking, *, available: bool) -> Message:
    payload = {
        "seatId": booking.seat_id,
        "available": available,
        "libraryId": booking.library_id,
        "startsAt": times.shown(booking.starts_at),
        "endsAt": times.shown(booking.ends_at),
    }
    return Message("seat:availability", payload, of_library(booking.library_id), order_key=booking.seat_id)
