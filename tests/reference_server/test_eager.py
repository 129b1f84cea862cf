"""Coroutines that begin at once."""

import asyncio
from collections.abc import Awaitable

import pytest

from reference_server.eager import begin


async def _noting(notes: list[str], *waits: Awaitable[object]) -> None:
    notes.append("begun")
    for wait in waits:
        await wait
        notes.append("on")


async def test_what_waits_for_nothing_is_done_at_once_without_a_task() -> None:
    notes: list[str] = []
    assert begin(_noting(notes)) is None
    assert notes == ["begun"]


async def test_what_waits_goes_on_in_a_task() -> None:
    notes: list[str] = []
    first = asyncio.get_running_loop().create_future()
    task = begin(_noting(notes, first, asyncio.sleep(0), asyncio.sleep(0.001)))
    assert task is not None
    assert notes == ["begun"]
    first.set_result(None)
    await task
    assert notes == ["begun", "on", "on", "on"]


async def test_others_may_wait_for_the_same_at_the_same_time() -> None:
    notes: list[str] = []
    shared = asyncio.get_running_loop().create_future()
    other = asyncio.create_task(_noting(notes, shared))
    mine = begin(_noting(notes, shared))
    assert mine is not None
    await asyncio.sleep(0)
    shared.set_result(None)
    await asyncio.gather(mine, other)
    assert notes == ["begun", "begun", "on", "on"]


async def test_a_failure_is_raised_at_once_or_by_the_task() -> None:
    async def fail(*, later: bool) -> None:
        if later:
            await asyncio.sleep(0)
        raise LookupError("a fault of ours")

    with pytest.raises(LookupError):
        begin(fail(later=False))
    task = begin(fail(later=True))
    assert task is not None
    with pytest.raises(LookupError):
        await task


async def test_a_failure_of_what_it_waits_for_reaches_it() -> None:
    async def recover(wait: Awaitable[None], notes: list[str]) -> None:
        try:
            await wait
        except ConnectionError:
            await asyncio.sleep(0)
            notes.append("recovered")

    notes: list[str] = []
    wait: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    task = begin(recover(wait, notes))
    assert task is not None
    wait.set_exception(ConnectionError("gone"))
    await task
    assert notes == ["recovered"]


async def test_it_is_cancelled_where_it_waits() -> None:
    notes: list[str] = []

    async def tidy() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            notes.append("tidied")

    task = begin(tidy())
    assert task is not None
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert notes == ["tidied"]


@pytest.mark.parametrize("inside", [False, True], ids=["in no task", "in a task"])
async def test_a_timeout_holds_that_begins_before_the_first_wait(inside: bool) -> None:
    notes: list[str] = []

    async def hurry() -> None:
        try:
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()
        except TimeoutError:
            notes.append("late")

    begun: asyncio.Future[asyncio.Task[None] | None] = asyncio.get_running_loop().create_future()
    if inside:
        begun.set_result(begin(hurry()))
        assert asyncio.current_task() is not None
    else:
        asyncio.get_running_loop().call_soon(lambda: begun.set_result(begin(hurry())))
    task = await begun
    assert task is not None
    await task
    assert notes == ["late"]
