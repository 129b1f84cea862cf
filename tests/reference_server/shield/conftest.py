"""One server with test controls for all of Shield's tests."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.reference_server.house import House, keep_house


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with keep_house(tmp_path_factory.mktemp("house"), test_controls=True) as kept:
        yield kept
