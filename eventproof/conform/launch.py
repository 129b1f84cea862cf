"""Makes a suite out of what a person gave: a target, a selection, a seed, a folder."""

import secrets
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eventproof import profile, session_pack
from eventproof.catalog import Catalog
from eventproof.documents import lint
from eventproof.effort import MOST_PAYLOADS, PAYLOADS
from eventproof.errors import UsageError
from eventproof.report import folder
from eventproof.report.listener import Silent
from eventproof.settings import nearest
from eventproof.target import Target
from eventproof.wellformed import masked

from .probe import probe
from .suite import Options, Suite

__all__ = ["must_be_answered", "narrowed", "new_seed", "other_of", "pack_of", "suite", "target_of"]


_PREFIX = "--eventproof-"
"""What the options of plain pytest begin with."""


def target_of(given: str, environment: str | None = None, catalog: Catalog | None = None) -> Target:
    """The target that a person named: a URL as it is, or the path of a profile."""
    if "://" in given:
        if environment is not None:
            raise UsageError(f"{masked(given)} is a URL, and only a profile has environments: leave --environment out")
        return profile.for_url(given, catalog=catalog)
    return profile.load(given, environment, catalog=catalog)


def other_of(other: str, given: str, environment: str | None = None) -> Target:
    """Whom a target is compared with: that of another profile, or what is at a URL, by the target's own profile."""
    if "://" not in other:
        return profile.load(other)
    return target_of(other) if "://" in given else profile.load(given, environment, base_url=other)


def pack_of(given: str, environment: str | None = None) -> tuple[Target, Catalog]:
    """The target of the pack of sessions that a person named by the path of a profile, and what the pack is about."""
    if "://" in given:
        raise UsageError(
            f"{masked(given)} is a URL, which does not tell what ends a session: `eventproof init --pack session` "
            "writes a profile that does"
        )
    return session_pack.load(given, environment)


def narrowed(target: Target, systems: Sequence[str]) -> Target:
    """The target with only these of its systems under test; all where none are named."""
    for name in systems:
        if name not in target.systems:
            raise UsageError(
                f'{target.source} has no system "{name}" under test{nearest(name, target.systems)}; '
                f"it has {', '.join(target.systems)}"
            )
    return replace(target, systems=tuple(systems)) if systems else target


def must_be_answered(target: Target, catalog: Catalog) -> None:
    """Raise UsageError where nobody can tell what a document of a system under test means."""
    for name in target.systems:
        lint.must_be_answered(catalog.system(name))


def new_seed() -> int:
    """A seed that nobody chose."""
    return secrets.randbelow(2**31)


def suite(config: pytest.Config) -> Suite:
    """The suite that the options of a plain pytest run ask for; the target has answered by then.

    Raises UsageError where the cases are to be dealt out to several processes: they share users and a server.
    """

    def given(name: str) -> Any:
        return config.getoption(f"eventproof_{name}")

    if hasattr(config, "workerinput") or config.getoption("numprocesses", None) or config.getoption("tx", None):
        raise UsageError("the cases of eventproof share users and a server, and run in one process: leave -n out")
    target = narrowed(target_of(given("target"), given("environment")), given("system"))
    catalog = target.catalog
    if given("hostile"):
        target.require_hostile()
    must_be_answered(target, catalog)
    probe(target, catalog)
    seed, results = given("seed"), given("results")
    payloads = PAYLOADS if given("payloads") is None else given("payloads")
    if not 1 <= payloads <= MOST_PAYLOADS:
        raise UsageError(f"{_PREFIX}payloads takes a number from 1 to {MOST_PAYLOADS}")
    named = [*_named("target", given("target")), *_named("environment", given("environment"))]
    options = Options(
        seed=new_seed() if seed is None else seed,
        only=tuple(given("only")),
        results=folder.prepare(Path(results) if results else None, "check"),
        command=shlex.join(["pytest", "--pyargs", "eventproof.conformance", *named]),
        prefix=_PREFIX,
        slow=given("slow"),
        hostile=given("hostile"),
        payloads=payloads,
    )
    return Suite(target, catalog, options, Silent())


def _named(option: str, value: str | None) -> list[str]:
    return [] if value is None else [f"{_PREFIX}{option}", value]
