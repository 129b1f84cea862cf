"""What a JSON Schema allows, in words: `text, 1 to 128 characters`, `one of ...`, `whole number, at least 0`."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from eventproof.catalog.pointer import reached

from .markdown import code, compact, listed

__all__ = ["in_words", "resolved"]

Json = Any
_FORMATS: Final = {
    "date-time": "time with a zone (RFC 3339)",
    "date": "date (RFC 3339)",
    "time": "time of day (RFC 3339)",
    "email": "email address",
    "uri": "URI",
    "uuid": "UUID",
    "ipv4": "IPv4 address",
    "ipv6": "IPv6 address",
    "password": "text",
}
_TYPES: Final = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "null",
    "object": "object",
    "array": "list",
}


def resolved(schema: Json, root: Json) -> Mapping[str, Json]:
    """A schema with what it refers to in the document `root` in its place; what stands beside the reference wins.

    Raises KeyError where a reference leads nowhere.
    """
    known: Mapping[str, Json] = schema if isinstance(schema, Mapping) else {}
    while isinstance(reference := known.get("$ref"), str):
        beside = {key: value for key, value in known.items() if key != "$ref"}
        known = {**reached(root, reference.removeprefix("#")), **beside}
    return known


def in_words(schema: Json, root: Json) -> str:
    """The type of a schema of the document `root`, with its limits."""
    known = resolved(schema, root)
    if "const" in known:
        return f"always {compact(known['const'])}"
    if "enum" in known:
        return "one of " + listed(map(compact, known["enum"]), "or")
    for key in ("oneOf", "anyOf"):
        if key in known:
            given = {"type": known["type"]} if "type" in known else {}
            return _either(in_words({**given, **resolved(branch, root)}, root) for branch in known[key])
    kinds = known.get("type", _implied(known))
    if isinstance(kinds, list):
        return _either(in_words({**known, "type": kind}, root) for kind in kinds)
    return ", ".join([_plain(kinds, known, root), *_limits(kinds, known)])


def _either(parts: Iterator[str]) -> str:
    return listed(dict.fromkeys(parts), "or")


def _implied(schema: Mapping[str, Json]) -> str | None:
    if "properties" in schema or "required" in schema:
        return "object"
    if "items" in schema:
        return "array"
    return "string" if "pattern" in schema or "format" in schema else None


def _plain(kind: str | None, schema: Mapping[str, Json], root: Json) -> str:
    if kind is None:
        return "any value"
    if kind == "string" and "format" in schema:
        return _FORMATS.get(schema["format"], f"text, format {schema['format']}")
    if kind == "array" and isinstance(schema.get("items"), Mapping):
        return f"list, each {in_words(schema['items'], root)}"
    if kind == "object":
        others = schema.get("additionalProperties", True)
        if isinstance(others, Mapping):
            return f"object, each field {in_words(others, root)}"
        return "object" if others is False else "object, further fields allowed"
    return _TYPES[kind]


def _limits(kind: str | None, schema: Mapping[str, Json]) -> Iterator[str]:
    if kind == "string":
        yield from _range(schema.get("minLength"), schema.get("maxLength"), "character")
        if "pattern" in schema:
            yield f"matching {code(schema['pattern'])}"
    if kind in ("integer", "number"):
        yield from _range(schema.get("minimum"), schema.get("maximum"))
        if "exclusiveMinimum" in schema:
            yield f"more than {schema['exclusiveMinimum']}"
        if "exclusiveMaximum" in schema:
            yield f"less than {schema['exclusiveMaximum']}"
        if "multipleOf" in schema:
            yield f"a multiple of {schema['multipleOf']}"
    if kind == "array":
        yield from _range(schema.get("minItems"), schema.get("maxItems"), "item")
        if schema.get("uniqueItems"):
            yield "none twice"
    if kind == "object":
        yield from _range(schema.get("minProperties"), schema.get("maxProperties"), "field")


def _range(least: Json, most: Json, unit: str = "") -> Iterator[str]:
    if least == most and least is not None:
        yield f"exactly {_counted(least, unit)}"
    elif least is not None and most is not None:
        yield f"{least} to {_counted(most, unit)}"
    elif least is not None:
        yield f"at least {_counted(least, unit)}"
    elif most is not None:
        yield f"at most {_counted(most, unit)}"


def _counted(number: Json, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}" if unit else str(number)
