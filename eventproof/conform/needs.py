"""What the cases need of a target: the calls they make, and what they read from the answers.

A case that follows from the contract needs what the contract says. Any other names operations and answers by words in
its own code, or in what it calls of its system's folder and driver. So nobody keeps a list of which requirement needs
which call.
"""

import dis
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import CodeType, FunctionType
from typing import Any

from eventproof import layout
from eventproof.catalog import Catalog
from eventproof.target import Target

from .listing import items
from .marks import capabilities_of, requirements_of

__all__ = ["Needs", "needs_of"]

_OURS = ("conformance", "eventproof.conformance")
_OPTIONAL = 0
"""The argument of the operation that tests membership: 0 is `in`, 1 is `not in`."""


@dataclass(frozen=True, slots=True)
class Needs:
    """The words in each case that binds the target, with the requirements that it proves."""

    cases: tuple[tuple[frozenset[str], frozenset[str]], ...]

    def of(self, *words: str) -> tuple[str, ...]:
        """The requirements that no case can prove without all of these: a call, or a call and what it answers."""
        return tuple(sorted({line for lines, known in self.cases if known.issuperset(words) for line in lines}))


def needs_of(target: Target, catalog: Catalog) -> Needs:
    """What the cases for a target need; those are left out that bind only who claims more than it does."""
    drivers: Mapping[str, Any] = layout.conformance("drivers").DRIVERS
    claimed = {
        line.id for line in catalog.requirements(target.systems) if line.capability in (None, *target.capabilities)
    }
    found = []
    for item in items(target.systems):
        lines = claimed.intersection(requirements_of(item))
        if not lines or not target.capabilities.issuperset(capabilities_of(item)):
            continue
        params = getattr(getattr(item, "callspec", None), "params", {})
        given = params.get("system")
        systems = [given] if given else [catalog.requirement(line).system for line in lines]
        kinds = tuple(drivers[system] for system in systems if system in drivers)
        words = _derived(catalog, params) | _words(inspect.unwrap(item.function), kinds)  # type: ignore[attr-defined]
        found.append((frozenset(lines), words))
    return Needs(tuple(found))


def _derived(catalog: Catalog, params: Mapping[str, Any]) -> frozenset[str]:
    """The calls without which a case of the contract sees nothing: where one of several would do, what all need."""
    if params.get("system") not in catalog.systems:
        return frozenset()
    system = catalog.system(params["system"])
    certain = [trigger for event in system.events if event.name == params.get("event") for trigger in event.certain]
    triggers = [params["by"]] if params.get("by") else certain
    triggers += [params["operation"]] if "operation" in params else []
    triggers += [*system.states[params["thing"]].operations] if "thing" in params else []
    chains = [{trigger, *(needed.id for needed in system.before(trigger))} for trigger in triggers]
    return frozenset(set.intersection(*chains)) if chains else frozenset()


@cache
def _words(function: Callable[..., object], kinds: tuple[type, ...]) -> frozenset[str]:
    """The words in a function of the cases, and in what it reaches; read once for all its parameters."""
    words: set[str] = set()
    _gather(function, kinds, words, set())
    return frozenset(words)


def _gather(value: Any, kinds: tuple[type, ...], words: set[str], seen: set[int]) -> None:
    """Add the words in a function of the cases, in the functions that it calls, in the tables that it uses."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, str):
        words.add(value)
    elif isinstance(value, Mapping):
        _gather([*value.keys(), *value.values()], kinds, words, seen)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            _gather(each, kinds, words, seen)
    elif isinstance(value, FunctionType) and value.__module__.startswith(_OURS):
        for code in _codes(value.__code__):
            words |= _constants(code)
            for name in code.co_names:
                _gather(value.__globals__.get(name), kinds, words, seen)
                for kind in kinds:
                    _gather(inspect.getattr_static(kind, name, None), kinds, words, seen)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _codes(inner)


@cache
def _constants(code: CodeType) -> frozenset[str]:
    """The strings in it.

    Left out are those that it compares, or looks for first (it does without them), and keys: of its tables, and those
    by which it reads one.
    """
    found: set[str] = set()
    optional: set[str] = set()
    last: tuple[Any, ...] = ()
    for step in dis.get_instructions(code):
        if step.opname == "LOAD_CONST":
            last = step.argval if isinstance(step.argval, tuple) else (step.argval,)
            found |= {each for each in last if isinstance(each, str)}
        elif step.opname == "BUILD_CONST_KEY_MAP" or step.opname == "BINARY_SUBSCR" or step.argrepr == "[]":
            found -= {each for each in last if isinstance(each, str)}
        elif step.opname == "COMPARE_OP" or (step.opname == "CONTAINS_OP" and step.arg == _OPTIONAL):
            optional |= {each for each in last if isinstance(each, str)}
    return frozenset(found - optional)
