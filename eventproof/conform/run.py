"""A conformance run from a function call: pytest in this process, and nothing of the caller's pytest in it."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from eventproof import catalog as contracts
from eventproof import layout
from eventproof.catalog import Catalog
from eventproof.effort import PAYLOADS
from eventproof.errors import EventproofError
from eventproof.interruption import HEEDED
from eventproof.report.listener import Listener, Silent
from eventproof.report.records import Run
from eventproof.target import Target

from . import plugin
from .launch import must_be_answered, narrowed, new_seed
from .probe import probe
from .suite import Options, Suite

__all__ = ["ISOLATED", "check", "folders_of", "no_foreign_options"]

ISOLATED = (
    *("-c", os.devnull, f"--rootdir={layout.CONFORMANCE.parent}", "--noconftest", "--import-mode=importlib"),
    *("--disable-plugin-autoload", "-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:warnings"),
    *("--strict-markers", "--capture=no"),
)
"""What keeps the caller's configuration, plugins and terminal out of a run."""

_FOREIGN = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")


def check(
    target: Target,
    *,
    systems: Sequence[str] = (),
    cases: Sequence[Path] = (),
    only: Sequence[str] = (),
    results: Path | None = None,
    seed: int | None = None,
    slow: bool = False,
    hostile: bool = False,
    payloads: int = PAYLOADS,
    command: str = "eventproof check",
    listener: Listener | None = None,
    catalog: Catalog | None = None,
) -> Run:
    """Check a target and return the run; `results` is a folder that `report.folder.prepare` made.

    `cases` are files or folders of cases; those of the systems by default.
    `only` holds ids of requirements or names of cases, `command` is what a person would type to do it again.
    With `slow` those cases run too that wait for more than 20 s; with `hostile` attacks are made with full force.
    Each event of a client is tried with so many good `payloads`, and so many bad ones.
    Raises TargetUnavailable before any case where nothing fitting answers, UsageError where something is missing.
    An interrupted run is a `Run` too; its results are written.
    """
    known = catalog or target.catalog
    target = narrowed(target, systems)
    must_be_answered(target, known)
    if hostile:
        target.require_hostile()
    probe(target, known)
    options = Options(
        new_seed() if seed is None else seed,
        tuple(only),
        results,
        command,
        slow=slow,
        hostile=hostile,
        payloads=payloads,
    )
    suite = Suite(target, known, options, listener or Silent())
    chosen = list(map(str, cases)) or folders_of(target.systems)
    with HEEDED.listening(), no_foreign_options():
        pytest.main([*ISOLATED, *chosen], plugins=[plugin, _Enlisting(suite)])
        HEEDED.heed()
    if suite.error is not None:
        raise suite.error
    if suite.run is None:
        raise EventproofError("the run did not come to an end")
    return suite.run


def folders_of(systems: Sequence[str]) -> list[str]:
    """The folder of the cases that every system shares, and those of what only one of these systems knows.

    What a pack is about is no system: it has its own cases alone.
    """
    own = [system.replace("-", "_") for system in systems]
    shared = () if set(systems) <= set(contracts.packs()) else ("common",)
    folders = [layout.CONFORMANCE / name for name in (*shared, *own)]
    return [str(folder) for folder in folders if folder.is_dir()]


class _Enlisting:
    def __init__(self, suite: Suite) -> None:
        self._suite = suite

    def pytest_configure(self, config: pytest.Config) -> None:
        config.option.tbstyle = "native"  # nobody sees it, and pytest's own reads and parses every file on the way
        plugin.enlist(config, self._suite)


@contextmanager
def no_foreign_options() -> Iterator[None]:
    """Keep what the caller's environment says to pytest out of a run."""
    kept = {name: os.environ.pop(name) for name in _FOREIGN if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
