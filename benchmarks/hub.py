"""What a connection and a message cost the hub's clients, beside python-socketio's: `python benchmarks/hub.py`.

Each client runs in a process of its own against the same small server in another one, which pours events over all
connections at a steady rate. Printed: memory a connection, processor time a connect and a message, one-way latency.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

PADDING = "x" * 200


def serve() -> None:
    """The server: speaks just enough Engine.IO and Socket.IO, and pours when it is told to."""
    from aiohttp import web

    senders: list[Callable[[str], Awaitable[None]]] = []

    async def connect(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        opening = {"sid": "s", "upgrades": [], "pingInterval": 25000, "pingTimeout": 20000, "maxPayload": 1000000}
        await socket.send_str("0" + json.dumps(opening))
        await socket.receive()
        await socket.send_str('40{"sid":"c"}')

        async def send(data: str) -> None:
            await socket.send_str(f'42["tick",{data}]')

        senders.append(send)
        async for _ in socket:
            pass
        return socket

    async def native(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)

        async def send(data: str) -> None:
            await socket.send_str(f'{{"event":"tick","data":{data}}}')

        senders.append(send)
        async for _ in socket:
            pass
        return socket

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)

        async def send(data: str) -> None:
            await response.write(f"event: tick\ndata: {data}\nid: 1\n\n".encode())

        senders.append(send)
        await asyncio.Event().wait()
        return response

    async def pour(request: web.Request) -> web.Response:
        rate, seconds = int(request.query["rate"]), float(request.query["seconds"])
        began, sent = time.monotonic(), 0
        while (passed := time.monotonic() - began) < seconds:
            while sent < passed * rate:
                await senders[sent % len(senders)](f'{{"at":{time.monotonic()},"padding":"{PADDING}"}}')
                sent += 1
            await asyncio.sleep(0.001)
        return web.json_response({"sent": sent})

    async def main() -> None:
        app = web.Application()
        app.add_routes([web.get("/socket.io/", connect), web.get("/ws", native), web.get("/stream", stream)])
        app.add_routes([web.post("/pour", pour)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=4096)
        await site.start()
        print(site._server.sockets[0].getsockname()[1], flush=True)  # type: ignore[union-attr]  # aiohttp gives the port nowhere else
        await asyncio.Event().wait()

    asyncio.run(main())


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
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--client", choices=CLIENTS, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        threading.Thread(target=lambda: (sys.stdin.read(), sys.exit()), daemon=True).start()
        serve()
    if options.client:
        client(options.client, options.url, options.users, options.rate, options.seconds)
        return
    results = {}
    for name in CLIENTS:
        server = subprocess.Popen([sys.executable, __file__, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert server.stdout is not None  # noqa: S101 - it is a pipe
        try:
            url = f"http://127.0.0.1:{int(server.stdout.readline())}"
            size = [f"--{key}={getattr(options, key)}" for key in ("users", "rate", "seconds")]
            measured = subprocess.run(
                [sys.executable, __file__, "--client", name, "--url", url, *size],
                capture_output=True,
                check=True,
                timeout=300,
            )
            results[name] = json.loads(measured.stdout)
        finally:
            server.kill()
            server.communicate()
    print(f"{options.users} users, {options.rate} messages/s for {options.seconds} s\n")
    print(f"{'':28}" + "".join(f"{name:>17}" for name in CLIENTS))
    for key in results["Socket.IO"]:
        print(f"{key:28}" + "".join(f"{results[name][key]:17.2f}" for name in CLIENTS))


if __name__ == "__main__":
    main()
