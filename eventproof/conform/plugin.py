"""The pytest plugin: `pytest --pyargs eventproof.conformance --target eventproof.toml`.

It is in every environment that has eventproof, so it costs next to nothing and does nothing until a target is named.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from eventproof.conform.marks import MARKERS

if TYPE_CHECKING:
    from eventproof.conform.stage import Stage
    from eventproof.conform.suite import Suite

SUITE: "pytest.StashKey[Suite]" = pytest.StashKey()
SYSTEMS: pytest.StashKey[tuple[str, ...]] = pytest.StashKey()
"""The systems under test; there without a suite where the cases are only to be listed."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of a conformance run."""
    group = parser.getgroup("eventproof", "conformance of a real-time back end")
    group.addoption("--target", metavar="PROFILE|URL", help="The server to check: its profile, or its URL.")
    group.addoption("--environment", metavar="NAME", help="A named environment of the profile.")
    group.addoption("--system", action="append", default=[], metavar="NAME", help="Check this system only; repeatable.")
    group.addoption("--only", action="append", default=[], metavar="ID", help="Only this requirement, or this case.")
    group.addoption("--results", type=Path, metavar="DIR", help="Where the results go.")
    group.addoption("--slow", action="store_true", help="Run the cases too that wait for more than 20 s.")
    group.addoption("--seed", type=int, metavar="N", help="Repeats the random choices of an earlier run.")


def pytest_configure(config: pytest.Config) -> None:
    """Make the suite, where a target is named."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    if config.getoption("target") is None or config.getoption("collectonly"):
        return
    from eventproof.conform import launch
    from eventproof.errors import EventproofError

    try:
        suite = launch.suite(config)
    except EventproofError as error:
        pytest.exit(str(error), returncode=int(error.exit_code))
    enlist(config, suite)


def enlist(config: pytest.Config, suite: "Suite") -> None:
    """Let a suite take part in a pytest session."""
    config.stash[SUITE] = suite
    config.stash[SYSTEMS] = tuple(system.name for system in suite.troupe.systems)
    config.pluginmanager.register(suite, "eventproof-suite")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let the cases that every system shares run for each of those under test."""
    if metafunc.definition.get_closest_marker("every_system") is not None:
        systems: tuple[str, ...] = metafunc.config.stash.get(SYSTEMS, ("any",))
        metafunc.parametrize("system", systems, indirect=True)


@pytest.fixture
def system(request: pytest.FixtureRequest) -> str:
    """The system that a case runs for."""
    return str(request.param)


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> "Iterator[Stage]":
    """What a conformance case plays on."""
    suite = request.config.stash.get(SUITE, None)
    if suite is None:
        pytest.exit("no target: name a profile or a URL with --target", returncode=2)
    yield from suite.stage(request)
