"""The floor under every latency: the round trip of a bare WebSocket echo, measured on this machine before the run."""

import os
import socket
import subprocess
import sys
from time import monotonic

from eventproof.report.records import Latency
from eventproof.wire import websocket
from eventproof.wire.websocket import Opcode

from .histogram import Histogram

_WARM_UP = 100
_SAMPLES = 1000
_TIMEOUT = 20.0


def measure() -> Latency:
    """Start the echo as a process of its own, ask it a thousand times, and stop it."""
    command = [sys.executable, "-m", f"{__package__}.echo"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:  # noqa: S603 - our own module
        try:
            port = int(child.stdout.readline())  # type: ignore[union-attr]  # it is a pipe
            samples = _round_trips(port)
            child.stdin.close()  # type: ignore[union-attr]  # it is a pipe
        finally:
            child.terminate()
    return samples.latency("floor: websocket echo", "a bare WebSocket echo on this machine, there and back", floor=True)


def _round_trips(port: int) -> Histogram:
    samples, frames = Histogram(), websocket.FrameDecoder()
    with socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = websocket.new_key(os.urandom(16))
        connection.sendall(websocket.handshake_request(f"127.0.0.1:{port}", "/", key))
        head = b""
        while websocket.handshake_response(head, key) is None:
            head += connection.recv(4096)
        for number in range(_WARM_UP + _SAMPLES):
            began = monotonic()
            connection.sendall(websocket.encode(Opcode.TEXT, "echo", os.urandom(4)))
            while not frames.feed(connection.recv(4096)):
                pass
            if number >= _WARM_UP:
                samples.record(monotonic() - began)
    return samples
