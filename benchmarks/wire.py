"""What decoding costs, beside the libraries that do the same: `python benchmarks/wire.py`.

Prints microseconds and ratios; only ratios of one run compare, since machines differ and are shared.
"""

import json
import os
import timeit
from collections.abc import Callable

import engineio.packet
import orjson
import socketio.packet
from wsproto import ConnectionType
from wsproto.connection import Connection as WsprotoConnection
from wsproto.events import TextMessage

from eventproof.wire import websocket
from eventproof.wire.connection import Connection
from eventproof.wire.websocket import Opcode

ROUNDS, TIMES = 20, 2_000

EVENT = {"message": "Your account has been banned by an administrator.", "padding": "x" * 170}
TEXT = "42" + json.dumps(["user.banned", EVENT], separators=(",", ":"))
MASK = os.urandom(4)


def main() -> None:
    """Measure and print."""
    frame = WsprotoConnection(ConnectionType.SERVER).send(TextMessage(data=TEXT))
    print(f"one EVENT of {len(TEXT)} bytes in one frame of {len(frame)} bytes\n")
    frames = websocket.FrameDecoder()
    with_json, with_orjson = _connected(Connection()), _connected(Connection(loads=orjson.loads))

    def whole(connection: Connection) -> None:
        for _, message in frames.feed(frame):
            connection.receive(message)

    def libraries() -> None:
        for message in _wsproto_read(frame):
            _python_socketio_decode(message)

    _table(
        "frame to event",
        {
            "eventproof": lambda: whole(with_json),
            "eventproof, orjson": lambda: whole(with_orjson),
            "wsproto, python-engineio, python-socketio": libraries,
        },
    )
    _table("frame to text", {"eventproof": lambda: frames.feed(frame), "wsproto": lambda: _wsproto_read(frame)})
    _table(
        "text to event (the libraries check no state)",
        {
            "eventproof": lambda: with_json.receive(TEXT),
            "eventproof, orjson": lambda: with_orjson.receive(TEXT),
            "python-engineio, python-socketio": lambda: _python_socketio_decode(TEXT),
            "json.loads alone": lambda: json.loads(TEXT[2:]),
        },
    )
    client = WsprotoConnection(ConnectionType.CLIENT)
    _table(
        "text to masked frame",
        {
            "eventproof": lambda: websocket.encode(Opcode.TEXT, TEXT, MASK),
            "wsproto": lambda: client.send(TextMessage(data=TEXT)),
        },
    )


def _connected(connection: Connection) -> Connection:
    connection.receive('0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}')
    connection.connect("/")
    connection.receive('40{"sid":"x"}')
    return connection


_server = WsprotoConnection(ConnectionType.CLIENT)


def _wsproto_read(frame: bytes) -> list[str]:
    _server.receive_data(frame)
    return [event.data for event in _server.events() if isinstance(event, TextMessage)]


def _python_socketio_decode(message: str) -> object:
    outer = engineio.packet.Packet(encoded_packet=message)
    return socketio.packet.Packet(encoded_packet=outer.data)


def _table(title: str, candidates: dict[str, Callable[[], object]]) -> None:
    print(title)
    rounds = [[timeit.timeit(act, number=TIMES) / TIMES for act in candidates.values()] for _ in range(ROUNDS)]
    costs = dict(zip(candidates, map(min, zip(*rounds, strict=True)), strict=True))
    ours = next(iter(costs.values()))
    for name, cost in costs.items():
        print(f"  {name:<42} {cost * 1e6:7.2f} µs   x{cost / ours:.2f}")
    print()


if __name__ == "__main__":
    main()
