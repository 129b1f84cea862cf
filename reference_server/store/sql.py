"""What a database of any kind is to whoever reads and writes tables: a connection, and statements that are prepared.

SQLAlchemy's Core is the one description of tables and statements. To build a statement and to have it compiled takes
many times what SQLite takes to run it, so those of a call are `Prepared`.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol

from sqlalchemy import Boolean, CursorResult, Delete, Dialect, Insert, MetaData, Select, Update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.compiler import SQLCompiler

FAILURES: Final = (SQLAlchemyError, OSError)
"""What is raised where a database fails: a connect that is refused is no failure of SQLAlchemy's."""
Values = Mapping[str, Any]
"""The values of a statement's parameters."""
NOTHING: Final[Values] = MappingProxyType({})
Row = tuple[Any, ...]
_Process = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A statement that is built once, with a `bindparam` for each value."""

    core: Select[*Row] | Insert | Update | Delete
    columns: Sequence[str] = ()
    """Those that an INSERT or an UPDATE sets to the values of their names, beside its `bindparam`s."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement as a driver runs it that takes parameters by their places."""

    sql: str
    names: tuple[str, ...]
    """Of the parameters, in their order."""
    fixed: Values
    """The parameters that the statement has itself."""
    given: Mapping[str, _Process]
    """Those that the driver gets in another form."""
    taken: tuple[tuple[int, _Process], ...]
    """The places of those columns that the driver gives in another form."""

    def parameters(self, values: Values) -> list[Any]:
        """The parameters, by their places. Raises KeyError where one is missing."""
        fixed, given = self.fixed, self.given
        if not fixed and not given:
            return [values[name] for name in self.names]
        found = [values[name] if name in values else fixed[name] for name in self.names]
        return [given[name](value) if name in given else value for name, value in zip(self.names, found, strict=True)]

    def rows(self, fetched: list[Row]) -> list[Row]:
        """The rows, of the types that the columns have."""
        if not self.taken:
            return fetched
        changed = []
        for row in map(list, fetched):
            for place, process in self.taken:
                row[place] = process(row[place])
            changed.append(tuple(row))
        return changed


def compiled(prepared: Prepared, dialect: Dialect) -> Compiled:
    """The statement for this dialect. Raises ValueError where it is one that SQLAlchemy itself has to execute."""
    made = prepared.core.compile(dialect=dialect, column_keys=list(prepared.columns) or None)
    assert isinstance(made, SQLCompiler)  # noqa: S101 - that of a statement
    if made.post_compile_params or made.insert_prefetch or made.update_prefetch or made.positiontup is None:
        raise ValueError(f"this cannot be prepared, as its text or its values are made anew each time: {made}")
    binds = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in made.binds.items()}
    columns = prepared.core.selected_columns if isinstance(prepared.core, Select) else ()
    results = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    names = tuple(made.positiontup)
    return Compiled(
        str(made),
        names,
        {name: bind.effective_value for name, bind in made.binds.items() if name in names and not bind.required},
        {name: process for name, process in binds.items() if process is not None and not _is_bool(made, name)},
        tuple((place, process) for place, process in enumerate(results) if process is not None),
    )


def _is_bool(made: SQLCompiler, name: str) -> bool:
    """Whether this is what Python takes for a number; SQLAlchemy would check that it is 0 or 1."""
    return isinstance(made.binds[name].type, Boolean)


class SqlConnection(Protocol):
    """A connection to the database; between `reading` and `committing`, only what is committed differs."""

    async def rows(self, statement: Prepared, values: Values = NOTHING, /) -> list[Row]:
        """All rows of a SELECT. Raises SQLAlchemyError."""

    async def run(self, statement: Prepared, values: Values | Sequence[Values] = NOTHING, /) -> int:
        """Run an INSERT, UPDATE or DELETE; once for each of several values. Gives how many rows it was about.

        Raises SQLAlchemyError; IntegrityError where the tables do not allow it.
        """

    async def execute(self, statement: Any, parameters: Any = None, /) -> CursorResult[*Row]:
        """Execute any statement of Core; for what is made anew each time. Raises SQLAlchemyError."""


class Database(Protocol):
    """A kind of database."""

    commits_at_once: bool
    """Whether a commit takes so little that nobody waits for it: nothing else happens meanwhile."""

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
