"""Locust's own `SocketIOUser`: python-socketio's client in greenlets, each message told to Locust."""

import locust  # noqa: F401 - patches the process before anything else is imported

# isort: split
import json
from time import monotonic
from typing import Any

import gevent
from gevent.pool import Pool
from locust.contrib.socketio import SocketIOUser
from locust.env import Environment

from .measuring import Taken, options, stamp_of, started, told

_WARM, _AT_ONCE = 50, 64
_latencies: list[float] = []


class Member(SocketIOUser):
    """Somebody with one connection."""

    abstract = True


def _timed(user: Any) -> None:
    """Have what arrives noted, and told to Locust as its own handler does."""
    tell = user.sio.on_message

    def on_message(event: str, data: Any) -> None:
        _latencies.append(monotonic() - stamp_of(data))
        tell(event, json.dumps(data))

    user.sio.on("*", on_message)


def main() -> None:
    """Measure, and print it."""
    asked = options()
    environment = Environment(user_classes=[])
    environment.create_local_runner()
    users = []

    def come_in(token: str) -> None:
        user: Any = Member(environment)  # type: ignore[no-untyped-call]  # Locust's users have no types
        users.append(user)
        _timed(user)
        user.sio.connect(asked.url, auth={"token": token}, transports=["websocket"])

    pool = Pool(_AT_ONCE)
    pool.map(come_in, [f"warm-{number}" for number in range(_WARM)])
    taken = Taken()
    pool.map(come_in, [f"crowd-{number}" for number in range(asked.users)])
    connected = taken.processor, taken.memory
    taken, pour = Taken(), started(asked)
    rate = gevent.spawn(pour.run).get()
    until = monotonic() + 60
    while len(_latencies) < pour.messages and monotonic() < until:
        gevent.sleep(0.01)
    told(asked, connected, taken.processor, rate, _latencies)


if __name__ == "__main__":
    main()
