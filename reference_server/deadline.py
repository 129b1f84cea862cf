"""How long a call, a connection or an event may wait for the store."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from .eager import rest
from .refusals import Refusal

T = TypeVar("T")
_LATE: Final = "The service took too long to answer: load what you were about to change, and see whether it was done."

_RETRY_AFTER: Final = "5"
"""Seconds."""


async def in_time(seconds: float, coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine gives. Raises Refusal where it takes longer; what it waited for may be done or not.

    What waits for nothing needs no clock.
    """
    try:
        awaited = coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    try:
        async with asyncio.timeout(seconds):
            return await rest(coroutine, awaited)
    except TimeoutError:
        raise Refusal("unavailable", _LATE, headers={"Retry-After": _RETRY_AFTER}) from None
