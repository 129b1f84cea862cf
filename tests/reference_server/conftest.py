"""One server for the tests that need nothing special of it; those that do keep house themselves."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.reference_server.house import House, keep_house


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with keep_house(tmp_path_factory.mktemp("house")) as kept:
        yield kept


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def strict_house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One on whose main namespace clients have nothing to say: what they say there is judged by the protocol alone."""
    async with keep_house(tmp_path_factory.mktemp("strict"), systems=("user-state",)) as kept:
        yield kept
