"""A connection that is closed, with something left to be read."""

import asyncio
import socket
from typing import Any

from reference_server.transport.http import close_transport
from tests.reference_server.house import SECONDS

LINGER = 0.05


class Ends(asyncio.Protocol):
    """Tells when it is over."""

    def __init__(self) -> None:
        self.over = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        self.over.set()


async def test_who_reads_all_in_time_is_not_cut_and_who_reads_nothing_is() -> None:
    loop = asyncio.get_running_loop()
    failures: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: failures.append(context))
    for reads in (True, False):
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        with theirs:
            transport, protocol = await loop.create_connection(Ends, sock=ours)
            transport.write(bytes(4_000_000))
            assert transport.get_write_buffer_size()
            close_transport(transport, LINGER)
            async with asyncio.timeout(SECONDS):
                while reads and await loop.sock_recv(theirs, 1 << 20):
                    pass
                await protocol.over.wait()
                behind = asyncio.Event()
                loop.call_later(LINGER, behind.set)
                await behind.wait()
    assert failures == []
