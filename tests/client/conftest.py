"""Two real servers of one behaviour: python-socketio on aiohttp, and the official one on Node."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import socketio
from aiohttp import web

_SERVER_MJS = Path(__file__).parents[1] / "js" / "server.mjs"


@dataclass(frozen=True)
class Servers:
    """The URLs of a patient server, and of one whose heartbeats are a second apart."""

    url: str
    brisk: str
    recovering: str = ""
    """Of the official server alone: one with connection state recovery."""


@pytest.fixture(scope="session")
def node_servers(node_modules: Path) -> Iterator[Servers]:
    node = shutil.which("node")
    assert node, "Node is missing, though its packages are there"
    with subprocess.Popen([node, str(_SERVER_MJS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            ports = json.loads(process.stdout.readline())
            yield Servers(*(f"http://127.0.0.1:{ports[name]}" for name in ("port", "brisk", "recovering")))
        finally:
            process.communicate(timeout=10)


@pytest.fixture
async def python_servers() -> AsyncIterator[Servers]:
    async with (
        _serving(_application(ping_interval=25, ping_timeout=20)) as url,
        _serving(_application(ping_interval=1, ping_timeout=1)) as brisk,
    ):
        yield Servers(url, brisk)


@pytest.fixture(params=["python", "node"])
def servers(request: pytest.FixtureRequest) -> Servers:
    found: Servers = request.getfixturevalue(f"{request.param}_servers")
    return found


@asynccontextmanager
async def _serving(application: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
def serving() -> Any:
    """Serve an aiohttp application on a free port: `async with serving(application) as url`."""
    return _serving


def _application(**options: float) -> web.Application:
    server = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins="*", **options)
    for namespace in ("/", "/me"):
        server.register_namespace(_Behaviour(namespace))
    application = web.Application()
    server.attach(application)

    async def stop(_application: web.Application) -> None:
        await server.shutdown()

    application.on_shutdown.append(stop)
    return application


class _Behaviour(socketio.AsyncNamespace):  # type: ignore[misc] # python-socketio has no annotations
    """What server.mjs does."""

    def __init__(self, namespace: str) -> None:
        super().__init__(namespace)
        self._auth: dict[str, Any] = {}
        self._asking: set[asyncio.Task[None]] = set()

    async def on_connect(self, sid: str, _environ: Any, auth: Any) -> None:
        if auth and auth.get("token") == "refuse-this-token":
            raise socketio.exceptions.ConnectionRefusedError("this token is refused", {"code": "token_invalid"})
        self._auth[sid] = auth

    async def on_whoami(self, sid: str) -> Any:
        return self._auth[sid]

    async def on_echo(self, sid: str, *args: Any) -> Any:
        await self.emit("echoed", args, to=sid)
        return args

    async def on_tell(self, sid: str, *args: Any) -> None:
        await self.emit("told", args, to=sid)

    async def on_ask(self, sid: str) -> None:
        async def ask() -> None:
            answer = await self.server.call("question", {"x": b"\x00\x01"}, to=sid, namespace=self.namespace, timeout=5)
            await self.emit("answer", answer, to=sid)

        task = asyncio.create_task(ask())
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def on_burst(self, sid: str, start: int, end: int) -> None:
        for number in range(start, end):
            await self.emit("number", number, to=sid)

    async def trigger_event(self, event: str, *args: Any) -> Any:
        """Names with a hyphen have no method."""
        if event == "leave-me":
            return await self.disconnect(args[0])
        if event == "goodbye":
            await self.emit("farewell", "goodbye", to=args[0])
            session = self.server.manager.eio_sid_from_sid(args[0], self.namespace)
            await self.disconnect(args[0])
            return await self.server.eio.disconnect(session)
        return await super().trigger_event(event, *args)
