"""`eventproof mock CONTRACT`: a server that is there until Ctrl-C, and says in a line what happens on it."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from typing import Final

from aiohttp import web

from eventproof.catalog import Event, System, Wire
from eventproof.catalog.reading import Weight
from eventproof.errors import UsageError
from eventproof.interruption import HEEDED
from eventproof.report.visible import visible
from eventproof.samples import NONE

from . import control, streams
from .addresses import Addresses
from .calls import Calls
from .house import FULL, House, Say, Tally
from .origins import Origins, is_loopback
from .script import Cause, Script
from .socketio import SocketIO

__all__ = ["Options", "serve"]

_AT_ONCE: Final = 0.2
"""Seconds for which the end waits for clients, which come back to the next mock."""
_IDLE: Final = 60.0
"""Seconds for which a connection is kept on which nothing is asked."""
_ANY: Final = "/{path:.*}"


@dataclass(frozen=True, slots=True)
class Options:
    """How a mock is served."""

    host: str = "127.0.0.1"
    port: int = 4000
    """0: any that is free."""
    path: str = "/socket.io/"
    origins: tuple[str, ...] = ()
    every: float | None = None
    """Seconds between two events; None: none is told unasked."""
    seconds: float | None = None
    """How long; None: until a signal."""
    seed: int = 0


def serve(system: System, options: Options, say: Say) -> Tally:
    """Serve a system's channels until a signal comes or the time is over; what happens is said in lines.

    Raises UsageError where nothing can listen there, or where there is nothing to say.
    """
    script = Script(system)
    if options.every is not None and not script.unasked:
        raise UsageError(f"{system.name} has no event that a server tells unasked: leave --every out")
    house = House(script, say, options.seed)
    asyncio.run(_Server(house, options).go())
    HEEDED.was_expected()
    return house.tally


class _Server:
    def __init__(self, house: House, options: Options) -> None:
        self._house, self._options = house, options
        self._origins = Origins(options.origins)
        channels = house.script.system.channels
        self._addresses = Addresses(channels)
        self._calls = Calls(house.script.system)
        self._namespaces = [channel for channel in channels if channel.wire is Wire.SOCKET_IO]

    async def go(self) -> None:
        over = asyncio.Event()
        loop = asyncio.get_running_loop()
        with HEEDED.cancelling(lambda: loop.call_soon_threadsafe(over.set)):
            self._socketio = SocketIO(self._house, self._namespaces, self._origins)
            application = web.Application()
            application.router.add_route("*", _ANY, self._answer)
            runner = web.AppRunner(application, access_log=None, shutdown_timeout=_AT_ONCE, keepalive_timeout=_IDLE)
            await runner.setup()
            try:
                await self._listen(runner)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._options.seconds):
                        await self._perform(over)
            finally:
                await self._socketio.end()
                await runner.cleanup()

    async def _listen(self, runner: web.AppRunner) -> None:
        host, port = self._options.host, self._options.port
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise UsageError(
                f"nothing can listen at {host}:{port}: {error.strerror or error}; say another --port or --host"
            ) from None
        for line in self._opening(runner.addresses[0][1]):
            self._house.say(visible(line))

    def _opening(self, port: int) -> list[str]:
        """What a person has to know to begin."""
        script, host = self._house.script, self._options.host
        reading = script.system.reading
        doubts = sum(remark.weight is not Weight.NOTE for remark in reading.remarks) if reading else 0
        shown = f"[{host}]" if ":" in host else host
        return [
            *(f"read as {said}" for said in (reading.said if reading else ())),
            *([f"{doubts} doubtful: `eventproof contract lint` tells"] if doubts else []),
            *(f"channel {channel.address} ({channel.wire})" for channel in script.system.channels),
            *(f"nothing can be made up for {event.name}: give it an example" for event in script.unsayable),
            f"tells {_names(script.unasked) or 'nothing unasked'}",
            f"takes {_names(script.taken) or 'nothing'}",
            *([f"answers {len(self._calls)} calls"] if len(self._calls) else []),
            *([] if is_loopback(host) else [f"{host} is no loopback address: whoever reaches it may connect"]),
            f"listening on http://{shown}:{port}",
        ]

    async def _perform(self, over: asyncio.Event) -> None:
        """Tell one event after the other until it is over."""
        for event in cycle(self._house.script.unasked) if self._options.every is not None else ():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), self._options.every)
                return
            await self._house.tell(event, Cause(), quietly=True)
        await over.wait()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path == control.PATH:
            return await control.take(request, self._house)
        origin = request.headers.get("Origin")
        if not self._origins.allows(origin):
            self._house.note("refused", f"a page of {origin}: --origin {origin} lets it in")
            return web.Response(status=403, text=f"pages of {origin} may not connect")
        if self._namespaces and request.path.strip("/") == self._options.path.strip("/"):
            return await self._socketio.handle(request)
        found = self._calls.find(request.method, request.path)
        if found is None or self._is_for_a_channel(request, len(found.parameters)):
            return await self._stream(request, _shared(request))
        reply = await self._house.called(found, await request.read())
        if reply.body is NONE:
            return web.Response(status=reply.status, headers=_shared(request))
        return web.json_response(reply.body, status=reply.status, headers=_shared(request))

    def _is_for_a_channel(self, request: web.Request, parameters: int) -> bool:
        """Whether a request that may be a call, with so many parameters in its path, opens a channel."""
        is_upgrade = request.headers.get("Upgrade", "").lower() == "websocket"
        stream = self._addresses.find(Wire.SSE, request.path, request.query) if request.method == "GET" else None
        is_streamed = "text/event-stream" in request.headers.get("Accept", "")
        return is_upgrade or (stream is not None and (is_streamed or len(stream.parameters) < parameters))

    async def _stream(self, request: web.Request, headers: Mapping[str, str]) -> web.StreamResponse:
        is_upgrade = request.headers.get("Upgrade", "").lower() == "websocket"
        wire = Wire.WEBSOCKET if is_upgrade else Wire.SSE
        found = self._addresses.find(wire, request.path, request.query)
        if request.method == "OPTIONS":
            return web.Response(status=204, headers=headers)
        taken = () if found else self._calls.methods(request.path)
        if taken:
            self._house.note("refused", f"{request.method} {request.path}: it takes {', '.join(taken)}")
            return web.Response(status=405, headers={**headers, "Allow": ", ".join(taken)})
        if found is None or request.method != "GET":
            self._house.note("refused", f"{request.method} {request.path}: there is no such {wire} channel")
            there = ", ".join(f"{known.address} ({known.wire})" for known in self._house.script.system.channels)
            text = f"this mock has no {wire} channel {request.path}; it has {there}\n"
            return web.Response(status=404, headers=headers, text=text)
        if self._house.is_full:
            return web.Response(status=503, headers=headers, text=FULL)
        if wire is Wire.WEBSOCKET:
            return await streams.converse(request, found, self._house)
        return await streams.stream(request, found, self._house, headers)


def _names(events: Iterable[Event]) -> str:
    return ", ".join(dict.fromkeys(event.name for event in events))


def _shared(request: web.Request) -> dict[str, str]:
    """The headers with which the page that asks may read the answer; its origin is one that may."""
    origin = request.headers.get("Origin")
    if origin is None:
        return {}
    asked = request.headers.get("Access-Control-Request-Headers")
    method = request.headers.get("Access-Control-Request-Method")
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin",
        **({"Access-Control-Allow-Headers": asked} if asked else {}),
        **({"Access-Control-Allow-Methods": method} if method else {}),
    }
