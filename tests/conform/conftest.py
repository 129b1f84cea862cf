from collections.abc import Iterator

import pytest

from eventproof import reference
from eventproof.reference import Reference


@pytest.fixture(scope="session")
def server() -> Iterator[Reference]:
    """One reference server for all tests here that do not harm it."""
    with reference.start() as running:
        yield running
