"""What a schema (draft-07) describes: the fields of what it is about, through its references and the parts of it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from .pointer import reached

__all__ = ["described", "named", "parts"]

_ALTERNATIVES: Final = ("allOf", "anyOf", "oneOf")
_DEEPEST: Final = 16
"""So many references and parts are gone through at most: a schema may be about itself."""


def parts(root: Mapping[str, Any], schema: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """The schema with its reference followed, and each of the schemas that it is made of."""
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return
    if isinstance(reference := schema.get("$ref"), str):
        yield from parts(root, reached(root, reference.removeprefix("#")), depth + 1)
        return
    yield schema
    for keyword in _ALTERNATIVES:
        for part in schema.get(keyword, ()):
            yield from parts(root, part, depth + 1)


def named(schema: Mapping[str, Any]) -> set[str]:
    """The names of the fields of what it describes; of a list of arguments, those of each that has any."""
    found = [part.get("properties", {}) for part in parts(schema, schema)]
    for part in parts(schema, schema):
        if isinstance(part.get("items"), list):
            found += [inner.get("properties", {}) for item in part["items"] for inner in parts(schema, item)]
    return {name for properties in found for name in properties}


def described(schema: Mapping[str, Any], place: str) -> bool:
    """Whether it describes what stands at a place (a JSON pointer) of what it is about."""
    found = [schema]
    for step in place.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        found = [inner for known in found for part in parts(schema, known) for inner in _below(part, name)]
    return bool(found)


def _below(part: Mapping[str, Any], name: str) -> Iterator[Any]:
    if name in part.get("properties", {}):
        yield part["properties"][name]
    items = part.get("items")
    if name.isdigit() and isinstance(items, list) and int(name) < len(items):
        yield items[int(name)]
