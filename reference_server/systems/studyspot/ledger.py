"""The tables of bookings. No seat is booked twice for one time: a seat and a quarter of an hour are one unique key."""

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
    TypeDecorator,
    bindparam,
    delete,
    insert,
    or_,
    select,
)
from sqlalchemy.exc import IntegrityError

from ...store.kept import Kept
from ...store.sql import Prepared, SqlConnection
from ...store.tables import TABLES, number
from .bookings import OPEN, Booking, Status
from .tables import LIBRARIES, STAFF
from .times import of_seconds, seconds, slots


class Seconds(TypeDecorator[datetime]):
    """A time, kept as the whole seconds since 1970 in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:  # noqa: ARG002 - any database
        """What is kept of a time."""
        return None if value is None else seconds(value)

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:  # noqa: ARG002 - any database
        """The time that is kept."""
        return None if value is None else of_seconds(value)


BOOKINGS: Final = Table(
    "studyspot_bookings",
    TABLES,
    number(),
    Column("id", String(64), nullable=False, unique=True),
    Column("library_id", String(64), nullable=False),
    Column("seat_id", String(64), nullable=False),
    Column("student_id", String(64), nullable=False),
    Column("student_name", String(254), nullable=False),
    Column("starts_at", Seconds, nullable=False),
    Column("ends_at", Seconds, nullable=False),
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
_BOOKINGS: Final = Kept(Booking, BOOKINGS)
_HOLD: Final = Prepared(insert(HELD), ("seat_id", "slot", "booking_id"))
_FREE: Final = Prepared(delete(HELD).where(HELD.c.booking_id == bindparam("of")))
_OWNED: Final = select(LIBRARIES.c.id).where(LIBRARIES.c.owner_id == bindparam("whose"))
_HELPED: Final = select(STAFF.c.library_id).where(STAFF.c.staff_id == bindparam("whose"))
_CONCERNING: Final = _BOOKINGS.where(
    or_(
        BOOKINGS.c.student_id == bindparam("whose"),
        BOOKINGS.c.library_id.in_(_OWNED),
        BOOKINGS.c.library_id.in_(_HELPED),
    ),
    order=BOOKINGS.c.number.desc(),
)
_OF_LIBRARY: Final = BOOKINGS.c.library_id == bindparam("of")
_TAKEN: Final = Prepared(
    select(BOOKINGS.c.seat_id, BOOKINGS.c.starts_at, BOOKINGS.c.ends_at)
    .where(_OF_LIBRARY, BOOKINGS.c.ends_at > bindparam("now"))
    .where(or_(*(BOOKINGS.c.status == status for status in OPEN)))
    .order_by(BOOKINGS.c.starts_at)
)
_REMOVE_ALL: Final = (
    Prepared(delete(HELD).where(HELD.c.booking_id.in_(select(BOOKINGS.c.id).where(_OF_LIBRARY)))),
    Prepared(delete(BOOKINGS).where(_OF_LIBRARY)),
)


async def add(connection: SqlConnection, booking: Booking) -> None:
    """A new one; it holds nothing yet."""
    await _BOOKINGS.add(connection, booking)


async def write(connection: SqlConnection, booking: Booking) -> None:
    """The booking as it is now."""
    await _BOOKINGS.save(connection, booking)


async def hold(connection: SqlConnection, booking: Booking) -> bool:
    """Hold the seat for the time of a booking; False where another one does: the transaction is to be undone then."""
    taken = [
        {"seat_id": booking.seat_id, "slot": slot, "booking_id": booking.id}
        for slot in slots(booking.starts_at, booking.ends_at)
    ]
    try:
        await connection.run(_HOLD, taken)
    except IntegrityError:
        return False
    return True


async def free(connection: SqlConnection, booking: Booking) -> None:
    """Hold nothing any more for a booking."""
    await connection.run(_FREE, {"of": booking.id})


async def find(connection: SqlConnection, booking_id: str, *, hold: bool = False) -> Booking | None:
    """The booking of this id, or None; with `hold`, nobody else changes it meanwhile."""
    return await _BOOKINGS.find(connection, booking_id, to_change=hold)


async def concerning(connection: SqlConnection, user_id: str) -> list[Booking]:
    """A student's own bookings, or those of the desks that somebody is at; the newest first."""
    return await _BOOKINGS.find_all(connection, _CONCERNING, {"whose": user_id})


async def taken(connection: SqlConnection, library_id: str, now: datetime) -> dict[str, list[Time]]:
    """When the seats of a library are booked, by their ids: the times that are not over, the earliest first."""
    found: dict[str, list[Time]] = {}
    for seat_id, starts_at, ends_at in await connection.rows(_TAKEN, {"of": library_id, "now": now}):
        found.setdefault(seat_id, []).append((starts_at, ends_at))
    return found


async def remove_all(connection: SqlConnection, library_id: str) -> None:
    """The bookings of a library that is gone are gone."""
    for statement in _REMOVE_ALL:
        await connection.run(statement, {"of": library_id})
