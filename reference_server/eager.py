"""Coroutines that begin at once: what waits for nothing needs no task, and is done when the call returns."""

import asyncio
from asyncio.tasks import _enter_task, _leave_task
from collections.abc import Coroutine, Generator
from types import coroutine as awaitable
from typing import Any, TypeVar

T = TypeVar("T")


class _Beginning:
    """The current task before there is one, for `asyncio.timeout`: what is asked of it later is asked of the task."""

    __slots__ = ("task",)

    def __init__(self) -> None:
        self.task: asyncio.Task[None] | None = None

    def cancel(self, msg: Any | None = None) -> bool:
        return self.task is not None and self.task.cancel(msg)

    def cancelling(self) -> int:
        return self.task.cancelling() if self.task is not None else 0

    def uncancel(self) -> int:
        return self.task.uncancel() if self.task is not None else 0


def begin(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
    """Run a coroutine up to where it waits; gives the task that does the rest, None where nothing is left to do.

    Raises what it raises until then.
    """
    loop = asyncio.get_running_loop()
    beginning: Any = _Beginning()
    caller = asyncio.current_task(loop)
    if caller is not None:
        _leave_task(loop, caller)
    _enter_task(loop, beginning)
    try:
        awaited = coroutine.send(None)
    except StopIteration:
        return None
    finally:
        _leave_task(loop, beginning)
        if caller is not None:
            _enter_task(loop, caller)
    if awaited is not None:
        awaited._asyncio_future_blocking = False  # Others may wait for it before the task does.
    beginning.task = task = loop.create_task(_go_on(coroutine, awaited))
    return task


async def _go_on(coroutine: Coroutine[Any, Any, None], awaited: Any) -> None:
    await rest(coroutine, awaited)


@awaitable
def rest(coroutine: Coroutine[Any, Any, T], awaited: Any) -> Generator[Any, Any, T]:
    """Go on with a coroutine that has begun, and gave this to wait for; gives what it returns."""
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
        except StopIteration as done:
            result: T = done.value
            return result
