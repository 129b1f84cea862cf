"""What a machine may lack: a test that needs it is skipped and says so, and fails under `CI=true`.

And how several processes (`pytest -n 4`) share the tests.
"""

import gc
import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any, NoReturn

import pytest
from coverage import Coverage

from eventproof import redaction
from tests.conform import shares

_NODE_MODULES = Path(__file__).parent / "js" / "node_modules"
_SCREENS_CLIENT = Path(__file__).parents[1] / "reference_server" / "screens" / "vendor" / "socket.io.esm.min.js"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Each process collects all the tests, and imports the same on the way: the first one measures it.

    What is collected stays: the garbage collector need not go through it again and again.
    """
    is_first = os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0"
    gc.disable()
    try:
        with nullcontext() if is_first else _unmeasured():
            return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Coverage makes a long loop ten times slower, and the time of a short process twice as long.

    So it leaves out what is made up by the hundred, by Hypothesis or where a test bears the mark `unmeasured`, and the
    processes that a test starts, where it does not bear the mark `measured`.
    """
    with ExitStack() as stack:
        if item.get_closest_marker("measured") is None:
            stack.enter_context(pytest.MonkeyPatch.context()).delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        if item.get_closest_marker("hypothesis") or item.get_closest_marker("unmeasured"):
            stack.enter_context(_unmeasured())
        return (yield)


@contextmanager
def _unmeasured() -> Iterator[None]:
    measuring = Coverage.current()
    if measuring is None:
        yield
        return
    measuring.stop()
    try:
        yield
    finally:
        measuring.start()


@pytest.fixture(autouse=True)
def no_secret_of_another_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test learnt is no secret in the next: the texts of both would be struck out."""
    monkeypatch.setattr(redaction, "_SECRETS", redaction.Secrets())


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The installed npm packages of `tests/js`: the official AsyncAPI schemas, Socket.IO server and client."""
    if not _NODE_MODULES.is_dir():
        _lack("tests/js/node_modules is missing: run `npm ci` in tests/js, or `make test`")
    return _NODE_MODULES


@pytest.fixture(scope="session")
def screens_client() -> None:
    """The official Socket.IO client is where the screens load it from."""
    if not _SCREENS_CLIENT.is_file():
        _lack(f"{_SCREENS_CLIENT.name} is missing: run `make screens`, or `make test`")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        _lack("Chromium is missing: install the package chromium, or run `make test` as root")
    return path


def _lack(sentence: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


def pytest_report_header() -> str:
    return shares.told(shares.share())


try:
    from xdist.remote import Producer
    from xdist.scheduler import LoadScopeScheduling
except ImportError:
    pass  # one process runs all tests
else:

    class _ByFile(LoadScopeScheduling):  # type: ignore[misc] # xdist has no annotations
        """The tests of a file stay together, for what they share; those that take longest begin first."""

        def _split_scope(self, nodeid: str) -> str:
            return next((scope for scope in _LONGEST if nodeid.startswith(scope)), nodeid.split("::")[0])

        def _assign_work_unit(self, node: Any) -> None:
            longest = (scope for scope in _LONGEST if scope in self.workqueue)
            if (scope := next(longest, None)) is not None:
                self.workqueue.move_to_end(scope, last=False)
            super()._assign_work_unit(node)

    _LONGEST = (
        "tests/conform/test_every_case_bites.py::test_a_fault_fails",  # one process holds all of them, many at once
        "tests/cli/test_demo.py",
        "tests/conform/test_rehearsal.py",
        "tests/load/test_hostile_targets.py",
        "tests/load/test_claims_swarm.py",
        "tests/load/test_swarm.py",
    )
    """Files, and tests that have nothing to do with the others of their file."""

    @pytest.hookimpl(optionalhook=True)  # pytest -p no:xdist knows no such hook
    def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
        return _ByFile(config, log)
