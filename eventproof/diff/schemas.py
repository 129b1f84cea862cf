"""What changes from one JSON Schema to another, keyword by keyword: rules, each with its place in the payload.

A `$ref` is followed inside its own document; a schema that refers to itself is compared once. What only explains
(`title`, `description`, `examples`) is no change. Pure.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from eventproof.catalog.pointer import at, pointer

__all__ = ["Found", "compared"]

Json = Any


class Found(NamedTuple):
    """One change by its rule, at a place of the payload (a JSON pointer, `*` for every item)."""

    rule: str
    place: str
    old: Json = None
    new: Json = None


_TYPES: Final = frozenset({"null", "boolean", "object", "array", "number", "string"})
_EXPLAINS: Final = frozenset(
    {"title", "description", "examples", "example", "default", "$comment", "$id", "$schema", "deprecated"}
    | {"readOnly", "writeOnly", "definitions", "$defs", "components", "$anchor", "nullable", "discriminator"}
    | {"externalDocs"}
)
_LIMITS: Final[Mapping[str, int]] = {
    "minimum": 1,
    "exclusiveMinimum": 1,
    "minLength": 1,
    "minItems": 1,
    "minProperties": 1,
    "minContains": 1,
    "maximum": -1,
    "exclusiveMaximum": -1,
    "maxLength": -1,
    "maxItems": -1,
    "maxProperties": -1,
    "maxContains": -1,
}
"""The limits: 1 where a larger one lets less through, -1 where a smaller one does."""
_FORMS: Final = ("pattern", "format", "contentEncoding", "contentMediaType")
_KNOWN: Final = frozenset(
    {*_LIMITS, *_FORMS, "$ref", "type", "enum", "const", "properties", "required", "additionalProperties", "items"}
    | {"additionalItems", "prefixItems", "allOf", "anyOf", "oneOf", "not", "multipleOf", "uniqueItems"}
)
_DEEPEST: Final = 60
_MOST: Final = 100_000
"""Pairs of schemas that are compared at most: references may multiply them."""


def compared(old: Json, new: Json) -> tuple[Found, ...]:
    """What changes from one schema to the other, each once: both are whole documents, their references local."""
    found = _Comparison(old, new).of(old, new, "")
    return tuple({json.dumps(change, sort_keys=True, default=repr): change for change in found}.values())


@dataclass(slots=True)
class _Comparison:
    """Of two documents; `_open` are the pairs that are being compared of which one at least is a reference."""

    old: Json
    new: Json
    _open: set[tuple[str, str]] = field(default_factory=set)
    _depth: int = 0
    _left: int = _MOST

    def of(self, before: Json, after: Json, place: str) -> Iterator[Found]:
        """The changes of one schema, which is at this place of the payload."""
        is_reference = _refers(before) or _refers(after)
        one_text, other_text = (json.dumps(each, default=repr) if is_reference else "" for each in (before, after))
        pair = one_text, other_text
        if is_reference and pair in self._open:
            return
        self._open.add(pair)
        self._depth += 1
        try:
            one, other = _resolved(self.old, before), _resolved(self.new, after)
            if _is_same(one, other) and not _has_references(one):
                return
            self._left -= 1
            if self._depth > _DEEPEST or self._left < 0:
                yield Found("schema-changed", place)
                return
            yield from self._schemas(one, other, place)
        finally:
            self._depth -= 1
            self._open.discard(pair)

    def _schemas(self, before: Json, after: Json, place: str) -> Iterator[Found]:
        if isinstance(before, bool) or isinstance(after, bool):
            yield from _booleans(before, after, place)
            return
        yield from _types(before, after, place)
        yield from _values(before, after, place)
        yield from _limits(before, after, place)
        yield from _forms(before, after, place)
        if _may_be(before, "object") and _may_be(after, "object"):
            yield from self._objects(before, after, place)
        if _may_be(before, "array") and _may_be(after, "array"):
            yield from self._arrays(before, after, place)
        for keyword in ("anyOf", "oneOf"):
            yield from self._branches(before.get(keyword), after.get(keyword), place, "branch")
        yield from self._branches(before.get("allOf"), after.get("allOf"), place, "demand")
        yield from self._negation(before.get("not"), after.get("not"), place)
        for keyword in sorted((before.keys() | after.keys()) - _KNOWN - _EXPLAINS):
            if not keyword.startswith("x-") and not _is_same(before.get(keyword), after.get(keyword)):
                yield Found("schema-changed", place, {keyword: before.get(keyword)}, {keyword: after.get(keyword)})

    def _objects(self, before: Json, after: Json, place: str) -> Iterator[Found]:
        fields, others = before.get("properties", {}), after.get("properties", {})
        demanded, demands = set(before.get("required", ())), set(after.get("required", ()))
        for name in dict.fromkeys((*fields, *demanded, *others, *demands)):
            here = place + pointer([name])
            was, is_there = name in fields or name in demanded, name in others or name in demands
            if was and is_there:
                if name in demands and name not in demanded:
                    yield Found("field-demanded", here)
                elif name in demanded and name not in demands:
                    yield Found("field-optional", here)
                yield from self.of(fields.get(name, True), others.get(name, True), here)
            elif was:
                yield Found("field-required-removed" if name in demanded else "field-removed", here)
                if after.get("additionalProperties", True) is False:
                    yield Found("field-refused", here)
            else:
                yield Found("field-required-added" if name in demands else "field-added", here)
        further, more = before.get("additionalProperties", True), after.get("additionalProperties", True)
        if further != more and (further is False or more is False):
            yield Found("object-closed" if more is False else "object-opened", place)
        else:
            yield from self.of(further, more, f"{place}/*")

    def _arrays(self, before: Json, after: Json, place: str) -> Iterator[Found]:
        (heads, rest), (others, more) = _items(before), _items(after)
        for index in range(max(len(heads), len(others))):
            one = heads[index] if index < len(heads) else rest
            other = others[index] if index < len(others) else more
            yield from self.of(one, other, f"{place}/{index}")
        yield from self.of(rest, more, f"{place}/*")
        if before.get("uniqueItems", False) != after.get("uniqueItems", False):
            yield Found("demand-added" if after.get("uniqueItems") else "demand-removed", place, new="uniqueItems")

    def _branches(self, before: Json, after: Json, place: str, kind: str) -> Iterator[Found]:
        """The alternatives of `anyOf` and `oneOf`, or the demands of `allOf`: equal ones first, then those alike."""
        if before is None and after is None:
            return
        if before is None or after is None:
            # No alternatives let everything through, and no demands do.
            added = after is not None
            yield Found("demand-added" if added else "demand-removed", place)
            return
        olds, news = list(before), list(after)
        for one in tuple(olds):
            same = next((other for other in news if _text(self.old, one) == _text(self.new, other)), None)
            if same is not None:
                olds.remove(one)
                news.remove(same)
        for one in tuple(olds):
            alike = self._alike(one, news)
            if alike is not None:
                olds.remove(one)
                news.remove(alike)
                yield from self.of(one, alike, place)
        yield from (Found(f"{kind}-removed", place, _shown(one)) for one in olds)
        yield from (Found(f"{kind}-added", place, None, _shown(other)) for other in news)

    def _alike(self, one: Json, others: Sequence[Json]) -> Json | None:
        """The one of the others that means the same alternative: by a constant in it, by its name, or by its types."""
        for sign in _SIGNS:
            wanted = sign(self.old, one)
            found = [other for other in others if wanted and sign(self.new, other) == wanted]
            if len(found) == 1:
                return found[0]
        return None

    def _negation(self, before: Json, after: Json, place: str) -> Iterator[Found]:
        if before is None and after is None:
            return
        if before is None or after is None:
            yield Found("demand-added" if before is None else "demand-removed", place)
            return
        if any(self.of(before, after, place)):  # what is let through less there is refused less here
            yield Found("schema-changed", place, {"not": _shown(before)}, {"not": _shown(after)})


def _booleans(before: Json, after: Json, place: str) -> Iterator[Found]:
    """`true` lets everything through, and so does a schema that demands nothing; `false` nothing."""
    was, is_now = (_lets_everything(each) for each in (before, after))
    if was is is_now and before is not False and after is not False:
        return
    if after is False or (was and not is_now):
        yield Found("demand-added", place, _shown(before), _shown(after))
    elif before is False or (is_now and not was):
        yield Found("demand-removed", place, _shown(before), _shown(after))


def _lets_everything(schema: Json) -> bool:
    if not isinstance(schema, Mapping):
        return schema is True
    return all(key.startswith("x-") for key in schema.keys() - _EXPLAINS)


def _types(before: Json, after: Json, place: str) -> Iterator[Found]:
    was, is_now = _type_names(before), _type_names(after)
    if more := sorted(is_now - was - ({"integer"} if "number" in was else set())):
        yield Found("type-widened", place, sorted(was), more)
    if less := sorted(was - is_now - ({"integer"} if "number" in is_now else set())):
        yield Found("type-narrowed", place, less, sorted(is_now))


def _type_names(schema: Json) -> frozenset[str]:
    named = schema.get("type")
    if named is None:
        return _TYPES
    found = frozenset({named} if isinstance(named, str) else named)
    return found | {"null"} if schema.get("nullable") is True else found


def _may_be(schema: Json, kind: str) -> bool:
    return kind in _type_names(schema)


def _values(before: Json, after: Json, place: str) -> Iterator[Found]:
    was, is_now = _listed(before), _listed(after)
    if was is None and is_now is None:
        return
    if was is None or is_now is None:
        rule = "value-removed" if was is None else "value-added"
        yield Found(
            rule, place, None if was is None else list(was.values()), None if is_now is None else list(is_now.values())
        )
        return
    if more := [value for key, value in is_now.items() if key not in was]:
        yield Found("value-added", place, None, more)
    if less := [value for key, value in was.items() if key not in is_now]:
        yield Found("value-removed", place, less)


def _listed(schema: Json) -> dict[str, Json] | None:
    """The values that a schema lists, by their text; None where it lists none."""
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    return None if values is None else {json.dumps(value, sort_keys=True, default=repr): value for value in values}


def _limits(before: Json, after: Json, place: str) -> Iterator[Found]:
    for keyword, sign in _LIMITS.items():
        was, is_now = before.get(keyword), after.get(keyword)
        if was == is_now or not all(_is_number(each) or each is None for each in (was, is_now)):
            continue
        tightened = was is None or (is_now is not None and (is_now - was) * sign > 0)
        yield Found("limit-tightened" if tightened else "limit-loosened", place, {keyword: was}, {keyword: is_now})
    was, is_now = before.get("multipleOf"), after.get("multipleOf")
    if was != is_now:
        if was is None or (is_now and not is_now % was):
            yield Found("limit-tightened", place, {"multipleOf": was}, {"multipleOf": is_now})
        elif is_now is None or (was and not was % is_now):
            yield Found("limit-loosened", place, {"multipleOf": was}, {"multipleOf": is_now})
        else:
            yield Found("schema-changed", place, {"multipleOf": was}, {"multipleOf": is_now})


def _is_same(one: Json, other: Json) -> bool:
    """Whether these are equal in JSON: to Python, true is 1."""
    match one, other:
        case Mapping(), Mapping():
            return one.keys() == other.keys() and all(_is_same(one[name], other[name]) for name in one)
        case list(), list():
            return len(one) == len(other) and all(map(_is_same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _forms(before: Json, after: Json, place: str) -> Iterator[Found]:
    for keyword in _FORMS:
        was, is_now = before.get(keyword), after.get(keyword)
        if was != is_now:
            rule = "form-added" if was is None else "form-removed" if is_now is None else "form-changed"
            yield Found(rule, place, {keyword: was}, {keyword: is_now})


def _items(schema: Json) -> tuple[Sequence[Json], Json]:
    """The schemas of the first items, and that of all others: a tuple of draft-07, or of 2020-12."""
    items = schema.get("items", True)
    if isinstance(items, list):
        return items, schema.get("additionalItems", True)
    return schema.get("prefixItems", ()), items


def _refers(schema: Json) -> bool:
    return isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str)


def _has_references(schema: Json) -> bool:
    if isinstance(schema, Mapping):
        return "$ref" in schema or any(map(_has_references, schema.values()))
    return isinstance(schema, list) and any(map(_has_references, schema))


def _resolved(document: Json, schema: Json) -> Json:
    """The schema that a local reference leads to; itself where it leads nowhere else."""
    followed: set[str] = set()
    while _refers(schema) and schema["$ref"].startswith("#") and schema["$ref"] not in followed:
        followed.add(schema["$ref"])
        target = at(document, schema["$ref"][1:])
        if target is None:
            break
        schema = target
    return schema


def _text(document: Json, schema: Json) -> str:
    return json.dumps(_resolved(document, schema), sort_keys=True, default=repr)


def _constants(document: Json, schema: Json) -> str:
    fields = _resolved(document, schema)
    fields = fields.get("properties", {}) if isinstance(fields, Mapping) else {}
    found = {name: part["const"] for name, part in fields.items() if isinstance(part, Mapping) and "const" in part}
    return json.dumps(found, sort_keys=True, default=repr) if found else ""


def _name(_: Json, schema: Json) -> str:
    return (
        str(schema["$ref"]) if _refers(schema) else str(schema.get("title", "")) if isinstance(schema, Mapping) else ""
    )


def _types_of(document: Json, schema: Json) -> str:
    found = _resolved(document, schema)
    return json.dumps(found.get("type")) if isinstance(found, Mapping) and "type" in found else ""


_SIGNS: Final[tuple[Callable[[Json, Json], str], ...]] = (_constants, _name, _types_of)


def _shown(value: Json) -> Json:
    """A schema for a report, in short."""
    text = json.dumps(value, default=repr)
    return value if len(text) <= 200 else f"{text[:199]}…"
