"""One server for the tests of the marketplace."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.reference_server.house import House, keep_house
from tests.reference_server.marketplace.market import SECRET


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVENTPROOF_WEBHOOK_SECRET", SECRET)
        async with keep_house(tmp_path_factory.mktemp("market"), systems=("user-state", "marketplace")) as kept:
            yield kept
