"""Templates of a profile: TOML values in whose strings `{names}` stand for what is filled in at the time of a call."""

import re
from collections.abc import Collection, Container, Iterator, Mapping
from typing import Any, Final

from .errors import UsageError
from .settings import nearest

__all__ = ["DERIVED", "PLACEHOLDER", "derived", "fill", "names", "unknown"]

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


def fill(template: Any, values: Mapping[str, Any], where: str, optional: Container[str] = ()) -> Any:
    """A template with its `{names}` replaced; a string that is one `{name}` alone becomes the value as it is.

    A field that is one `{name}` alone is left out where that name is optional and has no value.
    """
    if isinstance(template, str):
        whole = PLACEHOLDER.fullmatch(template)
        if whole:
            return _value(whole[1], values, where)
        return PLACEHOLDER.sub(lambda match: str(_value(match[1], values, where)), template)
    if isinstance(template, Mapping):
        return {
            key: fill(value, values, where, optional)
            for key, value in template.items()
            if not _is_left_out(value, values, optional)
        }
    if isinstance(template, list | tuple):
        return [fill(value, values, where, optional) for value in template]
    return template


def _is_left_out(template: Any, values: Mapping[str, Any], optional: Container[str]) -> bool:
    whole = PLACEHOLDER.fullmatch(template) if isinstance(template, str) else None
    return whole is not None and whole[1] in optional and whole[1] not in values


def _value(name: str, values: Mapping[str, Any], where: str) -> Any:
    if name not in values:
        raise UsageError(
            f"{where} needs {{{name}}}, which is not known here; known are {', '.join(sorted(values)) or 'none'}"
        )
    return values[name]
