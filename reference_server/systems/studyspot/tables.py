"""The tables of studyspot's libraries, and what is read and written there, in the transaction of the connection."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import (
    Column,
    Float,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    delete,
    insert,
    select,
)

from ...store.kept import Kept
from ...store.sql import Prepared, SqlConnection
from ...store.tables import TABLES, number
from .libraries import Library, Seat

LIBRARIES: Final = Table(
    "studyspot_libraries",
    TABLES,
    number(),
    Column("id", String(64), nullable=False, unique=True),
    Column("owner_id", String(64), nullable=False),
    Column("name", String(100), nullable=False),
    Column("address", String(200), nullable=False),
    Column("seat_count", Integer, nullable=False),
    Column("hourly", Float, nullable=False),
    Column("daily", Float),
    Column("monthly", Float),
    Index("studyspot_libraries_by_owner", "owner_id"),
)

SEATS: Final = Table(
    "studyspot_seats",
    TABLES,
    number(),
    Column("id", String(64), nullable=False, unique=True),
    Column("library_id", String(64), nullable=False),
    Column("label", String(16), nullable=False),
    Index("studyspot_seats_by_library", "library_id", "number"),
)

STAFF: Final = Table(
    "studyspot_staff",
    TABLES,
    number(),
    Column("library_id", String(64), nullable=False),
    Column("staff_id", String(64), nullable=False),
    UniqueConstraint("library_id", "staff_id"),
    Index("studyspot_staff_by_member", "staff_id"),
)


_LIBRARIES: Final = Kept(Library, LIBRARIES)
_SEATS: Final = Kept(Seat, SEATS)
_NEWEST: Final = _LIBRARIES.where(order=LIBRARIES.c.number.desc())
_REMOVE: Final = (
    Prepared(delete(LIBRARIES).where(LIBRARIES.c.id == bindparam("of"))),
    *(Prepared(delete(table).where(table.c.library_id == bindparam("of"))) for table in (SEATS, STAFF)),
)
_SEATS_OF: Final = _SEATS.where(SEATS.c.library_id == bindparam("of"), order=SEATS.c.number)
_STAFF_OF: Final = Prepared(
    select(STAFF.c.staff_id).where(STAFF.c.library_id == bindparam("of")).order_by(STAFF.c.number)
)
_OWNER_OF: Final = Prepared(select(LIBRARIES.c.owner_id).where(LIBRARIES.c.id == bindparam("of")))
_ADD_STAFF: Final = Prepared(insert(STAFF), ("library_id", "staff_id"))
_REMOVE_STAFF: Final = Prepared(
    delete(STAFF).where(STAFF.c.library_id == bindparam("of"), STAFF.c.staff_id == bindparam("who"))
)


async def add_library(connection: SqlConnection, library: Library, seats: Sequence[Seat]) -> None:
    """A new one, with its seats."""
    await _LIBRARIES.add(connection, library)
    await _SEATS.add_all(connection, seats)


async def find_library(connection: SqlConnection, library_id: str, *, hold: bool = False) -> Library | None:
    """The one of this id, or None; with `hold`, nobody else changes it or removes it in this transaction."""
    return await _LIBRARIES.find(connection, library_id, to_change=hold)


async def libraries(connection: SqlConnection) -> list[Library]:
    """All of them, the newest first."""
    return await _LIBRARIES.find_all(connection, _NEWEST)


async def write_library(connection: SqlConnection, library: Library) -> None:
    """The library as it is now."""
    await _LIBRARIES.save(connection, library)


async def remove_library(connection: SqlConnection, library_id: str) -> None:
    """The library is gone, with its seats and its staff."""
    for statement in _REMOVE:
        await connection.run(statement, {"of": library_id})


async def seats(connection: SqlConnection, library_id: str) -> list[Seat]:
    """Those of a library, in their order."""
    return await _SEATS.find_all(connection, _SEATS_OF, {"of": library_id})


async def has_seat(connection: SqlConnection, library_id: str, seat_id: str) -> bool:
    """Whether this is a seat of that library."""
    seat = await _SEATS.find(connection, seat_id)
    return seat is not None and seat.library_id == library_id


# Who is at a desk.


async def staff(connection: SqlConnection, library_id: str) -> list[str]:
    """The ids of who helps at the desk of a library, in the order in which they came."""
    return [staff_id for (staff_id,) in await connection.rows(_STAFF_OF, {"of": library_id})]


async def add_staff(connection: SqlConnection, library_id: str, staff_id: str) -> None:
    """One more, who was not there."""
    await connection.run(_ADD_STAFF, {"library_id": library_id, "staff_id": staff_id})


async def remove_staff(connection: SqlConnection, library_id: str, staff_id: str) -> bool:
    """One less; whether they were there."""
    return await connection.run(_REMOVE_STAFF, {"of": library_id, "who": staff_id}) > 0


async def desk(connection: SqlConnection, library_id: str) -> list[str]:
    """The ids of the owner and the staff of a library; nobody's, where there is none."""
    owner = [owner_id for (owner_id,) in await connection.rows(_OWNER_OF, {"of": library_id})]
    return [*owner, *await staff(connection, library_id)]
