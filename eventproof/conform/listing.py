"""The requirements with the cases that prove them: what `eventproof check --list` and `--explain ID` tell."""

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import fill

import pytest

from eventproof import catalog as contracts
from eventproof import layout
from eventproof.catalog import Catalog, Guide, Requirement

from . import plugin
from .marks import name_of, requirements_of
from .run import ISOLATED, folders_of, no_foreign_options
from .stash import CATALOG, SYSTEMS

__all__ = ["Entry", "ListedCase", "collected", "explained", "explained_text", "items", "listing", "listing_text"]


_WIDTH = 12
"""Letters of an id, at least."""


@dataclass(frozen=True, slots=True)
class ListedCase:
    """One case, as `--only` knows it; `about` is its docstring, or its name as words."""

    name: str
    requirements: tuple[str, ...]
    about: str
    file: Path
    line: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A requirement and the cases that fail when it does not hold."""

    requirement: Requirement
    cases: tuple[ListedCase, ...]


def collected(systems: Sequence[str], catalog: Catalog | None = None) -> tuple[ListedCase, ...]:
    """The cases of these systems and those that all share; none is run."""
    return tuple(map(_case, items(systems, catalog)))


def items(systems: Sequence[str], catalog: Catalog | None = None) -> tuple[pytest.Item, ...]:
    """The same, as pytest has them; collected once a process."""
    return _items(tuple(systems), catalog or contracts.load())


@cache
def _items(systems: tuple[str, ...], catalog: Catalog) -> tuple[pytest.Item, ...]:
    collector = _Collector(systems, catalog)
    with no_foreign_options():
        pytest.main([*ISOLATED, "--collect-only", *folders_of(systems)], plugins=[plugin, collector])
    return tuple(collector.items)


def listing(catalog: Catalog, cases: Iterable[ListedCase], systems: Sequence[str] | None = None) -> tuple[Entry, ...]:
    """Every requirement of these systems (of all, where none are named), with its cases."""
    known = tuple(cases)
    return tuple(
        Entry(requirement, tuple(case for case in known if requirement.id in case.requirements))
        for requirement in catalog.requirements(systems or None)
    )


def explained(requirement_id: str, catalog: Catalog | None = None) -> Entry:
    """One requirement with its cases; UsageError where there is none of that id."""
    known = catalog or contracts.load()
    requirement = known.requirement(requirement_id)
    systems = [requirement.system] if requirement.system in known.systems else list(known.systems)
    cases = tuple(case for case in collected(systems, known) if requirement_id in case.requirements)
    return Entry(requirement, cases)


def listing_text(entries: Iterable[Entry]) -> str:
    """One line a requirement: its id, its level, how many cases it has, its sentence."""
    known = tuple(entries)
    width = max([_WIDTH, *(len(entry.requirement.id) for entry in known)])
    return "\n".join(
        f"{entry.requirement.id:<{width}} {entry.requirement.level:<6} {_count(entry):<9} {entry.requirement.sentence}"
        for entry in known
    )


def explained_text(entry: Entry) -> str:
    """Everything about one requirement, for a person."""
    requirement = entry.requirement
    parts = [f"{requirement.id} ({requirement.level})", _filled(requirement.sentence)]
    parts.append(_filled(f"Source: {requirement.source}"))
    if requirement.decision:
        parts.append(_filled(f"Decision: {requirement.decision}"))
    if requirement.capability:
        parts.append(f'Binds only targets whose profile claims the capability "{requirement.capability}".')
    if requirement.excluded:
        parts.append(_filled(f"No case can check it: {requirement.excluded}"))
    parts += map(_guide_text, requirement.guides)
    if entry.cases:
        cases = (f"  {case.name}\n    {case.about}\n    {_place(case)}" for case in entry.cases)
        parts.append("\n".join(("Cases, each of which `--only NAME` runs alone:", *cases)))
    return "\n\n".join(parts)


def _guide_text(guide: Guide) -> str:
    told = (
        ("Likely cause where it does not hold", guide.cause),
        ("How to mend it", guide.mend),
        ("Node's socket.io", guide.node),
        ("python-socketio", guide.python),
        ("WebSocket, SSE", guide.native),
    )
    steps = (_filled(f"  {number}. {step}", "     ") for number, step in enumerate(guide.checked, 1))
    rest = (_filled(f"  {what}: {text}", "    ") for what, text in told if text)
    return "\n".join((f"How it is checked ({guide.name}):", *steps, *rest))


def _filled(text: str, indent: str = "") -> str:
    return fill(text, 100, subsequent_indent=indent)


class _Collector:
    def __init__(self, systems: Sequence[str], catalog: Catalog) -> None:
        self.items: list[pytest.Item] = []
        self._systems, self._catalog = tuple(systems), catalog

    def pytest_configure(self, config: pytest.Config) -> None:
        """The cases that every system shares are listed for each of these."""
        config.stash[SYSTEMS] = self._systems
        config.stash[CATALOG] = self._catalog

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Keep what was collected."""
        self.items += session.items


def _case(item: pytest.Item) -> ListedCase:
    name = name_of(item.nodeid)
    _, line, _ = item.location
    function = getattr(item, "function", None)
    about = inspect.getdoc(function) or name.partition("[")[0].replace("_", " ").capitalize() + "."
    return ListedCase(name, requirements_of(item), about.split("\n\n")[0], item.path, (line or 0) + 1)


def _count(entry: Entry) -> str:
    if entry.requirement.excluded:
        return "excluded"
    return f"{len(entry.cases)} case{'' if len(entry.cases) == 1 else 's'}"


def _place(case: ListedCase) -> str:
    return f"{case.file.relative_to(layout.CONFORMANCE.parent)}:{case.line}"
