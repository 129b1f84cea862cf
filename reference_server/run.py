"""The server's life: open, seed, listen, say so, wait to be stopped, close everything in order."""

import asyncio
import errno
import os
import resource
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import structlog
from aiohttp import web

from eventproof.catalog import ADMIN, USER
from eventproof.errors import UsageError

from . import garbage, seed
from .app import application, build_services, chosen
from .delivery.conduct import Conduct
from .faults import conduct_of
from .refusals import contracts
from .services import Services
from .settings import Settings
from .store.database import open_store
from .store.tables import TABLES
from .transport.http import HttpProtocol

if sys.platform == "linux":
    from .selector import FairSelector

_log = structlog.get_logger("server")
_LONGEST_LINE: Final = 32 * 1024
_LINGER: Final = 1.0
"""Seconds for which what is left of a refused body is read, so that its sender comes to read the refusal."""
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
    """A loop that a crowd does not hold up, where the system has what that takes."""
    if sys.platform == "linux":
        return asyncio.SelectorEventLoop(FairSelector())
    return asyncio.new_event_loop()


async def serve(settings: Settings, people: People, *, attached: bool = False) -> None:
    """Serve until SIGTERM or SIGINT, or, where it is `attached`, until standard input ends.

    Raises UsageError and TargetUnavailable where the server cannot start.
    """
    stop = _stopped(attached)
    async with running(settings, people, conduct_of(settings.fault)) as server:
        garbage.take_over()
        print(f"listening on {server.url}", flush=True)
        _log.info("listening", url=server.url, systems=chosen(settings), fault=settings.fault or None)
        await stop.wait()
        _log.info("stopping", connections=len(server.services.connections))
    _log.info("stopped")


@asynccontextmanager
async def running(settings: Settings, people: People, conduct: Conduct) -> AsyncIterator[Running]:
    """A server that listens while the block runs, and then closes everything in order.

    It stops listening, closes the connections, lets requests finish for `stop_timeout`, and closes the store.
    """
    chosen(settings)
    settings = replace(settings, limits=conduct.limits(settings.limits))
    store = await open_store(settings.database_url, TABLES)
    try:
        services = build_services(settings, store, conduct)
        await services.accounts.recall()
        for email, password in people.admins:
            await seed.create_admin(services, email, password)
        if people.credentials is not None:
            await seed.seed(services, people.users, _roles(settings), people.credentials)
        runner = web.AppRunner(application(settings, services), shutdown_timeout=settings.stop_timeout)
        await services.courier.start()
        await runner.setup()
        try:
            listening = await _listen(runner, settings)
            try:
                yield Running(_url(listening), services)
            finally:
                listening.close()
        finally:
            await runner.cleanup()
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


async def _listen(runner: web.AppRunner, settings: Settings) -> asyncio.Server:
    _raise_file_limit()
    loop, server = asyncio.get_running_loop(), runner.server
    assert server is not None  # noqa: S101 - the runner is set up

    def protocol() -> HttpProtocol:
        return HttpProtocol(
            server,
            head_timeout=settings.limits.head_timeout,
            loop=loop,
            access_log=_NO_LOG,
            max_line_size=_LONGEST_LINE,
            lingering_time=_LINGER,
        )

    try:
        listening = await loop.create_server(protocol, settings.host, settings.port, backlog=4096)
    except OSError as failure:
        place = f"{settings.host}:{settings.port}"
        if failure.errno == errno.EADDRINUSE:
            problem = f"{place} is in use by another program: choose another with --port (0 takes a free one)"
        else:
            problem = f"cannot listen on {place} ({failure.strerror or failure}): choose another with --host and --port"
        raise UsageError(problem) from None
    return listening


def _url(listening: asyncio.Server) -> str:
    host, port = listening.sockets[0].getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _raise_file_limit() -> None:
    """A connection is a file: take as many as we may."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
