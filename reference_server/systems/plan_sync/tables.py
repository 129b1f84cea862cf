"""The tables of plan-sync, and what is read and written there, each time in the transaction of the connection."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from sqlalchemy import Column, Enum, Float, Index, Integer, String, Table, bindparam, delete, update

from ...store.kept import Kept
from ...store.sql import Prepared, SqlConnection
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

_KEPT: Final[Mapping[type, Kept[Any]]] = {Plan: Kept(Plan, PLANS), UserPlan: Kept(UserPlan, USER_PLANS)}
_Kept = TypeVar("_Kept", Plan, UserPlan)
_PLANS: Final = _KEPT[Plan].where(order=PLANS.c.number)
_OF_USER: Final = _KEPT[UserPlan].where(USER_PLANS.c.user_id == bindparam("whose"), order=USER_PLANS.c.number)
_OF_PLAN: Final = USER_PLANS.c.plan_id == bindparam("of")
_FOLLOW: Final = Prepared(
    update(USER_PLANS).where(_OF_PLAN, USER_PLANS.c.status == Standing.ACTIVE), ("roi", "duration")
)
_REMOVE: Final = Prepared(delete(PLANS).where(PLANS.c.id == bindparam("this")))
_BELONG_TO_NONE: Final = Prepared(update(USER_PLANS).where(_OF_PLAN).values(plan_id=None))


async def add(connection: SqlConnection, thing: Plan | UserPlan) -> None:
    """A new one."""
    await _KEPT[type(thing)].add(connection, thing)


async def find(connection: SqlConnection, kind: type[_Kept], thing_id: str) -> _Kept | None:
    """The one of this id, or None."""
    found: _Kept | None = await _KEPT[kind].find(connection, thing_id)
    return found


async def plans(connection: SqlConnection) -> list[Plan]:
    """All plans, the oldest first."""
    return await _KEPT[Plan].find_all(connection, _PLANS)


async def of_user(connection: SqlConnection, user_id: str) -> list[UserPlan]:
    """The user plans of one user, the oldest first."""
    return await _KEPT[UserPlan].find_all(connection, _OF_USER, {"whose": user_id})


async def write(connection: SqlConnection, plan: Plan, *, follow: bool = True) -> None:
    """The plan as it is now; its active user plans follow it in ROI and duration."""
    await _KEPT[Plan].save(connection, plan)
    if follow:
        await connection.run(_FOLLOW, {"of": plan.id, "roi": plan.roi, "duration": plan.duration})


async def remove(connection: SqlConnection, plan: Plan) -> None:
    """The plan is gone; its user plans belong to none any more."""
    await connection.run(_REMOVE, {"this": plan.id})
    await connection.run(_BELONG_TO_NONE, {"of": plan.id})


async def end(connection: SqlConnection, user_plan: UserPlan) -> UserPlan:
    """The user plan follows its plan no more."""
    ended = replace(user_plan, status=Standing.ENDED)
    await _KEPT[UserPlan].save(connection, ended)
    return ended
