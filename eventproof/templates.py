"""Templates of a profile: TOML values in whose strings `{names}` stand for what is filled in at the time of a call."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from .settings import nearest

__all__ = ["DERIVED", "PLACEHOLDER", "derived", "names", "unknown"]

PLACEHOLDER: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_A_DAY = {"hours": 24, "minutes": 24 * 60, "seconds": 24 * 60 * 60, "milliseconds": 24 * 60 * 60 * 1000}
DERIVED: Final[Mapping[str, frozenset[str]]] = {"days": frozenset(_A_DAY)}
"""The names that a template may use beside a parameter: the same in other units."""


def derived(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The values that stand beside these parameters: where there are `days`, also the hours, the seconds, …"""
    days = parameters.get("days")
    return {unit: days * each for unit, each in _A_DAY.items()} if isinstance(days, int) else {}


def names(template: Any) -> Iterator[str]:
    """Every name that a template needs, in the order in which it stands there."""
    if isinstance(template, str):
        yield from PLACEHOLDER.findall(template)
    elif isinstance(template, Mapping):
        for value in template.values():
            yield from names(value)
    elif isinstance(template, list | tuple):
        for value in template:
            yield from names(value)


def unknown(template: Any, known: Collection[str]) -> str:
    """What is wrong with a template that needs a name which nothing gives, or nothing."""
    for name in names(template):
        if name not in known:
            given = ", ".join(f"{{{each}}}" for each in sorted(known)) or "nothing"
            return f"needs {{{name}}}, which is never known{nearest(name, known)}; known here: {given}"
    return ""
