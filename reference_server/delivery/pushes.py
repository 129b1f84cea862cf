"""The push outbox: what is to reach a user who is not there. Sending it is another program's work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, Text, bindparam, delete, insert, select

from ..store.sql import Prepared, SqlConnection
from ..store.tables import TABLES

SHOWN: Final = 200
"""How many of a user's latest are kept."""
OFFLINE, UNACKNOWLEDGED = "offline", "unacknowledged"

PUSHES: Final = Table(
    "pushes",
    TABLES,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("user_id", String(64), nullable=False),
    Column("event", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("reason", String(16), nullable=False),
    Index("pushes_by_user", "user_id", "seq"),
)
_MINE: Final = PUSHES.c.user_id == bindparam("whose")
_OLDEST: Final = select(PUSHES.c.seq).where(_MINE).order_by(PUSHES.c.seq.desc()).offset(SHOWN).limit(1)
_ADD: Final = Prepared(insert(PUSHES), PUSHES.c.keys())
_LET_GO: Final = Prepared(delete(PUSHES).where(_MINE, PUSHES.c.seq <= _OLDEST.scalar_subquery()))


@dataclass(frozen=True, slots=True)
class Push:
    """One entry."""

    id: str
    event: str
    payload: Mapping[str, Any]
    """The event's argument, whole."""
    created_at: float
    """Seconds of Unix time."""
    reason: str
    """`offline`: its user was not connected; `unacknowledged`: it was sent again and again in vain."""


async def add(connection: SqlConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows of the table, and let go of what nobody is shown any more."""
    if not rows:
        return
    await connection.run(_ADD, rows)
    for user_id in {row["user_id"] for row in rows}:
        await connection.run(_LET_GO, {"whose": user_id})


async def among(connection: SqlConnection, seqs: Sequence[int]) -> set[int]:
    """Those of these places in the journal that are in the outbox."""
    return set((await connection.execute(select(PUSHES.c.seq).where(PUSHES.c.seq.in_(seqs)))).scalars())


async def latest(connection: SqlConnection, user_id: str) -> list[Push]:
    """The latest of this user, the oldest first."""
    statement = select(PUSHES).where(PUSHES.c.user_id == user_id).order_by(PUSHES.c.seq.desc()).limit(SHOWN)
    rows = (await connection.execute(statement)).all()
    return [
        Push(f"push_{row.seq}", row.event, orjson.loads(row.text), row.created_at, row.reason) for row in reversed(rows)
    ]
