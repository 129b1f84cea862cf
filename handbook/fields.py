"""The fields of a payload, a body or an answer as the rows of a table: name, type, whether required, what it says."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .kinds import in_words, resolved
from .markdown import code, compact, escaped, table

__all__ = ["Field", "fields", "fields_table", "name_at", "says"]

Json = Any


@dataclass(frozen=True, slots=True)
class Field:
    """One field, by where it stands: `data.id`, `items[].id`."""

    name: str
    kind: str
    required: str
    """`yes`, `no`, or in which of several forms."""
    says: str


def fields(schema: Json, root: Json, apart: frozenset[str] = frozenset()) -> tuple[Field, ...]:
    """Every field that a schema of the document `root` describes, in its order; those of objects inside follow them.

    A payload that is no object has one row of its own. Nothing is told of the inside of `apart`, references.
    """
    known = resolved(schema, root)
    found = tuple(_inside("", known, root, apart))
    described = bool(found) and "properties" in known
    return found if described else (Field("", in_words(known, root), "yes", says(known)), *found)


def name_at(place: str) -> str:
    """How a field is called here that a contract names by where it stands (a JSON pointer): `data.id`."""
    return place.removeprefix("/").replace("/", ".")


def fields_table(rows: Iterable[Field]) -> str:
    """The table of them."""
    return table(
        ("Field", "Type", "Required", "What it says"),
        ((code(row.name) if row.name else "(the whole)", row.kind, row.required, row.says) for row in rows),
    )


def _inside(name: str, schema: Mapping[str, Json], root: Json, passed: frozenset[str]) -> Iterator[Field]:
    """The fields inside a value of this name; `passed` are the references on the way here, which end a circle."""
    required = schema.get("required", ())
    for key, part in schema.get("properties", {}).items():
        yield from _field(_joined(name, key), part, "yes" if key in required else "no", root, passed)
    if isinstance(schema.get("items"), Mapping):
        yield from _below(f"{name}[]", schema["items"], root, passed)
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield from _below(_joined(name, "*"), schema["additionalProperties"], root, passed)
    for part in schema.get("allOf", ()):
        yield from _inside(name, resolved(part, root), root, passed)
    for key in ("oneOf", "anyOf"):
        for number, part in enumerate(schema.get(key, ()), 1):
            for field in _inside(name, resolved(part, root), root, passed):
                yield Field(field.name, field.kind, _in_form(field, number), field.says)


def _field(name: str, schema: Json, required: str, root: Json, passed: frozenset[str]) -> Iterator[Field]:
    known = resolved(schema, root)
    yield Field(name, in_words(schema, root), required, says(known))
    yield from _below(name, schema, root, passed)


def _below(name: str, schema: Json, root: Json, passed: frozenset[str]) -> Iterator[Field]:
    reference = schema.get("$ref") if isinstance(schema, Mapping) else None
    if reference not in passed:
        yield from _inside(name, resolved(schema, root), root, passed | {reference} if reference else passed)


def _joined(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key


def _in_form(field: Field, number: int) -> str:
    return f"in form {number}" if field.required == "yes" else f"no; in form {number}"


def says(schema: Mapping[str, Json]) -> str:
    """What is told of a field or a parameter: its description, whose id it is, an example, its default."""
    parts = [escaped(str(schema.get("description", "")).strip())]
    if "x-role" in schema:
        parts.append(f"The id of somebody of role {code(schema['x-role'])}.")
    examples = schema.get("examples") or ()
    if isinstance(examples, Mapping):  # those of a parameter have names
        examples = [each["value"] for each in examples.values() if "value" in each]
    if examples and "const" not in schema and "properties" not in schema:
        parts.append(f"For example {compact(examples[0])}.")
    if "default" in schema:
        parts.append(f"By default {compact(schema['default'])}.")
    return " ".join(part for part in parts if part)
