"""SQLite's write-ahead log: when what is committed is on the disk, and when it is folded back into the database.

SQLite would do both within a commit, and its caller would wait: for the disk each time, and for all that is folded
every thousand pages. Here both are done beside the commits, in threads.

Linux tells once that a sync has failed, and the next one succeeds without what was lost. So after a failure no sync is
believed: all of the log has to be folded back instead, from what the system still has of it, and to begin anew.
"""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Final

from sqlalchemy.exc import OperationalError

_sync: Final = getattr(os, "fdatasync", os.fsync)
_IN_THE_WAY_SECONDS: Final = 2.0
"""How long a transaction, or another program, may be in the way of a log that has to begin anew."""


class WriteAheadLog:
    """The log of an open database. Its file is there for as long as anybody has the database open."""

    def __init__(self, database: Path) -> None:
        """Raises OSError, and sqlite3.Error."""
        _sync_folder(database.parent)
        self._database = database
        # The log, and never the database itself: closing a file that SQLite has locked would lose its locks.
        self._file = os.open(f"{database}-wal", os.O_RDONLY)
        self._folder = sqlite3.connect(database, isolation_level=None, check_same_thread=False, timeout=0)
        self._behind = True
        """Whether there are commits that no sync covers, not even the one that runs."""
        self._waiting: list[asyncio.Future[None]] = []
        """For the sync after the one that runs; whoever commits meanwhile shares it."""
        self._served: list[asyncio.Future[None]] | None = None
        """By the sync that runs; None: none does."""
        self._wanted: SimpleQueue[asyncio.AbstractEventLoop | None] = SimpleQueue()
        self._thread = Thread(target=self._sync_again_and_again, name="sync", daemon=True)
        self._thread.start()

    def committed(self) -> None:
        """There is more in the log."""
        self._behind = True

    async def synced(self) -> None:
        """Wait until all that is committed now is on the disk. Raises OperationalError where the disk fails.

        Who asks after a failure has the log folded back, and fails as well for as long as that does.
        """
        waiter = asyncio.get_running_loop().create_future()
        if self._behind:
            self._waiting.append(waiter)
            if self._served is None:
                self._begin()
        elif self._served is not None:
            self._served.append(waiter)
        else:
            return
        await waiter

    def _begin(self) -> None:
        self._served, self._waiting, self._behind = self._waiting, [], False
        self._wanted.put(asyncio.get_running_loop())

    def _sync_again_and_again(self) -> None:
        failure: OSError | sqlite3.Error | None = None
        while (loop := self._wanted.get()) is not None:
            try:
                if failure is None:
                    _sync(self._file)
                else:
                    self._begin_anew()
                failure = None
            except (OSError, sqlite3.Error) as found:
                failure = found
            loop.call_soon_threadsafe(self._ended, failure)

    def _begin_anew(self) -> None:
        """Fold all of the log back, so that the next commit is the first in it. Raises sqlite3.Error."""
        with closing(sqlite3.connect(self._database, isolation_level=None, timeout=_IN_THE_WAY_SECONDS)) as connection:
            ((busy, pages, _),) = connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        if busy or pages < 0:
            raise sqlite3.OperationalError("a sync of the log has failed, and the log cannot begin anew yet")

    def _ended(self, failure: OSError | sqlite3.Error | None) -> None:
        served, self._served = self._served or [], None
        self._behind = self._behind or failure is not None
        if self._waiting:
            self._begin()
        for waiter in served:
            if waiter.cancelled():
                continue
            if failure is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(OperationalError("the sync of the log", None, failure))

    async def fold(self) -> None:
        """Write what is in the log into the database, as far as no reader is in the way. Raises sqlite3.Error.

        Where that was all, and nothing is committed meanwhile, the log begins anew with the next commit.
        """
        await asyncio.to_thread(self._fold)

    def _fold(self) -> None:
        self._folder.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    async def begin(self) -> None:
        """Commit next to nothing: whoever is first in a log waits for the disk. Raises sqlite3.Error."""
        await asyncio.to_thread(self._folder.execute, "PRAGMA user_version=0")

    async def close(self) -> None:
        """Sync, and end; before the last connection to the database is closed."""
        try:
            await self.synced()
        finally:
            self._wanted.put(None)
            self._thread.join()
            self._folder.close()
            os.close(self._file)


def _sync_folder(folder: Path) -> None:
    """That there is a log is to outlive a power cut, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
