"""Health: whether the store takes what is written, and in one word why not.

A disk that is full, or may not be written, is read from as ever: so health writes. Everybody who asks within a second
is answered by one question, and while that waits, by what was last known.
"""

import asyncio
from collections.abc import Callable
from typing import Final
from uuid import uuid4

import structlog
from sqlalchemy import Column, String, Table, delete, insert

from .store.database import Store
from .store.sql import FAILURES
from .store.tables import TABLES

PROBES: Final = Table("probes", TABLES, Column("id", String(32), primary_key=True))
"""Empty, but for a moment: a row that is as it was before would not be written."""
_FRESH: Final = 1.0
"""Seconds for which an answer holds."""
_PATIENCE: Final = 1.0
"""Seconds in which the store should answer; also those that probes usually wait for."""
SLOW: Final = "store_slow"
FAILED: Final = "store_failed"
_WORDS: Final = {
    "full": "store_full",
    "readonly": "store_read_only",
    "locked": "store_locked",
    "timed out": SLOW,
}
"""By what the driver says."""
_log = structlog.get_logger("health")


class Health:
    """The state of the store; `clock` gives seconds that never go back."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._asking: asyncio.Task[None] | None = None
        self._asked_at = -_FRESH
        self._problem: str | None = None

    async def problem(self) -> str | None:
        """One word for what is wrong, or None."""
        if self._asking is None:
            if self._clock() - self._asked_at < _FRESH:
                return self._problem
            self._asking = asyncio.create_task(self._ask())
        asking = self._asking
        await asyncio.wait({asking}, timeout=_PATIENCE)
        return self._problem if asking.done() else self._problem or SLOW

    async def _ask(self) -> None:
        before = self._problem
        try:
            async with self._store.writing() as connection:
                mine = uuid4().hex
                await connection.execute(insert(PROBES).values(id=mine))
                await connection.execute(delete(PROBES).where(PROBES.c.id == mine))
            self._problem = None
        except FAILURES as failure:
            self._problem = _word(failure)
        finally:
            self._asked_at = self._clock()
            self._asking = None
        if self._problem != before:
            _log.warning("health", problem=self._problem)

    async def close(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            await asyncio.wait({self._asking})


def _word(failure: Exception) -> str:
    said = str(getattr(failure, "orig", None) or failure)
    return next((word for part, word in _WORDS.items() if part in said), FAILED)
