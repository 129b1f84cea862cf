"""What a database of any kind is to whoever reads and writes tables: a connection that executes statements."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from sqlalchemy import CursorResult, Executable, MetaData

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""The values of a statement's parameters, or one such mapping a row."""
Rows = CursorResult[*tuple[Any, ...]]


class SqlConnection(Protocol):
    """A connection to the database; between `reading` and `committing`, only what is committed differs."""

    async def execute(self, statement: Executable, parameters: Any = None, /) -> Rows:
        """What a statement of SQLAlchemy's Core gives, whole. Raises SQLAlchemyError.

        `parameters` are `Parameters`. A statement that is run often is built once, with `bindparam`: to build it costs
        more than to run it.
        """


class Database(Protocol):
    """A kind of database."""

    def reading(self) -> AbstractAsyncContextManager[SqlConnection]:
        """A connection that sees what is committed, statement by statement."""

    def committing(self) -> AbstractAsyncContextManager[SqlConnection]:
        """A transaction; once the block has ended, everybody sees it, and it outlives this process."""

    async def synced(self) -> None:
        """Once this has ended, all that was committed before outlives a power cut. Raises SQLAlchemyError."""

    async def create(self, tables: MetaData) -> None:
        """Make the tables that are not there."""

    async def close(self) -> None:
        """Close every connection."""
