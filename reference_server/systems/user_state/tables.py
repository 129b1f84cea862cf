"""User-state's storage: accounts, and the sessions that were logged out before they expired."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    exists,
    insert,
    select,
    update,
)

from ...store.database import Store
from .rules import Account, Change, Role, Session, Tier

TABLES: Final = MetaData()

USERS: Final = Table(
    "users",
    TABLES,
    Column("id", String(64), primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("password", String(256), nullable=False),
    Column("role", String(16), nullable=False),
    Column("tier", String(16), nullable=False),
    Column("banned", Boolean, nullable=False, default=False),
    Column("epoch", Integer, nullable=False, default=0),
)

ENDED: Final = Table(
    "ended_sessions",
    TABLES,
    Column("token_id", String(64), primary_key=True),
    Column("expires_at", Float, nullable=False),
    Index("ended_sessions_by_expiry", "expires_at"),
)

_ACCOUNT = (USERS.c.id, USERS.c.email, USERS.c.role, USERS.c.tier, USERS.c.banned, USERS.c.epoch)


def _account(row: Any) -> Account:
    return Account(row.id, row.email, Role(row.role), Tier(row.tier), row.banned, row.epoch)


class Accounts:
    """The accounts in the store. What a method changes is committed when it returns."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, user_id: str) -> Account | None:
        """The account with this id."""
        async with self._store.reading() as connection:
            row = (await connection.execute(select(*_ACCOUNT).where(USERS.c.id == user_id))).one_or_none()
        return None if row is None else _account(row)

    async def find_login(self, email: str) -> tuple[Account, str] | None:
        """The account with this email, and the hash of its password."""
        statement = select(*_ACCOUNT, USERS.c.password).where(USERS.c.email == email)
        async with self._store.reading() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else (_account(row), row.password)

    async def of_session(self, session: Session) -> tuple[Account | None, bool]:
        """The session's account, and whether the session was logged out."""
        ended = exists().where(ENDED.c.token_id == session.token_id).label("ended")
        statement = select(*_ACCOUNT, ended).where(USERS.c.id == session.user_id)
        async with self._store.reading() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return (None, False) if row is None else (_account(row), bool(row.ended))

    async def change(self, user_id: str, rule: Callable[[Account], Account]) -> Change | None:
        """Make of an account what the rule says, in one transaction; None where there is no such account."""
        async with self._store.writing() as connection:
            mine = select(*_ACCOUNT).where(USERS.c.id == user_id).with_for_update()
            row = (await connection.execute(mine)).one_or_none()
            if row is None:
                return None
            before = _account(row)
            change = Change(before, rule(before))
            if change.changed:
                after = change.after
                await connection.execute(
                    update(USERS)
                    .where(USERS.c.id == user_id)
                    .values(tier=after.tier.value, banned=after.banned, epoch=after.epoch)
                )
        return change

    async def end_session(self, session: Session, now: float) -> None:
        """Log one session out for good, and forget those whose tokens have expired by themselves."""
        async with self._store.writing() as connection:
            await connection.execute(delete(ENDED).where(ENDED.c.expires_at < now))
            known = select(ENDED.c.token_id).where(ENDED.c.token_id == session.token_id)
            if (await connection.execute(known)).first() is None:
                await connection.execute(insert(ENDED).values(token_id=session.token_id, expires_at=session.expires_at))

    async def add(self, accounts: Iterable[Account], password: str, *, promote: bool = False) -> None:
        """Add accounts that share the hash of one password.

        Those whose email exists take the password, and with `promote` the role, and keep the rest.
        """
        rows = [
            {
                "id": account.id,
                "email": account.email,
                "password": password,
                "role": account.role.value,
                "tier": account.tier.value,
                "banned": account.banned,
                "epoch": account.epoch,
            }
            for account in accounts
        ]
        async with self._store.writing() as connection:
            known = set((await connection.execute(select(USERS.c.email))).scalars())
            new = [row for row in rows if row["email"] not in known]
            old = [{"at": row["email"], "to": row["role"]} for row in rows if row["email"] in known]
            if new:
                await connection.execute(insert(USERS), new)
            if old:
                values = {"password": password, "role": bindparam("to")} if promote else {"password": password}
                await connection.execute(update(USERS).where(USERS.c.email == bindparam("at")).values(values), old)

    async def all(self, emails: Iterable[str]) -> list[Account]:
        """The accounts with these emails, in their order."""
        async with self._store.reading() as connection:
            rows = (await connection.execute(select(*_ACCOUNT))).all()
        found = {row.email: _account(row) for row in rows}
        return [found[email] for email in emails]
