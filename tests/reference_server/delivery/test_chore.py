"""Chores: one timer, one at a time, and again after a failure."""

import asyncio

import pytest
from structlog.testing import capture_logs

from reference_server.delivery import chore
from reference_server.delivery.chore import Chore
from tests.reference_server.house import SECONDS


class Work:
    """Counts how often it is done, and holds it where asked to."""

    def __init__(self) -> None:
        self.done = 0
        self.at_once = 0
        self.most_at_once = 0
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.fails: Exception | None = None
        self._ends: asyncio.Queue[None] = asyncio.Queue()

    async def do(self) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.begun.set()
        await self.go_on.wait()
        self.at_once -= 1
        self.done += 1
        self._ends.put_nowait(None)
        failure, self.fails = self.fails, None
        if failure:
            raise failure

    async def is_done(self, times: int) -> None:
        """Wait until it has been done so often, since the start or the last wait."""
        async with asyncio.timeout(SECONDS):
            for _ in range(times):
                await self._ends.get()


async def test_what_is_due_several_times_is_done_once_and_at_the_earliest() -> None:
    work = Work()
    it = Chore("it", work.do)
    it.due_in(60)
    it.due_in(0.02)
    it.due_in(30)
    await work.is_done(1)
    await it.close()
    assert work.done == 1


async def test_what_falls_due_while_it_is_done_is_done_after_that() -> None:
    work = Work()
    work.go_on.clear()
    it = Chore("it", work.do, pause=0.05)
    it.due_in(0)
    await work.begun.wait()
    it.due_in(60)
    it.due_in(0)
    loop = asyncio.get_running_loop()
    began = loop.time()
    work.go_on.set()
    await work.is_done(2)
    assert loop.time() - began >= 0.045
    assert work.most_at_once == 1
    await it.close()


@pytest.mark.parametrize(
    ("failure", "said"),
    [(OSError("no database"), {"event": "it-failed"}), (ValueError("x"), {"event": "chore-failed", "chore": "it"})],
)
async def test_what_fails_is_logged_and_tried_again(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, said: dict[str, str]
) -> None:
    monkeypatch.setattr(chore, "_RECOVERY", 0.02)
    work = Work()
    work.fails = failure
    it = Chore("it", work.do)
    with capture_logs() as logs:
        it.due_in(0)
        await work.is_done(2)
    assert [log.items() >= said.items() for log in logs] == [True]
    await it.close()


async def test_at_the_end_what_is_being_done_is_finished_and_nothing_more_begun() -> None:
    work = Work()
    work.go_on.clear()
    it = Chore("it", work.do)
    it.due_in(0)
    await work.begun.wait()
    it.due_in(0)
    closing = asyncio.create_task(it.close())
    await asyncio.sleep(0)
    work.go_on.set()
    await closing
    it.due_in(0)
    assert work.done == 1
    idle = Chore("idle", work.do)
    idle.due_in(0.01)
    await idle.close()
    await asyncio.sleep(0.02)
    assert work.done == 1
