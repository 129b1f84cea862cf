"""A bare TCP or TLS connection on which anything can be said."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from eventproof.client.address import Address

__all__ = ["GLANCE", "PUT_OFF", "Tcp", "Unmade", "connected"]

GLANCE: Final = 0.2
"""Seconds for which one looks whether a connection is still there, where nothing is to be waited for."""
PUT_OFF: Final = frozenset({429, 502, 503})
"""The statuses of HTTP by which nobody has read what was sent: a limit, or a proxy."""

_STEP = 64 * 1024
_MOST = 1024 * 1024
"""Bytes of answers that one attacker reads."""


class Unmade(Exception):
    """There was no connection on which an attack could be made; the text says why."""


class Tcp:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._left = _MOST

    async def read(self) -> bytes:
        """What came; nothing once it has ended, or when a server says more than anybody wants to hear."""
        try:
            came = await self._reader.read(_STEP)
        except OSError:
            return b""
        self._left -= len(came)
        return came if self._left > 0 else b""

    async def has_ended(self) -> bool:
        """Whether the server ended the connection that was held; what it said on it is passed over, up to a bound."""
        with suppress(TimeoutError):
            async with asyncio.timeout(GLANCE):
                for _ in range(_MOST // _STEP):
                    try:
                        if not await self._reader.read(_STEP):
                            return True
                    except OSError:
                        return True
        return False

    async def write(self, data: bytes) -> bool:
        """Whether all of it was taken before the server ended the connection."""
        try:
            for start in range(0, len(data), _STEP):
                self._writer.write(data[start : start + _STEP])
                await self._writer.drain()
        except OSError:
            return False
        return not self._writer.is_closing()

    def abort(self) -> None:
        """End it, without a goodbye."""
        self._writer.transport.abort()


@asynccontextmanager
async def connected(address: Address, seconds: float) -> AsyncIterator[Tcp]:
    """A connection while the block runs; raises Unmade."""
    context = ssl.create_default_context() if address.tls else None
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(address.host, address.port, ssl=context)
    except (OSError, TimeoutError) as error:
        raise Unmade(f"no connection: {error or type(error).__name__}") from None
    tcp = Tcp(reader, writer)
    try:
        yield tcp
    finally:
        tcp.abort()
