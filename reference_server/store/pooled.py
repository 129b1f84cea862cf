"""A database that is reached over the network, by SQLAlchemy's pools of connections. It syncs what it commits."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import CursorResult, MetaData
from sqlalchemy.engine import URL
from sqlalchemy.exc import NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from eventproof.errors import UsageError

from .sql import NOTHING, Prepared, Row, SqlConnection, Values


class _Connection:
    """A connection of SQLAlchemy's: its Core keeps what it has compiled, and the network costs more than that."""

    def __init__(self, core: AsyncConnection) -> None:
        self._core = core

    async def rows(self, statement: Prepared, values: Values = NOTHING, /) -> list[Row]:
        """All rows of a SELECT."""
        return [tuple(row) for row in await self._core.execute(statement.core, dict(values))]

    async def run(self, statement: Prepared, values: Values | Sequence[Values] = NOTHING, /) -> int:
        """Run an INSERT, UPDATE or DELETE."""
        given = dict(values) if isinstance(values, Mapping) else [dict(each) for each in values]
        if not given and not isinstance(given, dict):
            return 0
        return (await self._core.execute(statement.core, given)).rowcount

    async def execute(self, statement: Any, parameters: Any = None, /) -> CursorResult[*Row]:
        """Execute any statement of Core."""
        return await self._core.execute(statement, parameters)


class Pooled:
    """Any that SQLAlchemy has a driver for."""

    commits_at_once = False

    def __init__(self, url: URL) -> None:
        """Raises UsageError where the driver is not there."""
        try:
            self._readers = create_async_engine(
                url, isolation_level="AUTOCOMMIT", pool_size=4, max_overflow=0, skip_autocommit_rollback=True
            )
            self._writers = create_async_engine(url)
        except (ImportError, NoSuchModuleError) as missing:
            name = url.get_driver_name()
            raise UsageError(f"the driver {name} is not installed: pip install {name}, or use SQLite") from missing

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[SqlConnection]:
        """A connection that sees what is committed, statement by statement."""
        async with self._readers.connect() as connection:
            yield _Connection(connection)

    @asynccontextmanager
    async def committing(self) -> AsyncIterator[SqlConnection]:
        """A transaction; it is on the database's disk when the block has ended."""
        async with self._writers.begin() as connection:
            yield _Connection(connection)

    async def synced(self) -> None:
        """It was when it was committed."""

    async def create(self, tables: MetaData) -> None:
        """Make the tables that are not there."""
        async with self._writers.begin() as connection:
            await connection.run_sync(tables.create_all)

    async def close(self) -> None:
        """Close every connection."""
        await self._readers.dispose()
        await self._writers.dispose()
