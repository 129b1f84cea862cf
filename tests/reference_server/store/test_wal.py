"""The write-ahead log: many commits that wait share one sync, and none is taken for one that came before it."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from reference_server.store import wal
from reference_server.store.wal import WriteAheadLog
from tests.reference_server.house import SECONDS


class Disk:
    """Counts what it is asked for, does it when it may, and fails when it is told to."""

    def __init__(self) -> None:
        self.syncs = 0
        self.fails = False
        self.asked = threading.Event()
        self.may = threading.Event()
        self.may.set()

    def sync(self, _: int) -> None:
        self.syncs += 1
        self.asked.set()
        assert self.may.wait(SECONDS)
        if self.fails:
            raise OSError(5, "Input/output error")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk = Disk()
    monkeypatch.setattr(wal, "_sync", disk.sync)
    yield disk
    disk.may.set()


@pytest.fixture
async def log(tmp_path: Path, disk: Disk) -> AsyncIterator[WriteAheadLog]:
    path = tmp_path / "a.db"
    with sqlite3.connect(path, isolation_level=None) as open_database:
        open_database.execute("PRAGMA journal_mode=WAL")
        open_database.execute("CREATE TABLE t (a)")
        log = WriteAheadLog(path)
        await log.synced()
        disk.syncs = 0
        disk.asked.clear()
        yield log
        disk.fails = False
        await log.close()
    open_database.close()


def salt(file: Path) -> bytes:
    """What is another each time the log begins anew."""
    return file.read_bytes()[16:24]


async def _is_asked(disk: Disk) -> None:
    assert await asyncio.to_thread(disk.asked.wait, SECONDS)


async def test_many_who_wait_share_one_sync(log: WriteAheadLog, disk: Disk) -> None:
    disk.may.clear()
    log.committed()
    first = asyncio.create_task(log.synced())
    await _is_asked(disk)
    others = []
    for _ in range(50):
        log.committed()
        others.append(asyncio.create_task(log.synced()))
    await asyncio.sleep(0)
    disk.may.set()
    await asyncio.gather(first, *others)
    assert disk.syncs == 2, "one that had begun, and one for all that was committed meanwhile"


async def test_what_is_committed_while_a_sync_runs_is_not_taken_for_synced_by_it(
    log: WriteAheadLog, disk: Disk
) -> None:
    disk.may.clear()
    log.committed()
    first = asyncio.create_task(log.synced())
    await _is_asked(disk)
    log.committed()
    second = asyncio.create_task(log.synced())
    await asyncio.sleep(0)
    disk.asked.clear()
    disk.may.set()
    await first
    await second
    assert disk.syncs == 2


async def test_where_nothing_was_committed_nobody_waits(log: WriteAheadLog, disk: Disk) -> None:
    await log.synced()
    assert disk.syncs == 0
    log.committed()
    await log.synced()
    await log.synced()
    assert disk.syncs == 1


async def test_who_has_committed_nothing_waits_for_the_sync_that_runs(log: WriteAheadLog, disk: Disk) -> None:
    disk.may.clear()
    log.committed()
    first = asyncio.create_task(log.synced())
    await _is_asked(disk)
    reader = asyncio.create_task(log.synced())
    await asyncio.sleep(0)
    assert not reader.done()
    disk.may.set()
    await asyncio.gather(first, reader)
    assert disk.syncs == 1


async def test_after_a_disk_has_failed_all_fail_until_the_log_has_begun_anew(
    log: WriteAheadLog, disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wal, "_IN_THE_WAY_SECONDS", 0.0)
    path, file = tmp_path / "a.db", tmp_path / "a.db-wal"
    disk.fails = True
    log.committed()
    with pytest.raises(OperationalError, match="Input/output error"):
        await log.synced()
    disk.fails = False
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(2):
            with pytest.raises(OperationalError, match="the log cannot begin anew"):
                await log.synced()
        other.execute("COMMIT")
        before = salt(file)
        await log.synced()
        assert disk.syncs == 1, "the disk would say now that it has what it has lost"
        other.execute("INSERT INTO t VALUES (1)")
        assert salt(file) != before, "nothing comes behind what was lost"
    log.committed()
    await log.synced()
    assert disk.syncs == 2


async def test_who_stops_waiting_leaves_the_others(log: WriteAheadLog, disk: Disk) -> None:
    disk.may.clear()
    log.committed()
    leaving, staying = asyncio.create_task(log.synced()), asyncio.create_task(log.synced())
    await _is_asked(disk)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    disk.may.set()
    await staying
