"""SQLite without a change of threads for every step of every statement.

aiosqlite hands each step to a thread, and a statement has four. A statement of ours takes some ten microseconds, so the
handing over costs the event loop more than the statement would, and on a busy machine each waits for its turn besides.
"""

import sqlite3
from collections.abc import Callable
from typing import Any, Final

import aiosqlite

BEGIN: Final = "BEGIN IMMEDIATE"
"""How our transactions begin: with the lock, for which they may have to wait."""
_FEW: Final = 100
"""Rows that are written as fast as one."""
_STEPS: Final = frozenset({"cursor", "execute", "fetchone", "fetchmany", "fetchall"})


class DirectConnection(aiosqlite.Connection):
    """Takes each step at once; what waits for a lock or for the disk, or is long, goes to the thread as ever."""

    async def _execute(self, fn: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        if not self._running or not self._connection or not _is_short(fn, arguments):
            return await super()._execute(fn, *arguments, **options)  # type: ignore[no-untyped-call]  # untyped there
        return fn(*arguments, **options)


def _is_short(fn: Callable[..., Any], arguments: tuple[Any, ...]) -> bool:
    name = getattr(fn, "__name__", "")
    if name == "execute":
        return bool(arguments[0] != BEGIN)
    if name == "executemany":
        return len(arguments[1]) <= _FEW
    if name == "close":
        return isinstance(getattr(fn, "__self__", None), sqlite3.Cursor)
    return name in _STEPS


def connect(database: str, **options: Any) -> DirectConnection:
    """A connection for SQLAlchemy, to be awaited; `options` are those of `sqlite3.connect`."""
    options["check_same_thread"] = False
    connection = DirectConnection(lambda: sqlite3.connect(database, **options), iter_chunk_size=64)
    connection._thread.daemon = True  # As SQLAlchemy does where it makes the connection.
    return connection
