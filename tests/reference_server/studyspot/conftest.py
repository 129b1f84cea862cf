"""One server for the tests of studyspot."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.reference_server.house import House, keep_house


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with keep_house(tmp_path_factory.mktemp("spots"), systems=("user-state", "studyspot")) as kept:
        yield kept
