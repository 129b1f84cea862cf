"""SQLite, run where it is asked for: a statement takes some microseconds, and a change of threads some fifty.

One connection reads and one writes. Nothing here makes the event loop wait for another program's lock or for the disk:
whoever is in the way is asked again in a moment, and the log is synced in a thread (`wal.py`).
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy import CursorResult, Engine, MetaData, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from .sql import NOTHING, Compiled, Prepared, Row, Values, compiled
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
    "PRAGMA busy_timeout=0",  # Whoever opens a database may wait; from then on, that is for the event loop.
)
_TO_READ: Final = ("PRAGMA query_only=ON", "PRAGMA busy_timeout=0")


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
    """A connection as SQLAlchemy's Core has it, without its transactions: those are ours.

    What is prepared goes past Core, to the driver.
    """

    def __init__(self, engine: Engine, compilations: dict[Prepared, Compiled], first: Iterable[str]) -> None:
        self.core = engine.connect()
        driver: Any = self.core.connection.dbapi_connection
        self.driver: sqlite3.Connection = driver
        self._cursor = sqlite3.Cursor(driver)
        self._compilations = compilations
        try:
            for statement in first:
                self.core.exec_driver_sql(statement)
        except BaseException:
            self.core.close()
            raise

    async def rows(self, statement: Prepared, values: Values = NOTHING, /) -> list[Row]:
        """All rows of a SELECT."""
        made = self._compiled(statement)
        return made.rows(await _patiently(self.do, made.sql, made.parameters(values)))

    async def run(self, statement: Prepared, values: Values | Sequence[Values] = NOTHING, /) -> int:
        """Run an INSERT, UPDATE or DELETE; many rows in a thread."""
        made = self._compiled(statement)
        if isinstance(values, dict) or isinstance(values, Mapping):  # noqa: SIM101 - the first is found at once
            self.do(made.sql, made.parameters(values))
        elif not values:
            return 0
        elif len(values) > _FEW:
            await _to_the_end(self._do_many, made.sql, [made.parameters(each) for each in values])
        else:
            self._do_many(made.sql, [made.parameters(each) for each in values])
        return self._cursor.rowcount

    async def execute(self, statement: Any, parameters: Any = None, /) -> CursorResult[*Row]:
        """Execute any statement of Core."""
        return await _patiently(self.core.execute, statement, parameters)

    def do(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Have the driver execute this, and fetch all rows."""
        try:
            return self._cursor.execute(sql, parameters).fetchall()
        except sqlite3.Error as failure:
            raise _told(sql, failure) from failure

    def _do_many(self, sql: str, many: Sequence[Sequence[Any]]) -> None:
        try:
            self._cursor.executemany(sql, many)
        except sqlite3.Error as failure:
            raise _told(sql, failure) from failure

    def _compiled(self, statement: Prepared) -> Compiled:
        made = self._compilations.get(statement)
        if made is None:
            made = self._compilations[statement] = compiled(statement, self.core.dialect)
        return made


def _told(sql: str, failure: sqlite3.Error) -> DBAPIError:
    """The failure as SQLAlchemy's Core tells it."""
    told = DBAPIError.instance(sql, None, failure, sqlite3.Error, dialect=None)
    assert isinstance(told, DBAPIError)  # noqa: S101 - as it is one of the driver's
    return told


async def _patiently(do: Callable[..., T], *arguments: Any) -> T:
    """Do it as soon as no other program is in the way."""
    until = None
    while True:
        try:
            return do(*arguments)
        except OperationalError as failure:
            now = asyncio.get_running_loop().time()
            until = now + _BUSY_SECONDS if until is None else until
            if getattr(failure.orig, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY or now >= until:
                raise
        await asyncio.sleep(_PAUSE)


async def _to_the_end(do: Callable[..., object], *arguments: Any) -> None:
    """Do it in a thread, which goes on although its caller leaves: only then may their transaction end."""
    doing = asyncio.ensure_future(asyncio.to_thread(do, *arguments))
    left: asyncio.CancelledError | None = None
    while not doing.done():
        try:
            await asyncio.wait({doing})
        except asyncio.CancelledError as cancelled:
            left = cancelled
    failure = doing.exception()
    if left is not None:
        raise left
    if failure is not None:
        raise failure


class _Reading:
    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    async def __aenter__(self) -> _Connection:
        return self._connection

    async def __aexit__(self, *failure: object) -> None:
        pass


class _Committing:
    """One transaction, in its turn."""

    def __init__(self, connection: _Connection, turn: asyncio.Lock, written: Callable[[], None]) -> None:
        self._connection = connection
        self._turn = turn
        self._written = written
        self._before = 0

    async def __aenter__(self) -> _Connection:
        await self._turn.acquire()
        try:
            await _patiently(self._connection.do, BEGIN)
        except BaseException:
            self._turn.release()
            raise
        self._before = self._connection.driver.total_changes
        return self._connection

    async def __aexit__(self, failed: type[BaseException] | None, *_: object) -> None:
        driver = self._connection.driver
        try:
            if failed is None:
                self._connection.do("COMMIT")
                if driver.total_changes != self._before:
                    self._written()
        finally:
            if driver.in_transaction:
                driver.rollback()
            self._turn.release()


class Sqlite:
    """An open file."""

    commits_at_once = True

    def __init__(self, url: URL, path: Path) -> None:
        """Raises DBAPIError, and OSError."""
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
        compilations: dict[Prepared, Compiled] = {}
        self._turn = asyncio.Lock()
        with ExitStack() as opened:
            self._writer = _Connection(engine, compilations, _TO_WRITE)
            opened.callback(self._writer.core.close)
            self._reader = _Connection(engine, compilations, _TO_READ)
            opened.callback(self._reader.core.close)
            self._log = WriteAheadLog(path)
            self._opened = opened.pop_all()
        self._folded = 0
        """How many rows had been changed when the log was last folded back."""
        self._folding: asyncio.Task[None] | None = None

    def reading(self) -> "_Reading":
        """A connection that sees what is committed, statement by statement."""
        return _Reading(self._reader)

    def committing(self) -> "_Committing":
        """A transaction; it is in the system's hands when the block has ended, and outlives this process."""
        return _Committing(self._writer, self._turn, self._written)

    def _written(self) -> None:
        self._log.committed()
        changes = self._writer.driver.total_changes
        if changes - self._folded >= _FOLDED_EVERY and self._folding is None:
            self._folded = changes
            self._folding = asyncio.create_task(self._fold())

    async def synced(self) -> None:
        """Wait for the disk, together with all others who do."""
        await self._log.synced()

    async def _fold(self) -> None:
        """Most of it beside the commits, then what they have left, so that the log begins anew and stays small."""
        try:
            await self._log.fold()
            async with self._turn:
                await self._log.fold()
                await self._log.begin()
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
        with self._opened:
            if self._folding is not None:
                await asyncio.wait({self._folding})
            await self._log.close()
