"""The tables of bookings. No seat is booked twice for one time: a seat and a quarter of an hour are one unique key."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Enum,
    Index,
    PrimaryKeyConstraint,
    String,
    Table,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from ...store.sql import SqlConnection
from ...store.tables import TABLES, number
from .bookings import MOVES, Booking, Status
from .tables import LIBRARIES, STAFF
from .times import of_seconds, seconds, slots

BOOKINGS: Final = Table(
    "studyspot_bookings",
    TABLES,
    number(),
    Column("id", String(64), nullable=False, unique=True),
    Column("library_id", String(64), nullable=False),
    Column("seat_id", String(64), nullable=False),
    Column("student_id", String(64), nullable=False),
    Column("student_name", String(254), nullable=False),
    Column("starts_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column(
        "status",
        Enum(Status, native_enum=False, length=16, values_callable=lambda known: [one.value for one in known]),
        nullable=False,
    ),
    Index("studyspot_bookings_by_student", "student_id", "number"),
    Index("studyspot_bookings_by_library", "library_id", "number"),
)

HELD: Final = Table(
    "studyspot_held",
    TABLES,
    Column("seat_id", String(64), nullable=False),
    Column("slot", BigInteger, nullable=False),
    Column("booking_id", String(64), nullable=False),
    PrimaryKeyConstraint("seat_id", "slot"),
    Index("studyspot_held_by_booking", "booking_id"),
)
"""The quarters of an hour at which seats are booked: those of each booking that is not over."""

Time = tuple[datetime, datetime]
"""From when to when."""
_OPEN: Final = [status for status in Status if MOVES[status]]


def _row(booking: Booking) -> dict[str, Any]:
    return {
        "id": booking.id,
        "library_id": booking.library_id,
        "seat_id": booking.seat_id,
        "student_id": booking.student_id,
        "student_name": booking.student_name,
        "starts_at": seconds(booking.starts_at),
        "ends_at": seconds(booking.ends_at),
        "status": booking.status,
    }


def _booking(row: Any) -> Booking:
    return Booking(
        id=row.id,
        library_id=row.library_id,
        seat_id=row.seat_id,
        student_id=row.student_id,
        student_name=row.student_name,
        starts_at=of_seconds(row.starts_at),
        ends_at=of_seconds(row.ends_at),
        status=row.status,
    )


async def add(connection: SqlConnection, booking: Booking) -> None:
    """A new one; it holds nothing yet."""
    await connection.execute(insert(BOOKINGS).values(**_row(booking)))


async def write(connection: SqlConnection, booking: Booking) -> None:
    """The booking as it is now."""
    await connection.execute(update(BOOKINGS).where(BOOKINGS.c.id == booking.id).values(**_row(booking)))


async def hold(connection: SqlConnection, booking: Booking) -> bool:
    """Hold the seat for the time of a booking; False where another one does: the transaction is to be undone then."""
    taken = [
        {"seat_id": booking.seat_id, "slot": slot, "booking_id": booking.id}
        for slot in slots(booking.starts_at, booking.ends_at)
    ]
    try:
        await connection.execute(insert(HELD), taken)
    except IntegrityError:
        return False
    return True


async def free(connection: SqlConnection, booking: Booking) -> None:
    """Hold nothing any more for a booking."""
    await connection.execute(delete(HELD).where(HELD.c.booking_id == booking.id))


async def find(connection: SqlConnection, booking_id: str, *, hold: bool = False) -> Booking | None:
    """The booking of this id, or None; with `hold`, nobody else changes it meanwhile."""
    statement = select(BOOKINGS).where(BOOKINGS.c.id == booking_id)
    row = (await connection.execute(statement.with_for_update() if hold else statement)).one_or_none()
    return None if row is None else _booking(row)


async def concerning(connection: SqlConnection, user_id: str) -> Iterator[Booking]:
    """A student's own bookings, or those of the desks that somebody is at; the newest first."""
    owned = select(LIBRARIES.c.id).where(LIBRARIES.c.owner_id == user_id)
    helped = select(STAFF.c.library_id).where(STAFF.c.staff_id == user_id)
    here = BOOKINGS.c.library_id
    theirs = select(BOOKINGS).where(or_(BOOKINGS.c.student_id == user_id, here.in_(owned), here.in_(helped)))
    return map(_booking, await connection.execute(theirs.order_by(BOOKINGS.c.number.desc())))


async def taken(connection: SqlConnection, library_id: str, now: datetime) -> dict[str, list[Time]]:
    """When the seats of a library are booked, by their ids: the times that are not over, the earliest first."""
    of_library = select(BOOKINGS.c.seat_id, BOOKINGS.c.starts_at, BOOKINGS.c.ends_at).where(
        BOOKINGS.c.library_id == library_id, BOOKINGS.c.status.in_(_OPEN), BOOKINGS.c.ends_at > seconds(now)
    )
    found: dict[str, list[Time]] = {}
    for row in await connection.execute(of_library.order_by(BOOKINGS.c.starts_at)):
        found.setdefault(row.seat_id, []).append((of_seconds(row.starts_at), of_seconds(row.ends_at)))
    return found


async def remove_all(connection: SqlConnection, library_id: str) -> None:
    """The bookings of a library that is gone are gone."""
    theirs = select(BOOKINGS.c.id).where(BOOKINGS.c.library_id == library_id)
    await connection.execute(delete(HELD).where(HELD.c.booking_id.in_(theirs)))
    await connection.execute(delete(BOOKINGS).where(BOOKINGS.c.library_id == library_id))
