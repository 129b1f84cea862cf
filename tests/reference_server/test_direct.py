"""SQLite without a change of threads: what is done at once, and what is not."""

import sqlite3
import threading
from pathlib import Path

import aiosqlite
import pytest

from reference_server.store import direct


def _reporting(connection: aiosqlite.Connection, seen: list[bool]) -> None:
    """Let SQL tell whether it runs in this thread."""
    here = threading.get_ident()
    assert connection._connection is not None
    connection._connection.create_function("here", 0, lambda: seen.append(threading.get_ident() == here))


async def test_a_statement_is_executed_where_it_is_asked_for_and_many_rows_are_not(tmp_path: Path) -> None:
    seen: list[bool] = []
    async with direct.connect(str(tmp_path / "a.db")) as connection:
        _reporting(connection, seen)
        cursor = await connection.execute("SELECT here()")
        assert len(list(await cursor.fetchall())) == 1
        await cursor.close()
        await connection.execute("CREATE TABLE t (a)")
        await connection.executemany("INSERT INTO t SELECT here() + ?", [(1,)] * 2)
        await connection.executemany("INSERT INTO t SELECT here() + ?", [(1,)] * 101)
        await connection.commit()
    assert seen == [True] * 3 + [False] * 101


async def test_what_waits_for_a_lock_waits_in_its_thread(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with sqlite3.connect(path, isolation_level=None, check_same_thread=False) as other:
        other.execute("CREATE TABLE t (a)")
        other.execute(direct.BEGIN)
        async with direct.connect(str(path), timeout=5, isolation_level=None) as connection:
            release = threading.Timer(0.05, lambda: other.execute("COMMIT"))
            release.start()
            await connection.execute(direct.BEGIN)
            await connection.rollback()
            release.join()
    other.close()


async def test_a_connection_that_was_closed_says_so(tmp_path: Path) -> None:
    connection = direct.connect(str(tmp_path / "a.db"))
    assert isinstance(connection, aiosqlite.Connection)
    await connection
    await connection.close()
    with pytest.raises(ValueError, match="no active connection"):
        await connection.execute("SELECT 1")
