"""What a table keeps whole: each row is a frozen dataclass, whose fields are the columns of their names."""

from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, Table, bindparam, insert, select, update

from .sql import NOTHING, Prepared, SqlConnection, Values

T = TypeVar("T")


class Kept(Generic[T]):
    """The things of one kind in their table; `key` is the column that tells one from all others."""

    def __init__(self, kind: type[T], table: Table, key: str = "id") -> None:
        names = tuple(field.name for field in fields(kind))  # type: ignore[arg-type]  # a kind is a dataclass
        this = table.c[key] == bindparam("this")
        self._kind = kind
        self._names = names
        self._key = attrgetter(key)
        self._fields = attrgetter(*names)
        self._all: Select[*tuple[Any, ...]] = select(*(table.c[name] for name in names))
        self._find = self.where(this)
        self._find_to_change = Prepared(self._all.where(this).with_for_update())
        self._add = Prepared(insert(table), names)
        self._save = Prepared(update(table).where(this), names)

    def where(self, *which: ColumnElement[bool], order: ColumnElement[Any] | None = None) -> Prepared:
        """A statement for `find_all`: those of which all this is true, in this order."""
        found = self._all.where(*which)
        return Prepared(found if order is None else found.order_by(order))

    async def find(self, connection: SqlConnection, key: str, *, to_change: bool = False) -> T | None:
        """The one of this key, or None; `to_change`: nobody else changes it while the transaction lasts."""
        rows = await connection.rows(self._find_to_change if to_change else self._find, {"this": key})
        return self._kind(*rows[0]) if rows else None

    async def find_all(self, connection: SqlConnection, statement: Prepared, values: Values = NOTHING) -> list[T]:
        """Those that a statement of `where` finds."""
        return [self._kind(*row) for row in await connection.rows(statement, values)]

    async def add(self, connection: SqlConnection, thing: T) -> None:
        """Keep a new one. Raises IntegrityError where there is one like it."""
        await connection.run(self._add, self._values(thing))

    async def add_all(self, connection: SqlConnection, things: Sequence[T]) -> None:
        """Keep several new ones. Raises IntegrityError where there is one like one of them."""
        await connection.run(self._add, [self._values(thing) for thing in things])

    async def save(self, connection: SqlConnection, thing: T) -> bool:
        """Keep what became of one; False where there is none."""
        return await connection.run(self._save, {**self._values(thing), "this": self._key(thing)}) > 0

    def _values(self, thing: T) -> dict[str, Any]:
        return dict(zip(self._names, self._fields(thing), strict=True))
