"""Shield's tables, and what is read and written there; every function works in the transaction of its connection."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Enum,
    Index,
    Integer,
    String,
    Table,
    Text,
    TypeDecorator,
    select,
)

from ...store.kept import Kept
from ...store.sql import SqlConnection
from ...store.tables import TABLES, number
from .claims import Claim, Status
from .member import Member, Subscription
from .notices import Kind as NoticeKind
from .notices import Notice
from .plans import Billing, Plan
from .wallet import Kind as TransactionKind
from .wallet import Status as WithdrawalStatus
from .wallet import Transaction, Withdrawal

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


class Moment(TypeDecorator[datetime]):
    """A time, kept as the milliseconds since 1970 in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:  # noqa: ARG002 - any database
        """What is kept of a time."""
        return None if value is None else (value - _EPOCH) // _MILLISECOND

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:  # noqa: ARG002 - any database
        """The time that is kept."""
        return None if value is None else _EPOCH + value * _MILLISECOND


def _choice(of: type[StrEnum]) -> Enum:
    return Enum(of, values_callable=lambda members: [each.value for each in members], native_enum=False, length=32)


def _id(name: str = "id", **options: Any) -> Column[str]:
    return Column(name, String(64), **options)


def _cents(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


MEMBERS: Final = Table(
    "shield_members",
    TABLES,
    _id("user_id", primary_key=True),
    _id("subscription_id", nullable=False),
    Column("plan", _choice(Plan), nullable=False),
    Column("billing", _choice(Billing), nullable=False),
    Column("status", _choice(Subscription), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("renews_at", Moment, nullable=False),
    Column("covered_from", Moment, nullable=False),
    Column("covered_until", Moment, nullable=False),
    _cents("used"),
    Column("tickets", Integer, nullable=False),
    _cents("reserved"),
    Column("reserved_tickets", Integer, nullable=False),
    _cents("balance"),
    Column("unread", Integer, nullable=False),
    Column("last_payout_at", Moment),
    Column("restricted_until", Moment),
    Column("clock_days", Integer, nullable=False),
)

CLAIMS: Final = Table(
    "shield_claims",
    TABLES,
    number(),
    _id(nullable=False, unique=True),
    _id("user_id", nullable=False),
    Column("ticket_number", Text, nullable=False),
    _cents("amount"),
    Column("city", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("violation_type", Text, nullable=False),
    Column("status", _choice(Status), nullable=False),
    Column("submitted_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("decided_at", Moment),
    Column("decision_notes", Text),
    Column("denial_code", String(4)),
    _id("payout_id"),
    _id("transaction_id"),
    Column("paid_at", Moment),
    Column("proof_requested_at", Moment),
    Column("proof_due_by", Moment),
    Column("proof_message", Text),
    Column("proof_submitted_at", Moment),
    Index("shield_claims_by_user", "user_id", "number"),
)

TRANSACTIONS: Final = Table(
    "shield_transactions",
    TABLES,
    number(),
    _id(nullable=False, unique=True),
    _id("user_id", nullable=False),
    Column("kind", _choice(TransactionKind), nullable=False),
    _cents("amount"),
    Column("created_at", Moment, nullable=False),
    _id("claim_id"),
    Index("shield_transactions_by_user", "user_id", "number"),
)

WITHDRAWALS: Final = Table(
    "shield_withdrawals",
    TABLES,
    _id(primary_key=True),
    _id("user_id", nullable=False),
    _cents("amount"),
    Column("bank_account_last_four", String(4), nullable=False),
    Column("status", _choice(WithdrawalStatus), nullable=False),
    Column("requested_at", Moment, nullable=False),
    Column("decided_at", Moment),
    Column("failure_reason", Text),
)

NOTICES: Final = Table(
    "shield_notices",
    TABLES,
    number(),
    _id(nullable=False, unique=True),
    _id("user_id", nullable=False),
    Column("title", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("kind", _choice(NoticeKind), nullable=False),
    Column("read", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    _id("claim_id"),
    Column("route", Text),
    Index("shield_notices_by_user", "user_id", "number"),
)

_OWNED: Final[Mapping[type, Table]] = {
    Claim: CLAIMS,
    Transaction: TRANSACTIONS,
    Withdrawal: WITHDRAWALS,
    Notice: NOTICES,
}
"""Where the things that belong to a member are kept; a field of theirs is the column of its name."""
_KEPT: Final[Mapping[type, Kept[Any]]] = {kind: Kept(kind, table) for kind, table in _OWNED.items()}
_MEMBERS: Final = Kept(Member, MEMBERS, "user_id")

Thing = Claim | Transaction | Withdrawal | Notice
_Thing = TypeVar("_Thing", Claim, Transaction, Withdrawal, Notice)


async def member(connection: SqlConnection, user_id: str, *, to_change: bool = False) -> Member | None:
    """The member, if this user is one yet; `to_change`: nobody else changes it while the transaction lasts."""
    return await _MEMBERS.find(connection, user_id, to_change=to_change)


async def save_member(connection: SqlConnection, member: Member) -> None:
    """Keep a member, new or changed."""
    if not await _MEMBERS.save(connection, member):
        await _MEMBERS.add(connection, member)


async def find(connection: SqlConnection, kind: type[_Thing], user_id: str, thing_id: str) -> _Thing | None:
    """The thing of this id, where it is the user's."""
    found: _Thing | None = await _KEPT[kind].find(connection, thing_id)
    return found if found is not None and found.user_id == user_id else None


async def latest(connection: SqlConnection, kind: type[_Thing], user_id: str, most: int) -> list[_Thing]:
    """The user's things of this kind, the newest first, so many at most."""
    table = _OWNED[kind]
    statement = _columns(kind).where(table.c.user_id == user_id).order_by(table.c.number.desc()).limit(most)
    return [kind(**row) for row in (await connection.execute(statement)).mappings()]


async def latest_beside(
    connection: SqlConnection, count: Column[int], kind: type[_Thing], user_id: str, most: int
) -> tuple[int, list[_Thing]]:
    """A count of the member's row and the user's latest things, as one and the same commit left them."""
    table = _OWNED[kind]
    named = [table.c[field.name].label(f"thing_{field.name}") for field in fields(kind)]
    statement = (
        select(count.label("count"), *named)
        .select_from(MEMBERS.outerjoin(table, table.c.user_id == MEMBERS.c.user_id))
        .where(MEMBERS.c.user_id == user_id)
        .order_by(table.c.number.desc())
        .limit(most)
    )
    rows = (await connection.execute(statement)).mappings().all()
    things = [
        kind(**{field.name: row[f"thing_{field.name}"] for field in fields(kind)})
        for row in rows
        if row["thing_id"] is not None
    ]
    return (rows[0]["count"] if rows else 0), things


async def add(connection: SqlConnection, thing: Thing) -> None:
    """Keep a new thing."""
    await _KEPT[type(thing)].add(connection, thing)


async def save(connection: SqlConnection, thing: Thing) -> None:
    """Keep what became of a thing."""
    await _KEPT[type(thing)].save(connection, thing)


def _columns(kind: type[_Thing]) -> Any:
    table = _OWNED[kind]
    return select(*(table.c[field.name] for field in fields(kind)))
