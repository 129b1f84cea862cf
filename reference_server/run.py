"""The server's life: open, seed, listen, say so, wait to be stopped, close everything in order."""

import asyncio
import errno
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import structlog
from aiohttp import web

from eventproof import garbage
from eventproof.catalog import ADMIN, USER
from eventproof.errors import UsageError

from . import descriptors, seed
from .app import application, build_services, chosen
from .clocks import Clock
from .delivery.conduct import Conduct
from .faults import conduct_of
from .refusals import contracts
from .selector import FairSelector
from .services import Services
from .settings import Settings, fitted
from .store.database import open_store
from .store.tables import TABLES
from .transport.callers import Callers
from .transport.door import Door, bound
from .transport.http import Handler, HttpProtocol
from .transport.reply import stays_for

_log = structlog.get_logger("server")
_NO_LOG: Final[Any] = None


@dataclass(frozen=True, slots=True)
class People:
    """Who is to be in the store when the server starts."""

    admins: Sequence[tuple[str, str]] = ()
    """Emails and passwords."""
    users: int = 0
    credentials: Path | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """A server that listens."""

    url: str
    services: Services


def new_loop() -> asyncio.AbstractEventLoop:
    """A loop that a crowd does not hold up."""
    return asyncio.SelectorEventLoop(FairSelector())


async def serve(settings: Settings, people: People, *, attached: bool = False) -> None:
    """Serve until SIGTERM or SIGINT, or, where it is `attached`, until standard input ends.

    Raises UsageError and TargetUnavailable where the server cannot start.
    """
    stop = _stopped(attached)
    async with running(settings, people, conduct_of(settings.fault)) as server:
        garbage.look_rarely()
        print(f"listening on {server.url}", flush=True)
        _log.info("listening", url=server.url, systems=chosen(settings), fault=settings.fault or None)
        await stop.wait()
        _log.info("stopping", connections=len(server.services.connections))
    _log.info("stopped")


@asynccontextmanager
async def running(
    settings: Settings, people: People, conduct: Conduct, clock: Clock = time.time
) -> AsyncIterator[Running]:
    """A server that listens while the block runs, and then closes everything in order; `clock` is the wall clock.

    It stops listening, closes the connections, lets requests finish for `stop_timeout`, and closes the store.
    """
    chosen(settings)
    descriptors.raise_limit()
    settings = replace(settings, limits=fitted(conduct.limits(settings.limits)))
    store = await open_store(settings.database_url, TABLES)
    try:
        services = build_services(settings, store, conduct, clock)
        await services.accounts.recall()
        for email, password in people.admins:
            await seed.create_admin(services, email, password)
        if people.credentials is not None:
            await seed.seed(services, people.users, _roles(settings), people.credentials)
        app = application(settings, services)
        server = web.Server(_unasked)
        await services.courier.start()
        try:
            door = await _listen(server, app.handle, services, settings)
            try:
                yield Running(_url(door), services)
            finally:
                door.close()
        finally:
            await asyncio.sleep(0)  # Those who have just been let in say so.
            server.pre_shutdown()
            await app.close_connections()
            await server.shutdown(settings.stop_timeout)
            await app.close_services()
            await services.courier.close()
    finally:
        await store.close()


def _roles(settings: Settings) -> list[str]:
    """The roles that the contracts of what is served name, beside those that are there always."""
    served = (contracts().system(name) for name in chosen(settings))
    return sorted({role for system in served for role in system.roles} - {USER, ADMIN})


def _stopped(attached: bool) -> asyncio.Event:
    """Set by the first SIGTERM or SIGINT; the second one does what it does to any program.

    A server that is `attached` also ends with whoever holds the other end of its standard input.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def first() -> None:
        stop.set()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, first)

    def heard() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            loop.remove_reader(sys.stdin.fileno())
            stop.set()

    if attached:
        loop.add_reader(sys.stdin.fileno(), heard)
    return stop


async def _unasked(_: web.BaseRequest) -> web.StreamResponse:
    """aiohttp keeps the list of who is there, and asks no handler: that is our protocol's."""
    raise RuntimeError("a request went past our protocol")


async def _listen(server: web.Server, handle: Handler, services: Services, settings: Settings) -> Door:
    loop, limits = asyncio.get_running_loop(), settings.limits
    callers: Callers[HttpProtocol] = Callers()
    stays = stays_for(limits.head_timeout)

    def greet() -> HttpProtocol:
        return HttpProtocol(
            server,
            handle=handle,
            callers=callers,
            stays=stays,
            loop=loop,
            access_log=_NO_LOG,
            max_line_size=limits.max_target,
            max_field_size=limits.max_header,
            max_headers=limits.max_headers,
            auto_decompress=False,
        )

    try:
        listening = await bound(settings.host, settings.port)
        door = Door(listening, greet, services.places, callers, services.metrics, limits.head_timeout)
        door.open()
    except OSError as failure:
        place = f"{settings.host}:{settings.port}"
        if failure.errno == errno.EADDRINUSE:
            problem = f"{place} is in use by another program: choose another with --port (0 takes a free one)"
        else:
            problem = f"cannot listen on {place} ({failure.strerror or failure}): choose another with --host and --port"
        raise UsageError(problem) from None
    return door


def _url(door: Door) -> str:
    host, port = door.listening[0].getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
