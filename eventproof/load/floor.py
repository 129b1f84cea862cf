"""The floor under every latency: round trips of a bare WebSocket echo on this machine, all through the run.

Each process that generates load asks an echo of its own, from the same event loop that measures all else: what it
finds is what it would have found of a server that does nothing, as busy as it was itself.
"""

import os
import socket
import subprocess
import sys
from itertools import count
from time import monotonic
from typing import Final

from eventproof.errors import ProtocolViolation
from eventproof.wire import websocket
from eventproof.wire.websocket import Opcode

from .account import SwarmAccount
from .greenlets import Greenlet, sleep, spawn
from .histogram import Histogram

__all__ = ["FLOOR", "WHAT", "Floor"]

FLOOR: Final = "floor: websocket echo"
WHAT: Final = "a bare WebSocket echo on the load generator's machine, there and back, while the run lasted"
_PERIOD: Final = 0.1
_WARM_UP: Final = 10
_TIMEOUT: Final = 20.0


class Floor:
    """That of one process: an echo as a process of its own, asked every `period` seconds until `stop`."""

    def __init__(self, period: float = _PERIOD) -> None:
        self.samples = Histogram()
        self._why_none = ""
        self._period = period
        command = [sys.executable, "-m", f"{__package__}.echo"]
        self._echo = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own
        self._asking: Greenlet = spawn(self._ask)

    def stop(self) -> None:
        """End the echo; nothing happens the second time."""
        self._asking.kill(block=False)
        self._echo.terminate()
        self._echo.wait(_TIMEOUT)
        for pipe in (self._echo.stdin, self._echo.stdout):
            pipe.close()  # type: ignore[union-attr]  # they are pipes

    def account(self) -> SwarmAccount:
        """The round trips, and a note where they came to an end."""
        notes = (f"the floor could not be measured: {self._why_none}",) if self._why_none else ()
        return SwarmAccount(histograms={FLOOR: self.samples} if len(self.samples) else {}, notes=notes)

    def _ask(self) -> None:
        try:
            self._round_trips(int(self._echo.stdout.readline()))  # type: ignore[union-attr]  # it is a pipe
        except (OSError, ValueError, ProtocolViolation) as error:
            self._why_none = str(error) or type(error).__name__

    def _round_trips(self, port: int) -> None:
        frames = websocket.FrameDecoder()
        with socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            key = websocket.new_key(os.urandom(16))
            connection.sendall(websocket.handshake_request(f"127.0.0.1:{port}", "/", key))
            head = b""
            while websocket.handshake_response(head, key) is None:
                head += _received(connection)
            for number in count():
                began = monotonic()
                connection.sendall(websocket.encode(Opcode.TEXT, "echo", os.urandom(4)))
                while not frames.feed(_received(connection)):
                    pass
                if number >= _WARM_UP:
                    self.samples.record(monotonic() - began)
                    sleep(self._period)


def _received(connection: socket.socket) -> bytes:
    data = connection.recv(4096)
    if not data:
        raise ConnectionResetError("the echo has ended")
    return data
