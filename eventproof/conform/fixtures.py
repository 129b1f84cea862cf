"""The fixtures of the cases; they are there only while a suite takes part in a pytest session."""

from collections.abc import Iterator

import pytest

from .stage import Stage
from .stash import SUITE

__all__ = ["stage", "system"]


@pytest.fixture
def system(request: pytest.FixtureRequest) -> str:
    """The system that a case runs for."""
    return str(request.param)


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """What a conformance case plays on."""
    yield from request.config.stash[SUITE].stage(request)
