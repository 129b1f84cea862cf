"""The database: opened by its URL, its version, and what its failures mean to a person.

SQLite unless a URL says otherwise. What was committed outlives `kill -9`, and is told from then on; what was answered
outlives a power cut, too, as an answer waits for the disk.
"""

import errno
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from sqlalchemy import Column, Integer, MetaData, Table, insert, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from eventproof.errors import TargetUnavailable, UsageError

from .pooled import Pooled
from .sql import Database, SqlConnection
from .sqlite import Sqlite

SCHEMA_VERSION: Final = 4
DRIVERS: Final = {"sqlite": "pysqlite", "postgresql": "asyncpg"}

_version = MetaData()
SCHEMA: Final = Table("eventproof_schema", _version, Column("version", Integer, nullable=False))


@dataclass(frozen=True, slots=True)
class Store:
    """An open database. `reading` and `writing` are the two ways in."""

    path: Path | None
    """The database's file, where it has one."""
    _database: Database
    _claim: IO[bytes] | None

    @property
    def exclusive(self) -> bool:
        """Whether this process alone writes to the database."""
        return self._claim is not None

    @property
    def commits_at_once(self) -> bool:
        """Whether nothing else happens between the end of a transaction and what follows it, in this process."""
        return self._database.commits_at_once

    def reading(self) -> AbstractAsyncContextManager[SqlConnection]:
        """A connection that sees what is committed, statement by statement."""
        return self._database.reading()

    def committing(self) -> AbstractAsyncContextManager[SqlConnection]:
        """A transaction: when the block has ended, everybody sees it and it outlives this process.

        Nobody is answered before `synced`, as a power cut may undo it until then.
        """
        return self._database.committing()

    async def synced(self) -> None:
        """Wait until what is committed now outlives a power cut; all who wait share that. Raises SQLAlchemyError."""
        await self._database.synced()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[SqlConnection]:
        """A transaction; it is on the disk when the block has ended."""
        async with self.committing() as connection:
            yield connection
        await self.synced()

    async def close(self) -> None:
        """Close every connection."""
        await self._database.close()
        if self._claim is not None:
            self._claim.close()


async def open_store(url: str, tables: MetaData) -> Store:
    """Open the database of this URL, with these tables in it, made where they lack.

    Raises UsageError where the URL or the database cannot be used, TargetUnavailable where it cannot be used now.
    """
    parsed = _parse(url)
    path = _file_of(parsed)
    claim = _claim(path) if path else None
    database: Database | None = None
    try:
        database = _open(parsed, path)
        await _prepare(database, parsed, tables)
    except BaseException as failure:
        if database is not None:
            await database.close()
        if claim is not None:
            claim.close()
        if isinstance(failure, DBAPIError | OSError):
            raise _explained(failure, parsed, path) from failure
        raise
    return Store(path, database, claim)


def _open(url: URL, path: Path | None) -> Database:
    if path is None:
        return Pooled(url)
    _make(path)
    return Sqlite(url, path)


async def _prepare(database: Database, url: URL, tables: MetaData) -> None:
    await database.create(_version)
    async with database.committing() as connection:
        found = (await connection.execute(select(SCHEMA.c.version))).scalars().all()
        if not found:
            await connection.execute(insert(SCHEMA).values(version=SCHEMA_VERSION))
        elif found != [SCHEMA_VERSION]:
            raise UsageError(
                f"the database {url.render_as_string()} has version {found[0]} and this server needs version "
                f"{SCHEMA_VERSION}: use the server that made it, or choose another with --database-url"
            )
    await database.create(tables)


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
    # SQLite puts what belongs to a database beside the file itself, and not beside a link to it.
    return Path(os.path.realpath(url.database))


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
