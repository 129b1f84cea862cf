"""The fixtures of the cases; they are there only while a suite takes part in a pytest session."""

from collections.abc import Iterator

import pytest

from .case import Case
from .stash import SUITE

__all__ = ["case", "system"]


@pytest.fixture
def system(request: pytest.FixtureRequest) -> str:
    """The system that a case runs for."""
    return str(request.param)


@pytest.fixture
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    """The case that is run."""
    yield from request.config.stash[SUITE].case(request)
