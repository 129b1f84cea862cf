"""What a connection and a message cost the hub's clients, beside python-socketio's: `python benchmarks/hub.py`.

Each client runs in a process of its own against the same small server in another one, `peers/floor.py`, which pours
events over all connections at a steady rate. Printed: memory a connection, processor time a connect and a message,
one-way latency.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.serving.contenders import FLOOR
from benchmarks.serving.process import running


class Account:
    """What one client did."""

    def __init__(self, users: int) -> None:
        self.users = users
        self.opened = 0
        self.latencies: list[float] = []
        self._memory = _memory()
        self._processor = time.process_time()

    def connected(self) -> dict[str, float]:
        """The cost of the connections."""
        return {
            "kB a connection": (_memory() - self._memory) / self.users / 1024,
            "CPU s per 1,000 connects": (time.process_time() - self._processor) * 1000 / self.users,
        }

    def poured(self, processor: float) -> dict[str, float]:
        """The cost of the messages that came while this much processor time was used."""
        ordered = sorted(self.latencies)
        return {
            "messages": len(ordered),
            "CPU µs a message": processor * 1e6 / len(ordered),
            "p50 ms": ordered[len(ordered) // 2] * 1e3,
            "p99 ms": ordered[len(ordered) * 99 // 100] * 1e3,
        }


def run_hub(
    url: str, users: int, pour: Callable[[], None], *, open_one: Callable[[Any, Any], object]
) -> dict[str, float]:
    """Our client, on a wire: no greenlet a connection."""
    import gevent

    from eventproof.client.hub import Hub

    account = Account(users)

    class Everyone:
        def opened(self, *_: object) -> None:
            account.opened += 1

        def received(self, _connection: object, event: Any, at: float) -> None:
            account.latencies.append(at - event.args[0]["at"])

        def acknowledged(self, *_: object) -> None: ...

        def disconnected(self, *_: object) -> None: ...

        def closed(self, _connection: object, how: object, _at: float) -> None:
            raise SystemExit(f"a connection ended: {how}")

    hub, everyone = Hub(url), Everyone()
    for _ in range(users):
        open_one(hub, everyone)
    while account.opened < users:
        gevent.sleep(0.01)
    cost = account.connected()
    pouring = gevent.get_hub().threadpool.spawn(pour)
    processor = time.process_time()
    pouring.get()
    gevent.sleep(0.2)
    return cost | account.poured(time.process_time() - processor)


def run_socketio(url: str, users: int, pour: Callable[[], None]) -> dict[str, float]:
    """python-socketio's asyncio client."""
    import socketio

    account = Account(users)

    async def main() -> dict[str, float]:
        clients = []
        for _ in range(users):
            client = socketio.AsyncClient(reconnection=False)
            client.on("tick", lambda data: account.latencies.append(time.monotonic() - data["at"]))
            clients.append(client)
        for start in range(0, users, 64):
            await asyncio.gather(
                *(
                    client.connect(url, auth={"token": "t"}, transports=["websocket"])
                    for client in clients[start : start + 64]
                )
            )
        cost = account.connected()
        processor = time.process_time()
        await asyncio.to_thread(pour)
        await asyncio.sleep(0.2)
        return cost | account.poured(time.process_time() - processor)

    return asyncio.run(main())


CLIENTS: dict[str, Callable[[str, int, Callable[[], None]], dict[str, float]]] = {
    "Socket.IO": partial(run_hub, open_one=lambda hub, everyone: hub.open(everyone, {"token": "t"})),
    "streams": partial(run_hub, open_one=lambda hub, everyone: hub.stream(everyone, "/stream")),
    "WebSockets": partial(run_hub, open_one=lambda hub, everyone: hub.websocket(everyone, "/ws")),
    "python-socketio": run_socketio,
}


def _memory() -> int:
    import psutil

    return int(psutil.Process().memory_info().rss)


def client(name: str, url: str, users: int, rate: int, seconds: float) -> None:
    """One measurement, in this process; prints it as JSON."""

    def pour() -> None:
        address = f"{url}/pour?rate={rate}&seconds={seconds}"
        urllib.request.urlopen(urllib.request.Request(address, method="POST"), timeout=seconds + 60).read()  # noqa: S310 - our own server

    print(json.dumps(CLIENTS[name](url, users, pour)))


def main() -> None:
    """Measure the clients and print them side by side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--client", choices=CLIENTS, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.client:
        client(options.client, options.url, options.users, options.rate, options.seconds)
        return
    results = {}
    for name in CLIENTS:
        with tempfile.TemporaryDirectory() as folder, running(FLOOR, Path(folder) / "server.log") as server:
            size = [f"--{key}={getattr(options, key)}" for key in ("users", "rate", "seconds")]
            measured = subprocess.run(
                [sys.executable, __file__, "--client", name, "--url", server.url, *size],
                capture_output=True,
                check=True,
                timeout=300,
            )
            results[name] = json.loads(measured.stdout)
    print(f"{options.users} users, {options.rate} messages/s for {options.seconds} s\n")
    print(f"{'':28}" + "".join(f"{name:>17}" for name in CLIENTS))
    for key in results["Socket.IO"]:
        print(f"{key:28}" + "".join(f"{results[name][key]:17.2f}" for name in CLIENTS))


if __name__ == "__main__":
    main()
