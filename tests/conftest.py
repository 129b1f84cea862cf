"""What a machine may lack: a test that needs it is skipped and says so, and fails under `CI=true`."""

import os
from pathlib import Path

import pytest

_NODE_MODULES = Path(__file__).parent / "js" / "node_modules"


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The installed npm packages of `tests/js`: the official AsyncAPI schemas, Socket.IO server and client."""
    if not _NODE_MODULES.is_dir():
        sentence = "tests/js/node_modules is missing: run `npm ci` in tests/js, or `make test`"
        if os.environ.get("CI") == "true":
            pytest.fail(sentence)
        pytest.skip(sentence)
    return _NODE_MODULES
