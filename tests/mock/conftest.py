from pathlib import Path

import pytest

from eventproof import profile
from eventproof.catalog import System

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="session")
def chat() -> System:
    """The chat of the examples, with what its profile says of it."""
    return profile.own_contracts(EXAMPLES / "chat" / "eventproof.toml", env={"CHAT_PORT": "1"})[0]


@pytest.fixture(scope="session")
def echo() -> System:
    """The echo of the examples, likewise."""
    return profile.own_contracts(EXAMPLES / "echo" / "eventproof.toml", env={"ECHO_PORT": "1"})[0]
