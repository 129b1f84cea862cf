"""How long a call, a connection or an event may wait for the store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from .refusals import Refusal

_LATE: Final = "The service took too long to answer: load what you were about to change, and see whether it was done."


@asynccontextmanager
async def in_time(seconds: float) -> AsyncIterator[None]:
    """Raises Refusal where the block takes longer; what it waited for may be done or not."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise Refusal("unavailable", _LATE) from None
