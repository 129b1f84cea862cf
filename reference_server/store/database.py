"""The database: one engine, its pragmas, its version, and what its failures mean to a person.

SQLite in WAL mode unless a URL says otherwise. `synchronous=FULL` makes every commit wait for the disk, so what was
answered outlives `kill -9` and a power cut.
"""

import errno
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import Column, Integer, MetaData, Table, event, insert, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from eventproof.errors import TargetUnavailable, UsageError

from . import direct

SCHEMA_VERSION: Final = 4
DRIVERS: Final = {"sqlite": "aiosqlite", "postgresql": "asyncpg"}
_BUSY_SECONDS: Final = 2.0

_version = MetaData()
SCHEMA: Final = Table("eventproof_schema", _version, Column("version", Integer, nullable=False))


@dataclass(frozen=True, slots=True)
class Store:
    """An open database. `reading` and `writing` are the two ways in."""

    path: Path | None
    """The database's file, where it has one."""
    _readers: AsyncEngine
    _writer: AsyncEngine
    _claim: IO[bytes] | None

    @property
    def exclusive(self) -> bool:
        """Whether this process alone writes to the database."""
        return self._claim is not None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees what is committed, statement by statement."""
        async with self._readers.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction; it is on the disk when the block has ended."""
        async with self._writer.begin() as connection:
            yield connection

    async def close(self) -> None:
        """Close every connection; SQLite then folds its log back into the file."""
        await self._readers.dispose()
        await self._writer.dispose()
        if self._claim is not None:
            self._claim.close()


async def open_store(url: str, tables: MetaData) -> Store:
    """Open the database of this URL, with these tables in it, made where they lack.

    Raises UsageError where the URL or the database cannot be used, TargetUnavailable where it cannot be used now.
    """
    parsed = _parse(url)
    path = _file_of(parsed)
    claim = _claim(path) if path else None
    store = Store(path, *_engines(parsed), claim)
    try:
        if path is not None:
            _make(path)
        await _prepare(store, parsed, tables)
    except (DBAPIError, OSError) as failure:
        await store.close()
        raise _explained(failure, parsed, path) from failure
    except BaseException:
        await store.close()
        raise
    return store


async def _prepare(store: Store, url: URL, tables: MetaData) -> None:
    async with store.writing() as connection:
        await connection.run_sync(_version.create_all)
        found = (await connection.execute(select(SCHEMA.c.version))).scalars().all()
        if not found:
            await connection.execute(insert(SCHEMA).values(version=SCHEMA_VERSION))
        elif found != [SCHEMA_VERSION]:
            raise UsageError(
                f"the database {url.render_as_string()} has version {found[0]} and this server needs version "
                f"{SCHEMA_VERSION}: use the server that made it, or choose another with --database-url"
            )
        await connection.run_sync(tables.create_all)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UsageError("the database URL cannot be read: write it like sqlite:///folder/server.db") from None
    backend = parsed.get_backend_name()
    if backend not in DRIVERS:
        raise UsageError(f"databases of the kind {backend!r} are not supported: use one of {', '.join(DRIVERS)}")
    return parsed.set(drivername=f"{backend}+{DRIVERS[backend]}")


def _file_of(url: URL) -> Path | None:
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise UsageError(
            "the database must be a file that outlives the server: write it like sqlite:///folder/server.db"
        )
    return Path(url.database).absolute()


def _claim(path: Path) -> IO[bytes]:
    """Hold the database for this process: another server on it would not hear of our bans."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.with_name(path.name + ".lock").open("ab")
    except OSError as failure:
        raise UsageError(
            f"the database folder {path.parent} cannot be written ({failure.strerror}): "
            "choose another with --database-url"
        ) from failure
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as failure:
        file.close()
        if failure.errno not in (errno.EACCES, errno.EAGAIN):
            raise
        raise TargetUnavailable(
            f"the database {path} is in use by another server: stop that one, or choose another with --database-url"
        ) from None
    return file


def _make(path: Path) -> None:
    """The file holds password hashes: it is the owner's alone, and so is what SQLite puts beside it."""
    os.close(os.open(path, os.O_RDONLY | os.O_CREAT, 0o600))


def _engines(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    """For reading, and for writing; SQLite has one writer, and whoever waits for it queues in its pool."""
    try:
        sqlite = url.get_backend_name() == "sqlite"
        reading = {"async_creator_fn": direct.connect} if sqlite else {}
        readers = create_async_engine(
            url,
            isolation_level="AUTOCOMMIT",
            pool_size=4,
            max_overflow=0,
            skip_autocommit_rollback=True,
            connect_args=reading,
        )
        if not sqlite:
            return readers, create_async_engine(url)
        writing = {**reading, "timeout": _BUSY_SECONDS}
        writer = create_async_engine(url, pool_size=1, max_overflow=0, connect_args=writing)
    except (ImportError, NoSuchModuleError) as missing:
        name = url.get_driver_name()
        raise UsageError(f"the driver {name} is not installed: pip install {name}, or use SQLite") from missing
    event.listen(writer.sync_engine, "connect", _configure)
    event.listen(writer.sync_engine, "begin", _begin)
    return readers, writer


def _configure(connection: Any, _record: Any) -> None:
    """SQLite: transactions are ours to begin, the log is written ahead, every commit reaches the disk."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Any) -> None:
    """A transaction of ours writes; taking the lock at once spares it a failure half way."""
    connection.exec_driver_sql(direct.BEGIN)


def _explained(failure: Exception, url: URL, path: Path | None) -> UsageError | TargetUnavailable:
    """The sentence for a database that would not open."""
    place = str(path or url.render_as_string())
    text = str(failure.orig if isinstance(failure, DBAPIError) else failure)
    if "locked" in text or "busy" in text:
        return TargetUnavailable(
            f"the database {place} is locked by another program: wait until it is done or stop it, then start again"
        )
    if "readonly" in text or "read-only" in text:
        return UsageError(f"the database {place} is read-only: make it writable, or choose another with --database-url")
    if "not a database" in text or "malformed" in text:
        return UsageError(f"{place} is no SQLite database: choose another with --database-url")
    if "unable to open" in text or (path and isinstance(failure, OSError)):
        return UsageError(f"the database {place} cannot be opened: check that it is a file that you may write")
    if isinstance(failure, OperationalError | OSError):
        return TargetUnavailable(f"the database {place} cannot be reached: {text}")
    return UsageError(f"the database {place} cannot be used: {text}")
