"""SQLite's write-ahead log: when what is committed is on the disk, and when it is folded back into the database.

SQLite would do both within a commit, and its caller would wait: for the disk each time, and for all that is folded
every thousand pages. Here both are done beside the commits, in threads.
"""

import asyncio
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

_sync = getattr(os, "fdatasync", os.fsync)


class WriteAheadLog:
    """The log of an open database. Its file is there for as long as anybody has the database open."""

    def __init__(self, database: Path) -> None:
        """Raises OSError, and sqlite3.Error."""
        # The log, and never the database itself: closing a file that SQLite has locked would lose its locks.
        self._file = os.open(f"{database}-wal", os.O_RDONLY)
        self._folding = sqlite3.connect(database, isolation_level=None, check_same_thread=False, timeout=0)
        self._threads = ThreadPoolExecutor(2, "store")
        self._behind = True
        """Whether there are commits that no sync covers, even of those that run."""
        self._running: asyncio.Future[None] | None = None
        self._next: asyncio.Future[None] | None = None
        """The sync that follows the one that runs: all that is committed meanwhile shares it."""
        _sync_folder(database.parent)

    def committed(self) -> None:
        """There is more in the log."""
        self._behind = True

    async def synced(self) -> None:
        """Wait until all that is committed now is on the disk. Raises OperationalError where the disk fails."""
        if self._behind and self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        waited = self._next or self._running
        if self._running is None and self._next is not None:
            self._begin()
        if waited is not None:
            await asyncio.shield(waited)

    def _begin(self) -> None:
        self._running, self._next, self._behind = self._next, None, False
        syncing = asyncio.get_running_loop().run_in_executor(self._threads, _sync, self._file)
        syncing.add_done_callback(self._ended)

    def _ended(self, syncing: asyncio.Future[Any]) -> None:
        ended, self._running = self._running, None
        assert ended is not None  # noqa: S101 - this is its end
        failure = syncing.exception()
        if failure is None:
            ended.set_result(None)
        else:
            self._behind = True
            ended.set_exception(OperationalError("the sync of the log", None, failure))
            ended.exception()  # Whoever waited may have left.
        if self._next is not None:
            self._begin()

    async def fold(self) -> None:
        """Write what is in the log into the database, as far as no reader is in the way. Raises sqlite3.Error.

        Where that was all, and nothing is committed meanwhile, the log begins anew.
        """
        await asyncio.get_running_loop().run_in_executor(self._threads, self._fold)

    def _fold(self) -> None:
        self._folding.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    async def close(self) -> None:
        """Wait for what is under way; before the last connection to the database is closed."""
        while self._running is not None:
            await asyncio.wait({self._running})
        self._threads.shutdown()
        self._folding.close()
        os.close(self._file)


def _sync_folder(folder: Path) -> None:
    """That there is a log is to outlive a power cut, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
