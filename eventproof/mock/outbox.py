"""What one client is still to be sent: bounded, and what does not fit is left out."""

import asyncio
from typing import Final

__all__ = ["MOST_WAITING", "Outbox"]

MOST_WAITING: Final = 200
"""So many messages wait for a client that reads slowly."""


class Outbox:
    """Texts on their way to one client, in their order."""

    def __init__(self) -> None:
        self._texts: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)

    def put(self, text: str) -> bool:
        """Whether there was room for it."""
        if self._texts.full():
            return False
        self._texts.put_nowait(text)
        return True

    async def next(self, within: float) -> str | None:
        """The next text; None where none came within so many seconds."""
        try:
            return await asyncio.wait_for(self._texts.get(), within)
        except TimeoutError:
            return None
