"""The pytest plugin: `pytest --pyargs eventproof.conformance --eventproof-target eventproof.toml`.

It is in every environment that has eventproof, so it costs next to nothing, disturbs nobody (its options, its marks
and what they are called are its own) and does nothing until a target is named.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from eventproof.conform.marks import MARKERS, proves, requirements_of
from eventproof.conform.stash import CATALOG, SUITE, SYSTEMS

if TYPE_CHECKING:
    from eventproof.catalog import Catalog
    from eventproof.conform.suite import Suite


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of a conformance run."""
    group = parser.getgroup("eventproof", "conformance of a real-time back end")

    def add(name: str, **described: object) -> None:
        group.addoption(f"--eventproof-{name}", dest=f"eventproof_{name}", **described)

    add("target", metavar="PROFILE|URL", help="The server to check: its profile, or its URL.")
    add("environment", metavar="NAME", help="A named environment of the profile.")
    add("system", action="append", default=[], metavar="NAME", help="Check this system only; repeatable.")
    add("only", action="append", default=[], metavar="ID", help="Only this requirement, or this case; repeatable.")
    add("results", metavar="DIR", help="Where the results go.")
    add("slow", action="store_true", help="Run the cases too that wait for more than 20 s.")
    add("hostile", action="store_true", help="Attack with full force, where the profile allows it.")
    add("payloads", type=int, metavar="N", help="So many payloads, good and bad, of a client's event.")
    add("seed", type=int, metavar="N", help="Repeats the random choices of an earlier run.")


def pytest_configure(config: pytest.Config) -> None:
    """Make the suite, where a target is named."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    if config.getoption("eventproof_target") is None or config.getoption("collectonly"):
        return
    from eventproof.conform import launch
    from eventproof.errors import EventproofError
    from eventproof.report.visible import sentence

    try:
        suite = launch.suite(config)
    except EventproofError as error:
        pytest.exit(sentence(str(error)), returncode=int(error.exit_code))
    enlist(config, suite)


def enlist(config: pytest.Config, suite: "Suite") -> None:
    """Let a suite take part in a pytest session, and its cases have their fixtures."""
    from eventproof.conform import fixtures
    from eventproof.interruption import HEEDED

    listening = ExitStack()
    listening.enter_context(HEEDED.listening())
    config.add_cleanup(listening.close)
    config.stash[SUITE] = suite
    config.stash[CATALOG] = suite.catalog
    config.stash[SYSTEMS] = tuple(system.name for system in suite.check_run.systems)
    config.pluginmanager.register(fixtures, "eventproof-fixtures")
    config.pluginmanager.register(suite, "eventproof-suite")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let the cases that every system shares run for each of those under test."""
    if metafunc.definition.get_closest_marker("eventproof_every_system") is not None:
        systems: tuple[str, ...] = metafunc.config.stash.get(SYSTEMS, ("any",))
        metafunc.parametrize("system", systems, indirect=True)
    for mark in metafunc.definition.iter_markers("eventproof_derived"):
        known: tuple[str, ...] = metafunc.config.stash.get(SYSTEMS, ())
        kind, *names = mark.args
        contracts = metafunc.config.stash.get(CATALOG, None)
        metafunc.parametrize(("system", *names), _derived(known, kind, len(names), contracts), indirect=["system"])


def _derived(systems: Sequence[str], kind: str, count: int, contracts: "Catalog | None") -> list[Any]:
    """The parameters for all of this kind that requirements of these systems include, with those that each proves.

    `count` is how many there are beside the system: what it is about, and the call after which it follows.
    """
    from eventproof import catalog

    found: dict[tuple[str, ...], list[str]] = {}
    for line in (contracts or catalog.load()).requirements(systems) if systems else ():
        for included in line.includes:
            if included.kind == kind:
                parameters = (str(included.about), included.by)[:count]
                found.setdefault((line.system, *parameters), []).append(line.id)
    return [pytest.param(*key, marks=proves(*lines), id=_id(key)) for key, lines in found.items()]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What no system under test has of a kind is no case."""
    items[:] = [one for one in items if one.get_closest_marker("eventproof_derived") is None or requirements_of(one)]


def _id(key: Sequence[str]) -> str:
    """What a case is called by its parameters; `::` is pytest's own."""
    return "-".join(filter(None, key)).replace("::", ":")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Cases need a target; the tests of others need nothing of ours."""
    config = session.config
    is_idle = config.getoption("collectonly") or SUITE in config.stash
    if not is_idle and any(requirements_of(item) for item in session.items):
        pytest.exit("no target: name a profile or a URL with --eventproof-target", returncode=2)
