"""The server's life: open, seed, listen, say so, wait to be stopped, close everything in order."""

import asyncio
import errno
import resource
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from aiohttp import web

from eventproof.errors import UsageError

from . import seed
from .app import application, chosen, services
from .faults import conduct_of
from .settings import Settings
from .store.database import open_store
from .systems.user_state.tables import TABLES

_log = structlog.get_logger("server")


@dataclass(frozen=True, slots=True)
class People:
    """Who is to be in the store when the server starts."""

    admins: Sequence[tuple[str, str]] = ()
    """Emails and passwords."""
    users: int = 0
    credentials: Path | None = None


async def serve(settings: Settings, people: People) -> None:
    """Serve until SIGTERM or SIGINT. Raises UsageError and TargetUnavailable where the server cannot start."""
    stop = _stopped()
    chosen(settings)
    conduct = conduct_of(settings.fault)
    store = await open_store(settings.database_url, TABLES)
    try:
        made = services(settings, store, conduct)
        for email, password in people.admins:
            await seed.create_admin(made, email, password)
        if people.credentials is not None:
            await seed.seed(made, people.users, people.credentials)
        runner = web.AppRunner(
            application(settings, made),
            access_log=None,
            handler_cancellation=True,
            shutdown_timeout=settings.stop_timeout,
            max_line_size=32 * 1024,
        )
        await runner.setup()
        try:
            await _listen(runner, settings)
            await stop.wait()
            _log.info("stopping", connections=len(made.connections))
        finally:
            await runner.cleanup()
    finally:
        await store.close()
    _log.info("stopped")


def _stopped() -> asyncio.Event:
    """Set by the first SIGTERM or SIGINT; the second one does what it does to any program."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def first() -> None:
        stop.set()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, first)
    return stop


async def _listen(runner: web.AppRunner, settings: Settings) -> None:
    _raise_file_limit()
    try:
        await web.TCPSite(runner, settings.host, settings.port, backlog=4096).start()
    except OSError as failure:
        place = f"{settings.host}:{settings.port}"
        if failure.errno == errno.EADDRINUSE:
            raise UsageError(
                f"{place} is in use by another program: choose another with --port (0 takes a free one)"
            ) from None
        raise UsageError(
            f"cannot listen on {place} ({failure.strerror or failure}): choose another with --host and --port"
        ) from None
    host, port = runner.addresses[0][:2]
    address = f"[{host}]" if ":" in host else host
    print(f"listening on http://{address}:{port}", flush=True)
    _log.info("listening", host=host, port=port, systems=list(chosen(settings)), fault=settings.fault or None)


def _raise_file_limit() -> None:
    """A connection is a file: take as many as we may."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
