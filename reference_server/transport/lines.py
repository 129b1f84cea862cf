"""Lines: the connections that began as HTTP and are it no more. aiohttp has forgotten them, so that we end them."""

import asyncio
from contextlib import suppress


class Lines:
    """All that are open or still closing."""

    def __init__(self) -> None:
        self._open: set[asyncio.Transport] = set()
        self._none = asyncio.Event()

    def add(self, transport: asyncio.Transport) -> None:
        """Keep one, until it is lost."""
        self._open.add(transport)

    def lost(self, transport: asyncio.Transport) -> None:
        """One is gone."""
        self._open.discard(transport)
        if not self._open:
            self._none.set()

    def __len__(self) -> int:
        return len(self._open)

    async def ended(self, seconds: float) -> None:
        """Wait until all that are closing are closed, for at most so long; whatever is left then is cut off."""
        self._none.clear()
        if self._open:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._none.wait()
        for transport in list(self._open):
            transport.abort()
