from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from aiohttp import web

from eventproof import reference
from eventproof.reference import Reference


@pytest.fixture(scope="session")
def server() -> Iterator[Reference]:
    """One reference server for all tests here that do not harm it."""
    with reference.start() as running:
        yield running


@pytest.fixture
def serving() -> Callable[[web.Application], AbstractAsyncContextManager[str]]:
    """Serves an aiohttp application at a free port while a block lasts; what it gives is the URL."""
    return _serving


@asynccontextmanager
async def _serving(application: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
