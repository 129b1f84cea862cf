"""A chore: work of the server's own that comes up again and again. One timer, and never done twice at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from ..logs import Seldom
from ..store.sql import FAILURES

_log = structlog.get_logger("chore")
_RECOVERY: Final = 1.0
"""Seconds after which one that failed is tried again."""


class Chore:
    """Done when it is due, and then at least `pause` seconds later; one that fails is logged and tried again."""

    def __init__(self, name: str, do: Callable[[], Awaitable[None]], pause: float = 0.0) -> None:
        self._name = name
        self._do = do
        self._pause = pause
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._next: float | None = None
        """When it is due again, for a chore that is being done."""
        self._closed = False
        self._store_failed = Seldom(_log.error)

    def due_in(self, seconds: float) -> None:
        """It is due in so long, unless it is due earlier."""
        self._due_at(asyncio.get_running_loop().time() + seconds)

    def _due_at(self, at: float) -> None:
        if self._closed:
            return
        if self._task is not None:
            self._next = at if self._next is None else min(self._next, at)
            return
        if self._timer is not None:
            if self._timer.when() <= at:
                return
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(at, self._begin)

    def _begin(self) -> None:
        self._timer = None
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await self._do()
        except FAILURES as failure:
            self._store_failed(f"{self._name}-failed", error=str(failure))
            self._due_at(loop.time() + _RECOVERY)
        except Exception:
            _log.exception("chore-failed", chore=self._name)
            self._due_at(loop.time() + _RECOVERY)
        finally:
            self._task = None
            at, self._next = self._next, None
            if at is not None:
                self._due_at(max(at, loop.time() + self._pause))

    async def close(self) -> None:
        """Begin no more, and wait for what is being done."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            await asyncio.wait({self._task})
