"""The storage of accounts, and of the sessions that were logged out before they expired."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    String,
    Table,
    bindparam,
    delete,
    exists,
    insert,
    select,
    update,
)

from ..store.database import Store
from ..store.sql import Prepared, Row, SqlConnection
from ..store.tables import TABLES
from .account import Account, Change, Session, Tier
from .memory import Memory

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

_ACCOUNT: Final = (USERS.c.id, USERS.c.email, USERS.c.role, USERS.c.tier, USERS.c.banned, USERS.c.epoch)
_THIS: Final = USERS.c.id == bindparam("user_id")
_FIND: Final = Prepared(select(*_ACCOUNT).where(_THIS))
_FIND_TO_CHANGE: Final = Prepared(select(*_ACCOUNT).where(_THIS).with_for_update())
_FIND_LOGIN: Final = Prepared(select(*_ACCOUNT, USERS.c.password).where(USERS.c.email == bindparam("address")))
_ENDED: Final = exists().where(ENDED.c.token_id == bindparam("session_id"))
_FIND_SESSION: Final = Prepared(select(*_ACCOUNT, _ENDED.label("ended")).where(_THIS))
_CHANGE: Final = Prepared(update(USERS).where(_THIS), ("tier", "banned", "epoch"))
_ADD: Final = Prepared(insert(USERS), USERS.c.keys())
_GIVEN: Final = ("role", "tier", "banned")
_REPLACE: Final = Prepared(update(USERS).where(USERS.c.email == bindparam("address")), ("password", *_GIVEN))


def _account(row: Row) -> Account:
    user_id, email, role, tier, banned, epoch = row[: len(_ACCOUNT)]
    return Account(user_id, email, role, Tier(tier), banned, epoch)


def _row(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "email": account.email,
        "role": account.role,
        "tier": account.tier.value,
        "banned": account.banned,
        "epoch": account.epoch,
    }


async def _found(connection: SqlConnection, statement: Prepared, user_id: str) -> Account | None:
    found = await connection.rows(statement, {"user_id": user_id})
    return _account(found[0]) if found else None


class Accounts:
    """The accounts in the store. What a method changes is committed when it returns, save where it says so."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._memory = Memory(store.exclusive)

    async def recall(self) -> None:
        """Load what must be known before anybody comes in; once, at the start."""
        async with self._store.reading() as connection:
            for row in await connection.execute(select(ENDED)):
                self._memory.end(row.token_id, row.expires_at, now=0.0)

    async def find(self, user_id: str) -> Account | None:
        """The account with this id."""
        async with self._store.reading() as connection:
            return await _found(connection, _FIND, user_id)

    async def find_login(self, email: str) -> tuple[Account, str] | None:
        """The account with this email, and the hash of its password."""
        async with self._store.reading() as connection:
            found = await connection.rows(_FIND_LOGIN, {"address": email})
        return (_account(found[0]), found[0][-1]) if found else None

    async def of_session(self, session: Session) -> tuple[Account | None, bool]:
        """The session's account, and whether the session was logged out."""
        known = self._memory.get(session.user_id)
        if known is not None:
            return known, self._memory.has_ended(session.token_id)
        stamp = self._memory.stamp
        asked = {"user_id": session.user_id, "session_id": session.token_id}
        async with self._store.reading() as connection:
            found = await connection.rows(_FIND_SESSION, asked)
        if not found:
            return None, False
        account = _account(found[0])
        self._memory.learn(account, stamp)
        return account, found[0][-1]

    async def change(
        self, connection: SqlConnection, user_id: str, rule: Callable[[Account], Account]
    ) -> Change | None:
        """Make of an account what the rule says, in this transaction; None where there is no such account.

        Once it is committed, `committed` has to be told.
        """
        before = self._memory.get(user_id) or await _found(connection, _FIND_TO_CHANGE, user_id)
        if before is None:
            return None
        change = Change(before, rule(before))
        if change.changed:
            after = change.after
            values = {"tier": after.tier.value, "banned": after.banned, "epoch": after.epoch}
            await connection.run(_CHANGE, {"user_id": user_id, **values})
        return change

    def committed(self, change: Change) -> None:
        """The account is so from now on."""
        self._memory.changed(change.after)

    async def end_session(self, session: Session, now: float, ended: Callable[[], None]) -> None:
        """Log one session out for good, and forget those whose tokens have expired by themselves.

        `ended` is called once it is committed, also where waiting for the disk fails or is cancelled.
        """
        async with self._store.committing() as connection:
            await connection.execute(delete(ENDED).where(ENDED.c.expires_at < now))
            known = select(ENDED.c.token_id).where(ENDED.c.token_id == session.token_id)
            if (await connection.execute(known)).first() is None:
                await connection.execute(insert(ENDED).values(token_id=session.token_id, expires_at=session.expires_at))
        self._memory.end(session.token_id, session.expires_at, now)
        try:
            await self._store.synced()
        finally:
            ended()

    async def add(self, accounts: Sequence[Account], password: str) -> None:
        """Add accounts that share the hash of one password.

        Those whose email exists become as given, and keep their id and their epoch.
        """
        async with self._store.committing() as connection:
            known = set((await connection.execute(select(USERS.c.email))).scalars())
            new = [_row(account) | {"password": password} for account in accounts if account.email not in known]
            old = [
                {"address": account.email, "password": password, **{name: _row(account)[name] for name in _GIVEN}}
                for account in accounts
                if account.email in known
            ]
            await connection.run(_ADD, new)
            await connection.run(_REPLACE, old)
        self._memory.forget()
        await self._store.synced()

    async def all(self, emails: Iterable[str]) -> list[Account]:
        """The accounts with these emails, in their order."""
        stamp = self._memory.stamp
        async with self._store.reading() as connection:
            rows = (await connection.execute(select(*_ACCOUNT))).all()
        found = {row.email: _account(tuple(row)) for row in rows}
        for account in found.values():
            self._memory.learn(account, stamp)
        return [found[email] for email in emails]
