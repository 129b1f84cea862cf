"""A TCP port of this machine that nobody else is given while it is kept.

Who picks a free port and closes it again may find somebody else there when the program that it is for begins to listen,
seconds later; and a client of that program then reads a stranger's answers.
"""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["kept"]


@contextmanager
def kept(host: str = "127.0.0.1") -> Iterator[int]:
    """A free port of `host`, on which one program at a time may listen that sets SO_REUSEADDR, as most servers do.

    Linux lets such a program listen on a port that is bound and gives it to nobody who asks for any free one. Other
    systems may refuse the program: there, the port was free when it was picked, and nobody keeps it.
    """
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.bind((host, 0))
        port: int = keeper.getsockname()[1]
        if sys.platform != "linux":
            keeper.close()
        yield port
