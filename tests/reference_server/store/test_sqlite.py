"""SQLite in the event loop: who sees what, who waits for whom, and that the loop never does."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, bindparam, delete, func, insert, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, OperationalError

from reference_server.store import sqlite
from reference_server.store.sql import Prepared
from reference_server.store.sqlite import Sqlite
from tests.reference_server.house import SECONDS
from tests.reference_server.store.test_wal import salt

TABLES = MetaData()
THINGS = Table("things", TABLES, Column("id", Integer, primary_key=True), Column("text", String(2000), nullable=False))
ADD = Prepared(insert(THINGS), ("id", "text"))
ALL = Prepared(select(THINGS.c.id, THINGS.c.text).order_by(THINGS.c.id))
CHANGE = Prepared(update(THINGS).where(THINGS.c.id == bindparam("this")), ("text",))
REMOVE = Prepared(delete(THINGS).where(THINGS.c.id == bindparam("this")))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Sqlite]:
    opened = Sqlite(make_url(f"sqlite:///{path}"), path)
    await opened.create(TABLES)
    yield opened
    await opened.close()


async def add(database: Sqlite, *ids: int, text: str = "x") -> None:
    async with database.committing() as connection:
        await connection.run(ADD, [{"id": number, "text": text} for number in ids])


async def ids(database: Sqlite) -> list[int]:
    async with database.reading() as connection:
        return [row[0] for row in await connection.rows(ALL)]


async def test_what_is_committed_is_seen_and_nothing_before(database: Sqlite) -> None:
    async with database.committing() as connection:
        assert await connection.run(ADD, {"id": 1, "text": "x"}) == 1
        assert await ids(database) == []
        assert len(await connection.rows(ALL)) == 1
    assert await ids(database) == [1]


async def test_what_fails_is_undone_alone_and_whoever_follows_goes_on(database: Sqlite) -> None:
    await add(database, 1)

    async def fail() -> None:
        async with database.committing() as connection:
            await connection.run(REMOVE, {"this": 1})
            await connection.run(ADD, [{"id": 2, "text": "x"}, {"id": 2, "text": "x"}])

    with pytest.raises(IntegrityError):
        await fail()
    await add(database, 3)
    assert await ids(database) == [1, 3]


async def test_transactions_take_turns(database: Sqlite) -> None:
    order: list[int] = []

    async def one(number: int) -> None:
        async with database.committing() as connection:
            await connection.run(ADD, {"id": number, "text": "x"})
            order.append(number)
            await asyncio.sleep(0)
            assert order[-1] == number

    await asyncio.gather(*map(one, range(20)))
    assert await ids(database) == order == list(range(20))


async def test_how_many_rows_a_statement_was_about_is_told(database: Sqlite) -> None:
    await add(database, 1, 2)
    async with database.committing() as connection:
        assert await connection.run(CHANGE, {"this": 1, "text": "y"}) == 1
        assert await connection.run(CHANGE, {"this": 7, "text": "y"}) == 0
        assert await connection.run(REMOVE, [{"this": 1}, {"this": 2}, {"this": 3}]) == 2
        assert await connection.run(REMOVE, []) == 0


async def test_rows_that_nobody_fetched_hold_nobody_in_the_past(database: Sqlite) -> None:
    await add(database, 1, 2, 3)
    async with database.reading() as connection:
        unfetched = await connection.execute(select(THINGS.c.id))
        await add(database, 4)
        assert await ids(database) == [1, 2, 3, 4]
        assert [row[0] for row in unfetched] == [1, 2, 3]


async def test_results_of_core_are_fetched_in_any_way(database: Sqlite) -> None:
    await add(database, 1, 2, 3)
    statement = select(THINGS.c.id).order_by(THINGS.c.id)
    async with database.reading() as connection:
        assert (await connection.execute(statement)).scalars().all() == [1, 2, 3]
        assert (await connection.execute(statement)).scalar() == 1
        result = await connection.execute(statement)
        assert (result.fetchone(), result.fetchmany(1), result.fetchall()) == ((1,), [(2,)], [(3,)])
        assert result.fetchall() == []
        assert (await connection.execute(statement.where(THINGS.c.id > 3))).first() is None


async def test_whoever_reads_cannot_write(database: Sqlite) -> None:
    async with database.reading() as connection:
        with pytest.raises(OperationalError, match="readonly"):
            await connection.run(ADD, {"id": 1, "text": "x"})


async def test_another_programs_lock_is_waited_for_and_the_loop_goes_on(database: Sqlite, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute(sqlite.BEGIN)
    # What lets go runs in the loop itself: were that waiting, it never would.
    asyncio.get_running_loop().call_later(0.05, other.execute, "COMMIT")
    async with asyncio.timeout(SECONDS):
        await add(database, 1)
    other.close()
    assert await ids(database) == [1]


async def test_a_lock_that_is_not_let_go_is_a_failure_and_the_next_transaction_is_free(
    database: Sqlite, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_BUSY_SECONDS", 0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute(sqlite.BEGIN)
    with pytest.raises(OperationalError, match="database is locked"):
        await add(database, 1)
    assert await ids(database) == [], "and reading goes on"
    other.execute("COMMIT")
    other.close()
    await add(database, 2)
    assert await ids(database) == [2]


async def test_who_stops_waiting_for_a_lock_leaves_the_turn_to_others(database: Sqlite, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute(sqlite.BEGIN)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await add(database, 1)
    other.execute("COMMIT")
    other.close()
    await add(database, 2)
    assert await ids(database) == [2]


@pytest.mark.parametrize(("rows", "here"), [(100, True), (101, False)])
async def test_few_rows_are_written_where_it_is_asked_for_and_many_in_a_thread(
    database: Sqlite, rows: int, here: bool
) -> None:
    mine, seen = threading.get_ident(), set()

    def told(text: str) -> str:
        seen.add(threading.get_ident() == mine)
        return text

    database._writer.driver.create_function("told", 1, told)
    add = Prepared(insert(THINGS).values(text=func.told(bindparam("said"))), ["id"])
    async with database.committing() as connection:
        await connection.run(add, [{"id": number, "said": "x"} for number in range(rows)])
    assert seen == {here}
    assert len(await ids(database)) == rows


async def test_who_leaves_while_many_rows_are_written_has_written_none_and_the_next_transaction_is_free(
    database: Sqlite,
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def held(text: str) -> str:
        begun.set()
        assert go_on.wait(SECONDS)
        return text

    database._writer.driver.create_function("held", 1, held)
    many = Prepared(insert(THINGS).values(text=func.held(bindparam("said"))), ["id"])

    async def write() -> None:
        async with database.committing() as connection:
            await connection.run(many, [{"id": number, "said": "x"} for number in range(101)])

    leaving = asyncio.create_task(write())
    assert await asyncio.to_thread(begun.wait, SECONDS)
    for _ in range(2):
        leaving.cancel()
        await asyncio.sleep(0)
    assert not leaving.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    await add(database, 1000)
    assert await ids(database) == [1000]


async def test_the_log_is_folded_back_and_stays_small(
    database: Sqlite, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_FOLDED_EVERY", 10)
    log, largest = path.with_name("a.db-wal"), 0
    for number in range(200):
        await add(database, number, text="x" * 2000)
        if database._folding is not None:
            await asyncio.wait({database._folding})
        largest = max(largest, log.stat().st_size)
    assert largest < 400_000, "200 transactions of some 12 kB each"
    assert len(await ids(database)) == 200


async def test_a_log_that_was_folded_back_has_begun_anew_before_anybody_commits(
    database: Sqlite, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "_FOLDED_EVERY", 1)
    before = salt(path.with_name("a.db-wal"))
    await add(database, 1)
    assert database._folding is not None
    await asyncio.wait({database._folding})
    anew = salt(path.with_name("a.db-wal"))
    assert anew != before
    monkeypatch.setattr(sqlite, "_FOLDED_EVERY", 1000)
    await add(database, 2)
    assert salt(path.with_name("a.db-wal")) == anew
    assert await ids(database) == [1, 2]


async def test_a_log_that_cannot_be_folded_back_stops_nobody(
    database: Sqlite, monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    monkeypatch.setattr(sqlite, "_FOLDED_EVERY", 1)

    def broken() -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(database._log, "_fold", broken)
    await add(database, 1)
    assert database._folding is not None
    await asyncio.wait({database._folding})
    await add(database, 2)
    assert await ids(database) == [1, 2]


async def test_what_is_closed_is_one_file_again(path: Path) -> None:
    database = Sqlite(make_url(f"sqlite:///{path}"), path)
    await database.create(TABLES)
    await add(database, 1)
    assert path.with_name("a.db-wal").exists()
    await database.close()
    assert [each.name for each in path.parent.iterdir()] == ["a.db"]
