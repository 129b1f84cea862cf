"""SQLite, run where it is asked for: a statement takes some microseconds, and a change of threads some fifty.

One connection reads and one writes. Nothing here makes the event loop wait for another program's lock or for the disk:
whoever is in the way is asked again in a moment, and the log is synced in a thread (`wal.py`).
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy import Executable, MetaData, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from .sql import Rows, SqlConnection
from .wal import WriteAheadLog

T = TypeVar("T")
_log = structlog.get_logger("store")

BEGIN: Final = "BEGIN IMMEDIATE"
"""A transaction of ours writes; taking the lock at once spares it a failure half way."""
_BUSY_SECONDS: Final = 2.0
"""How long another program may be in the way."""
_PAUSE: Final = 0.005
_FEW: Final = 100
"""Rows that are written as fast as one."""
_FOLDED_EVERY: Final = 1000
"""Rows after whose change the log is folded back."""
_STATEMENTS: Final = 500
"""So many are kept prepared."""
_TO_WRITE: Final = (
    *("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", "PRAGMA wal_autocheckpoint=0", "PRAGMA foreign_keys=ON"),
    *(BEGIN, "COMMIT"),  # The first transaction makes the log.
)
_TO_READ: Final = ("PRAGMA query_only=ON",)


class Cursor(sqlite3.Cursor):
    """Has all rows from the beginning: no statement stays open, whose connection would go on seeing what was then."""

    _rows: deque[Any]

    def execute(self, sql: str, parameters: Any = (), /) -> "Cursor":
        """Execute, and fetch."""
        super().execute(sql, parameters)
        self._rows = deque(super().fetchall() if self.description else ())
        return self

    def fetchone(self) -> Any:
        """The next row, or None."""
        return self._rows.popleft() if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows."""
        return [self._rows.popleft() for _ in range(min(size or self.arraysize, len(self._rows)))]

    def fetchall(self) -> list[Any]:
        """The rows that are left."""
        rows = list(self._rows)
        self._rows.clear()
        return rows


class _Driver(sqlite3.Connection):
    def cursor(self, factory: Any = Cursor) -> Any:
        return super().cursor(factory)


class _Connection:
    """A connection as SQLAlchemy's Core has it, without its transactions: those are ours."""

    def __init__(self, url: URL, first: tuple[str, ...]) -> None:
        engine = create_engine(
            url.set(drivername="sqlite+pysqlite"),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={
                "factory": _Driver,
                "check_same_thread": False,
                "cached_statements": _STATEMENTS,
                "timeout": _BUSY_SECONDS,
            },
        )
        self.core = engine.connect()
        driver = self.core.connection.dbapi_connection
        assert isinstance(driver, _Driver)  # noqa: S101 - that is what it was asked for
        self.driver: _Driver = driver
        try:
            for statement in first:
                self.core.exec_driver_sql(statement)
        except BaseException:
            self.core.close()
            raise

    async def execute(self, statement: Executable, parameters: Any = None, /) -> Rows:
        """At once, but many rows in a thread."""
        if isinstance(parameters, list) and len(parameters) > _FEW:
            return await asyncio.to_thread(self.core.execute, statement, parameters)
        return await _patiently(lambda: self.core.execute(statement, parameters))

    async def run(self, sql: str) -> None:
        """What needs no compiling."""
        await _patiently(lambda: self._run(sql))

    def _run(self, sql: str) -> None:
        try:
            self.driver.execute(sql)
        except sqlite3.Error as failure:
            raise OperationalError(sql, None, failure) from failure


async def _patiently(do: Callable[[], T]) -> T:
    """Do it as soon as no other program is in the way."""
    tried = 0
    while True:
        try:
            return do()
        except OperationalError as failure:
            if getattr(failure.orig, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            if tried * _PAUSE >= _BUSY_SECONDS:
                raise
        tried += 1
        await asyncio.sleep(_PAUSE)


class Sqlite:
    """An open file."""

    def __init__(self, url: URL, path: Path) -> None:
        """Raises DBAPIError, and OSError."""
        self._turn = asyncio.Lock()
        self._writer = _Connection(url, _TO_WRITE)
        try:
            self._reader = _Connection(url, _TO_READ)
            self._log = WriteAheadLog(path)
        except BaseException:
            self._writer.core.close()
            raise
        self._folded = 0
        self._folding: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[SqlConnection]:
        """A connection that sees what is committed, statement by statement."""
        yield self._reader

    @asynccontextmanager
    async def committing(self) -> AsyncIterator[SqlConnection]:
        """A transaction; it is in the system's hands when the block has ended, and outlives this process."""
        async with self._turn:
            driver, before = self._writer.driver, self._writer.driver.total_changes
            await self._writer.run(BEGIN)
            try:
                yield self._writer
                await self._writer.run("COMMIT")
            except BaseException:
                if driver.in_transaction:
                    driver.rollback()
                raise
            if driver.total_changes != before:
                self._log.committed()
                self._fold_if_due()

    async def synced(self) -> None:
        """Wait for the disk, together with all others who do."""
        await self._log.synced()

    def _fold_if_due(self) -> None:
        changes = self._writer.driver.total_changes
        if changes - self._folded >= _FOLDED_EVERY and self._folding is None:
            self._folded = changes
            self._folding = asyncio.create_task(self._fold())

    async def _fold(self) -> None:
        """Most of it beside the commits, then what they have left, so that the log begins anew and stays small."""
        try:
            await self._log.fold()
            async with self._turn:
                await self._log.fold()
        except sqlite3.Error as failure:
            _log.error("fold-failed", error=str(failure))
        finally:
            self._folding = None

    async def create(self, tables: MetaData) -> None:
        """Make the tables that are not there, and wait for the disk."""
        async with self.committing():
            tables.create_all(self._writer.core)
            self._log.committed()
        await self.synced()

    async def close(self) -> None:
        """SQLite folds its log back into the file when the last connection closes."""
        if self._folding is not None:
            await asyncio.wait({self._folding})
        await self._log.close()
        for connection in (self._reader, self._writer):
            connection.core.close()
