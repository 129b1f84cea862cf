"""A port that is kept: one program can listen there, and nobody else is given it."""

import asyncio
import socket
import struct
import sys
from collections.abc import Callable

import pytest

from eventproof import port

_RANGE = 51
"""IP_LOCAL_PORT_RANGE of Linux, from 6.3 on: the ports of which this socket is given one."""


async def test_a_program_can_listen_there_and_again() -> None:
    with port.kept() as at:
        for _ in range(2):
            server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", at)
            async with server:
                reader, writer = await asyncio.open_connection("127.0.0.1", at)
                assert await reader.read() == b""
                writer.close()


def _listens(asking: socket.socket, _: tuple[str, int]) -> None:
    asking.bind(("127.0.0.1", 0))


def _listens_again(asking: socket.socket, _: tuple[str, int]) -> None:
    asking.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    asking.bind(("127.0.0.1", 0))


def _connects(asking: socket.socket, to: tuple[str, int]) -> None:
    asking.connect(to)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps a port for a program that sets SO_REUSEADDR")
@pytest.mark.parametrize("asks", [_listens, _listens_again, _connects])
def test_who_asks_for_any_port_is_not_given_this_one(asks: Callable[[socket.socket, tuple[str, int]], None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with port.kept() as at, socket.socket() as asking:
            _has_only(asking, at)
            with pytest.raises(OSError, match=r"Address already in use|Cannot assign requested address"):
                asks(asking, listening.getsockname())
        with socket.socket() as asking:
            _has_only(asking, at)
            asks(asking, listening.getsockname())
            assert asking.getsockname()[1] == at


def _has_only(asking: socket.socket, at: int) -> None:
    """This socket is given this port or none."""
    try:
        asking.setsockopt(socket.IPPROTO_IP, _RANGE, struct.pack("I", at << 16 | at))
    except OSError:
        pytest.skip("this kernel has no IP_LOCAL_PORT_RANGE")
