"""Shares: work of which little is done at once, shared fairly among those for whom it is done."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class PutOff(Exception):
    """Too much is waiting, and more of it is theirs than anybody else's."""


class Shares:
    """At most `at_once` are under way; at most `most` wait, and go on one of each owner's after the other.

    Where more would wait, whichever came last of the owner who has most of them is put off. So an owner of many delays
    and displaces their own, and anybody else waits for one of each owner's at most.
    """

    def __init__(self, at_once: int, most: int) -> None:
        self._free = at_once
        self._most = most
        self._waiting = 0
        self._queues: dict[str, deque[asyncio.Future[None]]] = {}
        """By owner, in the order of their turns."""

    def __len__(self) -> int:
        return self._waiting

    @asynccontextmanager
    async def turn(self, owner: str) -> AsyncIterator[None]:
        """Wait for a turn, and have it while the block runs. Raises PutOff."""
        if self._free:
            self._free -= 1
        else:
            await self._wait(owner)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, owner: str) -> None:
        mine = asyncio.get_running_loop().create_future()
        self._queues.setdefault(owner, deque()).append(mine)
        self._waiting += 1
        if self._waiting > self._most:
            self._put_off(owner)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled() and mine.exception() is None:
                self._pass_on()
            elif owner in self._queues and mine in self._queues[owner]:
                self._take(owner, mine)
            raise

    def _put_off(self, newest: str) -> None:
        owner = max(self._queues, key=lambda each: (len(self._queues[each]), each == newest))
        last = self._queues[owner][-1]
        self._take(owner, last)
        if not last.done():
            last.set_exception(PutOff())

    def _take(self, owner: str, waiting: asyncio.Future[None]) -> None:
        self._queues[owner].remove(waiting)
        self._waiting -= 1
        if not self._queues[owner]:
            del self._queues[owner]

    def _pass_on(self) -> None:
        """The next owner's first goes on, and the owner is behind all others."""
        while self._queues:
            owner = next(iter(self._queues))
            queue = self._queues.pop(owner)
            first = queue.popleft()
            self._waiting -= 1
            if queue:
                self._queues[owner] = queue
            if not first.done():
                first.set_result(None)
                return
        self._free += 1
