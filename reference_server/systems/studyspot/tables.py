"""The tables of studyspot's libraries, and what is read and written there, in the transaction of the connection."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any, Final

from sqlalchemy import (
    Column,
    Float,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    delete,
    insert,
    select,
    update,
)

from ...store.sql import SqlConnection
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


def _library(row: Any) -> Library:
    return Library(**{field.name: getattr(row, field.name) for field in fields(Library)})


async def add_library(connection: SqlConnection, library: Library, seats: Sequence[Seat]) -> None:
    """A new one, with its seats."""
    await connection.execute(insert(LIBRARIES).values(**asdict(library)))
    await connection.execute(insert(SEATS), [asdict(seat) for seat in seats])


async def find_library(connection: SqlConnection, library_id: str, *, hold: bool = False) -> Library | None:
    """The one of this id, or None; with `hold`, nobody else changes it or removes it in this transaction."""
    statement = select(LIBRARIES).where(LIBRARIES.c.id == library_id)
    row = (await connection.execute(statement.with_for_update() if hold else statement)).one_or_none()
    return None if row is None else _library(row)


async def libraries(connection: SqlConnection) -> list[Library]:
    """All of them, the newest first."""
    rows = await connection.execute(select(LIBRARIES).order_by(LIBRARIES.c.number.desc()))
    return [_library(row) for row in rows]


async def write_library(connection: SqlConnection, library: Library) -> None:
    """The library as it is now."""
    await connection.execute(update(LIBRARIES).where(LIBRARIES.c.id == library.id).values(**asdict(library)))


async def remove_library(connection: SqlConnection, library_id: str) -> None:
    """The library is gone, with its seats and its staff."""
    await connection.execute(delete(LIBRARIES).where(LIBRARIES.c.id == library_id))
    for table in (SEATS, STAFF):
        await connection.execute(delete(table).where(table.c.library_id == library_id))


async def seats(connection: SqlConnection, library_id: str) -> list[Seat]:
    """Those of a library, in their order."""
    rows = await connection.execute(select(SEATS).where(SEATS.c.library_id == library_id).order_by(SEATS.c.number))
    return [Seat(row.id, row.library_id, row.label) for row in rows]


async def has_seat(connection: SqlConnection, library_id: str, seat_id: str) -> bool:
    """Whether this is a seat of that library."""
    found = select(SEATS.c.id).where(SEATS.c.id == seat_id, SEATS.c.library_id == library_id)
    return (await connection.execute(found)).first() is not None


# Who is at a desk.


async def staff(connection: SqlConnection, library_id: str) -> list[str]:
    """The ids of who helps at the desk of a library, in the order in which they came."""
    known = select(STAFF.c.staff_id).where(STAFF.c.library_id == library_id).order_by(STAFF.c.number)
    return list((await connection.execute(known)).scalars())


async def add_staff(connection: SqlConnection, library_id: str, staff_id: str) -> None:
    """One more, who was not there."""
    await connection.execute(insert(STAFF).values(library_id=library_id, staff_id=staff_id))


async def remove_staff(connection: SqlConnection, library_id: str, staff_id: str) -> bool:
    """One less; whether they were there."""
    there = (STAFF.c.library_id == library_id) & (STAFF.c.staff_id == staff_id)
    return (await connection.execute(delete(STAFF).where(there))).rowcount > 0


async def desk(connection: SqlConnection, library_id: str) -> list[str]:
    """The ids of the owner and the staff of a library; nobody's, where there is none."""
    owner = select(LIBRARIES.c.owner_id).where(LIBRARIES.c.id == library_id)
    return [*(await connection.execute(owner)).scalars(), *await staff(connection, library_id)]
