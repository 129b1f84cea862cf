"""Coroutines that begin at once: what waits for nothing needs no task, and is done when the call returns."""

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine as awaitable
from typing import Any


def begin(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
    """Run a coroutine up to where it waits; gives the task that does the rest, None where nothing is left to do.

    Raises what it raises until then. Up to there it runs in no task of its own, so that `asyncio.timeout` has none to
    cancel: use `asyncio.wait_for` there.
    """
    try:
        awaited = coroutine.send(None)
    except StopIteration:
        return None
    if awaited is not None:
        awaited._asyncio_future_blocking = False  # Others may wait for it before the task does.
    return asyncio.get_running_loop().create_task(_go_on(coroutine, awaited))


async def _go_on(coroutine: Coroutine[Any, Any, None], awaited: Any) -> None:
    await _rest(coroutine, awaited)


@awaitable
def _rest(coroutine: Coroutine[Any, Any, None], awaited: Any) -> Generator[Any, Any, None]:
    if awaited is not None:
        awaited._asyncio_future_blocking = True
    while True:
        thrown: BaseException | None = None
        try:
            yield awaited
        except BaseException as failure:
            thrown = failure
        try:
            awaited = coroutine.send(None) if thrown is None else coroutine.throw(thrown)
        except StopIteration:
            return
