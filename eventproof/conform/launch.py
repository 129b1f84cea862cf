"""Makes a suite out of what a person gave: a target, a selection, a seed, a folder."""

import secrets
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from eventproof import catalog as contracts
from eventproof import profile
from eventproof.catalog import Catalog
from eventproof.errors import UsageError
from eventproof.report import folder
from eventproof.report.listener import Silent
from eventproof.settings import nearest
from eventproof.target import Target
from eventproof.wellformed import masked

from .probe import probe
from .suite import Options, Suite

__all__ = ["narrowed", "new_seed", "suite", "target_of"]


def target_of(given: str, environment: str | None = None, catalog: Catalog | None = None) -> Target:
    """The target that a person named: a URL as it is, or the path of a profile."""
    if "://" in given:
        if environment is not None:
            raise UsageError(f"{masked(given)} is a URL, and only a profile has environments: leave --environment out")
        return profile.for_url(given, catalog=catalog)
    return profile.load(given, environment, catalog=catalog)


def narrowed(target: Target, systems: Sequence[str]) -> Target:
    """The target with only these of its systems under test; all where none are named."""
    for name in systems:
        if name not in target.systems:
            raise UsageError(
                f'{target.source} has no system "{name}" under test{nearest(name, target.systems)}; '
                f"it has {', '.join(target.systems)}"
            )
    return replace(target, systems=tuple(systems)) if systems else target


def new_seed() -> int:
    """A seed that nobody chose."""
    return secrets.randbelow(2**31)


def suite(config: pytest.Config) -> Suite:
    """The suite that the options of a plain pytest run ask for; the target has answered by then."""
    catalog = contracts.load()
    given, environment = config.getoption("target"), config.getoption("environment")
    target = narrowed(target_of(given, environment, catalog), config.getoption("system"))
    probe(target, catalog)
    results: Path | None = config.getoption("results")
    seed: int | None = config.getoption("seed")
    command = f"pytest --pyargs eventproof.conformance --target {shlex.quote(given)}"
    if environment is not None:
        command += f" --environment {shlex.quote(environment)}"
    options = Options(
        seed=new_seed() if seed is None else seed,
        only=tuple(config.getoption("only")),
        results=folder.prepare(results, "check"),
        command=command,
        slow=config.getoption("slow"),
    )
    return Suite(target, catalog, options, Silent())
