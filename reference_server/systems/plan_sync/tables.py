"""The tables of plan-sync, and what is read and written there, each time in the transaction of the connection."""

from dataclasses import asdict, fields, replace
from typing import Any, Final, TypeVar

from sqlalchemy import Column, Enum, Float, Index, Integer, String, Table, delete, insert, select, update

from ...store.sql import SqlConnection
from ...store.tables import TABLES, number
from .plans import Plan, Standing, UserPlan

PLANS: Final = Table(
    "plans",
    TABLES,
    number(),
    Column("id", String(64), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("roi", Float, nullable=False),
    Column("duration", Integer, nullable=False),
    Column("min_amount", Float, nullable=False),
    Column("max_amount", Float, nullable=False),
    Column("version", Integer, nullable=False),
)

USER_PLANS: Final = Table(
    "user_plans",
    TABLES,
    number(),
    Column("id", String(64), nullable=False, unique=True),
    Column("user_id", String(64), nullable=False),
    Column("plan_id", String(64)),
    Column("amount", Float, nullable=False),
    Column("roi", Float, nullable=False),
    Column("duration", Integer, nullable=False),
    Column("status", Enum(Standing, native_enum=False, length=8), nullable=False),
    Index("user_plans_by_user", "user_id", "number"),
    Index("user_plans_by_plan", "plan_id"),
)

_TABLES: Final[dict[type, Table]] = {Plan: PLANS, UserPlan: USER_PLANS}
_Kept = TypeVar("_Kept", Plan, UserPlan)


def _of(kind: type[_Kept], row: Any) -> _Kept:
    return kind(**{field.name: getattr(row, field.name) for field in fields(kind)})


async def add(connection: SqlConnection, thing: Plan | UserPlan) -> None:
    """A new one."""
    await connection.execute(insert(_TABLES[type(thing)]).values(**asdict(thing)))


async def find(connection: SqlConnection, kind: type[_Kept], thing_id: str) -> _Kept | None:
    """The one of this id, or None."""
    table = _TABLES[kind]
    row = (await connection.execute(select(table).where(table.c.id == thing_id))).one_or_none()
    return None if row is None else _of(kind, row)


async def plans(connection: SqlConnection) -> list[Plan]:
    """All plans, the oldest first."""
    return [_of(Plan, row) for row in await connection.execute(select(PLANS).order_by(PLANS.c.number))]


async def of_user(connection: SqlConnection, user_id: str) -> list[UserPlan]:
    """The user plans of one user, the oldest first."""
    mine = select(USER_PLANS).where(USER_PLANS.c.user_id == user_id).order_by(USER_PLANS.c.number)
    return [_of(UserPlan, row) for row in await connection.execute(mine)]


async def write(connection: SqlConnection, plan: Plan, *, follow: bool = True) -> None:
    """The plan as it is now; its active user plans follow it in ROI and duration."""
    await connection.execute(update(PLANS).where(PLANS.c.id == plan.id).values(**asdict(plan)))
    if follow:
        active = (USER_PLANS.c.plan_id == plan.id) & (USER_PLANS.c.status == Standing.ACTIVE)
        await connection.execute(update(USER_PLANS).where(active).values(roi=plan.roi, duration=plan.duration))


async def remove(connection: SqlConnection, plan: Plan) -> None:
    """The plan is gone; its user plans belong to none any more."""
    await connection.execute(delete(PLANS).where(PLANS.c.id == plan.id))
    await connection.execute(update(USER_PLANS).where(USER_PLANS.c.plan_id == plan.id).values(plan_id=None))


async def end(connection: SqlConnection, user_plan: UserPlan) -> UserPlan:
    """The user plan follows its plan no more."""
    ended = replace(user_plan, status=Standing.ENDED)
    await connection.execute(update(USER_PLANS).where(USER_PLANS.c.id == ended.id).values(status=ended.status))
    return ended
