"""The schemas of a document, read as they were meant: whatever dialect they are written in, draft-07 comes out.

AsyncAPI's schemas are draft-07 unless they say otherwise, and are written with the words of OpenAPI and of later
drafts, which draft-07 passes over: a checker that did so too would find everything right. What is meant by such a word
is put in the words of draft-07, and a remark says where; what cannot be is judged by nobody, and a remark says that.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from eventproof.catalog.reading import Weight
from eventproof.catalog.schema import Schema, SchemaError
from eventproof.settings import nearest

from .library import Identity, Node

__all__ = ["DRAFT", "Schemas"]

Json = Any
DRAFT: Final = "http://json-schema.org/draft-07/schema#"
_DEEPEST: Final = 60
_MOST: Final = 50_000
"""Schemas of one document."""
_KNOWN_LATER: Final = ("2019-09", "2020-12", "3.1", "3.2")
"""What a dialect has in its name that knows `prefixItems`, and what stands beside a `$ref`."""
_OPENAPI: Final = "OpenAPI"
"""What is in the name of a dialect that knows `example`; that of 3.0 knows `nullable` too."""

_AS_IT_IS: Final = frozenset(
    {"const", "enum", "default", "examples", "title", "description", "format", "pattern", "type", "required"}
    | {"minLength", "maxLength", "multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
    | {"minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "$comment", "x-role", "x-unique"}
)
_ONE: Final = frozenset(
    {"additionalItems", "additionalProperties", "contains", "propertyNames", "if", "then", "else", "not"}
)
_SEVERAL: Final = frozenset({"allOf", "anyOf", "oneOf"})
_NAMED: Final = frozenset({"properties", "patternProperties"})
_ANNOTATIONS: Final = frozenset({"title", "description", "examples", "default", "example", "deprecated", "summary"})
_PASSED_OVER: Final = frozenset(
    {"$schema", "$id", "id", "$anchor", "$defs", "definitions", "discriminator", "xml", "externalDocs", "readOnly"}
    | {"writeOnly", "deprecated", "contentEncoding", "contentMediaType", "$vocabulary", "summary", "tags", "name"}
)
"""What says nothing of what is valid, or is looked up where something refers to it."""
_UNJUDGED: Final = frozenset(
    {"unevaluatedProperties", "unevaluatedItems", "minContains", "maxContains", "contentSchema"}
    | {"$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"}
)
_READ_ELSEWHERE: Final = frozenset(
    {"$ref", "items", "prefixItems", "nullable", "example", "dependencies", "dependentRequired", "dependentSchemas"}
)
_TYPES: Final = frozenset({"object", "array", "string", "integer", "number", "boolean", "null"})
_FORMATS_OF_NUMBERS: Final[Mapping[str, Mapping[str, Json]]] = {
    "int32": {"minimum": -(2**31), "maximum": 2**31 - 1},
    "int64": {},
    "float": {},
    "double": {},
}
_NULLABLE: Final = (
    "nullable is OpenAPI's word, which JSON Schema passes over; it is read as meant: null is valid too",
    'write type: [string, "null"]',
)
_UUID: Final = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"
"""The format `uuid`, which came after draft-07."""
_FORMATS_OF_NOTHING: Final = frozenset({"password", "byte", "binary"})


@dataclass(slots=True)
class _Named:
    """A schema that others refer to, under the name that it has among the definitions."""

    name: str
    schema: Json = None
    refers: set[str] = field(default_factory=set)


class Schemas:
    """Those of one document; `dialect` is what it says of all of them."""

    def __init__(self, dialect: str = "") -> None:
        self._dialect = dialect
        self._is_later = any(later in dialect for later in _KNOWN_LATER)
        self._has_nullable = f"{_OPENAPI} 3.0" in dialect
        self._named: dict[Identity, _Named] = {}
        self._names: dict[str, _Named] = {}
        self._count = 0

    def read(self, node: Node) -> dict[str, Json]:
        """The schema that stands here, with all that it refers to among its definitions."""
        refers: set[str] = set()
        schema = self._schema(node, refers, 0)
        if isinstance(schema, bool):
            return {"$schema": DRAFT} if schema else {"$schema": DRAFT, "not": {}}
        if set(schema) == {"$ref"}:
            schema = dict(self._names[schema["$ref"].rpartition("/")[2]].schema)
        definitions = {name: self._names[name].schema for name in sorted(self._closure(refers))}
        return {"$schema": DRAFT, **schema, **({"definitions": definitions} if definitions else {})}

    def _closure(self, names: set[str]) -> set[str]:
        found: set[str] = set()
        waiting = set(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting |= self._names[name].refers
        return found

    def _schema(self, node: Node, refers: set[str], depth: int) -> Json:
        self._count += 1
        if self._count > _MOST:
            raise node.fault(f"the document holds more than {_MOST:,} schemas")
        if depth > _DEEPEST:
            raise node.fault(f"this schema is nested more than {_DEEPEST} deep")
        value = node.value
        if isinstance(value, bool):
            return value
        if not isinstance(value, Mapping):
            raise node.fault(f"a schema must be a table, not {value!r:.60}")
        if _is_message(value):
            node.remark(Weight.WARNING, "a message stands where a schema belongs; its payload is taken")
            inner = node.child("payload")
            return True if inner is None else self._schema(inner, refers, depth + 1)
        if isinstance(value.get("$ref"), str):
            return self._reference(node, refers, depth)
        return self._own(node, refers, depth)

    def _reference(self, node: Node, refers: set[str], depth: int) -> Json:
        """A reference, and what stands beside it, which draft-07 passes over."""
        named = self._name(node, depth)
        refers.add(named.name)
        reference = {"$ref": f"#/definitions/{named.name}"}
        beside = {key: value for key, value in node.value.items() if key != "$ref" and not key.startswith("x-")}
        if beside.get("nullable") is True:
            inner = {key: value for key, value in node.value.items() if key != "nullable"}
            if not self._has_nullable:
                _at(node, "nullable").remark(Weight.WARNING, *_NULLABLE)
            return {"anyOf": [self._reference(replace(node, value=inner), refers, depth), {"type": "null"}]}
        if not beside or set(beside) <= _ANNOTATIONS:
            return reference
        if not self._is_later:
            node.remark(
                Weight.WARNING,
                "draft-07 passes over what stands beside a $ref; it is read as what both say",
                "use allOf",
            )
        rest = Node(node.library, node.source, node.place, beside)
        return {"allOf": [reference, self._schema(rest, refers, depth + 1)]}

    def _name(self, node: Node, depth: int) -> _Named:
        """What a reference leads to, under its name; it is read once."""
        target = node.followed()
        key = target.identity
        if key not in self._named:
            named = self._named[key] = _Named(self._free(target))
            self._names[named.name] = named
            named.schema = True  # for what refers back to it meanwhile
            read = self._schema(target, named.refers, depth + 1)
            named.schema = read if isinstance(read, Mapping) else {} if read else {"not": {}}
        return self._named[key]

    def _free(self, target: Node) -> str:
        """A name that no other definition has."""
        plain = "".join(letter if letter.isalnum() else "_" for letter in target.key or target.source.path.stem)
        name, number = plain, 2
        while name in self._names:
            name, number = f"{plain}_{number}", number + 1
        return name

    def _own(self, node: Node, refers: set[str], depth: int) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for key in node.value:
            child = node.child(key)
            assert child is not None  # noqa: S101 - it is one of its keys
            if key in _AS_IT_IS:
                found[key] = child.value
            elif key in _ONE:
                found[key] = self._schema(child, refers, depth + 1)
            elif key in _SEVERAL:
                found[key] = [self._schema(part, refers, depth + 1) for part in _listed(child)]
            elif key in _NAMED:
                found[key] = {name: self._schema(part, refers, depth + 1) for name, part in _entries(child)}
            elif key in _UNJUDGED:
                self._unjudged(child, key, found, node)
            elif key not in _PASSED_OVER | _READ_ELSEWHERE and not key.startswith("x-"):
                hint = nearest(key, _AS_IT_IS | _ONE | _SEVERAL | _NAMED | {"items", "$ref"})
                child.remark(Weight.WARNING, f'"{key}" is no word of JSON Schema{hint}, and nothing is judged by it')
        self._items(node, found, refers, depth)
        self._dependencies(node, found, refers, depth)
        _example(node, found, is_known=_OPENAPI in self._dialect)
        for mend in _MENDS:
            mend(node, found)
        _nullable(node, found, is_known=self._has_nullable)
        return found

    def _unjudged(self, node: Node, key: str, found: dict[str, Json], whole: Node) -> None:
        if key == "unevaluatedProperties" and node.value is False and not _SEVERAL & set(whole.value):
            found.setdefault("additionalProperties", False)
            return
        node.remark(
            Weight.WARNING, f"{key} is a word of a later draft that draft-07 cannot say: nothing is judged by it"
        )

    def _items(self, node: Node, found: dict[str, Json], refers: set[str], depth: int) -> None:
        """`items`, and `prefixItems`, which draft-07 passes over and calls `items` itself."""
        prefix, items = node.child("prefixItems"), node.child("items")
        if prefix is None:
            if items is not None and isinstance(items.value, list):
                found["items"] = [self._schema(part, refers, depth + 1) for part in _listed(items)]
            elif items is not None:
                found["items"] = self._schema(items, refers, depth + 1)
            return
        if not self._is_later:
            prefix.remark(
                Weight.WARNING,
                "draft-07 passes over prefixItems; it is read as meant: so many items, each with a schema of its own",
                "say jsonSchemaDialect or $schema, or write items: […] and additionalItems",
            )
        first = [self._schema(part, refers, depth + 1) for part in _listed(prefix)]
        rest = None if items is None else self._schema(items, refers, depth + 1)
        if not first:
            found |= {} if rest is None else {"items": rest}
            return
        found["items"] = first
        if rest is not None:
            found["additionalItems"] = rest
        if rest in (False, {"not": {}}) and "minItems" not in found:
            found["minItems"] = len(first)

    def _dependencies(self, node: Node, found: dict[str, Json], refers: set[str], depth: int) -> None:
        for key in ("dependencies", "dependentRequired", "dependentSchemas"):
            child = node.child(key)
            for name, part in _entries(child) if child is not None else ():
                is_list = isinstance(part.value, list)
                meant = list(part.value) if is_list else self._schema(part, refers, depth + 1)
                found.setdefault("dependencies", {})[name] = meant


def _is_message(value: Mapping[str, Json]) -> bool:
    words = _AS_IT_IS | _ONE | _SEVERAL | _NAMED | {"items", "prefixItems", "$ref"}
    return "payload" in value and not (words - {"title", "description", "examples"}) & set(value)


def _listed(node: Node) -> Iterator[Node]:
    if not isinstance(node.value, list):
        raise node.fault(f"{node.key} must be a list of schemas")
    for index in range(len(node.value)):
        child = node.child(index)
        assert child is not None  # noqa: S101 - it is one of its items
        yield child


def _entries(node: Node) -> Iterator[tuple[str, Node]]:
    if not isinstance(node.value, Mapping):
        raise node.fault(f"{node.key} must be a table of schemas")
    for name in node.value:
        child = node.child(name)
        assert child is not None  # noqa: S101 - it is one of its keys
        yield name, child


# What is mended in the words that a schema has of its own.


def _example(node: Node, found: dict[str, Json], *, is_known: bool) -> None:
    """OpenAPI's `example`."""
    if "example" in node.value:
        found.setdefault("examples", [node.value["example"]])
    if "example" in node.value and not is_known:
        _at(node, "example").remark(
            Weight.WARNING, "example is OpenAPI's word, which JSON Schema passes over; it is read as examples"
        )
    if "examples" in found and not isinstance(found["examples"], list):
        _at(node, "examples").remark(Weight.WARNING, "examples must be a list; it is read as one of one")
        found["examples"] = [found["examples"]]


def _types(node: Node, found: dict[str, Json]) -> None:
    told = found.get("type")
    for name in told if isinstance(told, list) else [] if told is None else [told]:
        if name not in _TYPES:
            hint = nearest(str(name), _TYPES)
            raise _at(node, "type").fault(f'"{name}" is no type{hint}; there are {", ".join(sorted(_TYPES))}')
    if "required" in found and not _is_texts(found["required"]):
        raise _at(node, "required").fault(
            "required must be the list of the names that an object has to have, and stands beside its properties"
        )


def _nullable(node: Node, found: dict[str, Json], *, is_known: bool) -> None:
    """OpenAPI's `nullable`."""
    if node.value.get("nullable") is not True:
        return
    if not is_known:
        _at(node, "nullable").remark(Weight.WARNING, *_NULLABLE)
    if "enum" in found and None not in found["enum"]:
        found["enum"] = [*found["enum"], None]
    if "type" in found:
        told = found["type"] if isinstance(found["type"], list) else [found["type"]]
        found["type"] = told if "null" in told else [*told, "null"]
        if "const" in found:
            found["enum"] = [found.pop("const"), None]
    elif _SEVERAL & set(found) or "const" in found:
        inner = dict(found)
        found.clear()
        found["anyOf"] = [inner, {"type": "null"}]


def _limits(node: Node, found: dict[str, Json]) -> None:
    """`exclusiveMinimum: true` of draft-04 and OpenAPI 3.0."""
    for key, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(found.get(key), bool):
            _at(node, key).remark(
                Weight.WARNING, f"{key} is a number since draft-06; it is read as draft-04 and OpenAPI 3.0 have it"
            )
            is_set = found.pop(key)
            if is_set and plain in found:
                found[key] = found.pop(plain)


def _format(node: Node, found: dict[str, Json]) -> None:
    told = found.get("format")
    if told is None or (isinstance(told, str) and _compiles({"format": told})):
        return
    del found["format"]
    if told in _FORMATS_OF_NUMBERS:
        for key, value in _FORMATS_OF_NUMBERS[told].items():
            found.setdefault(key, value)
    elif told == "uuid":
        found.setdefault("pattern", _UUID)
        found.setdefault("examples", ["6f1c9a3e-52b7-4d0e-8a61-0c2f7be4d913"])
    elif told not in _FORMATS_OF_NOTHING:
        _at(node, "format").remark(
            Weight.WARNING, f'the format "{told}" is none that JSON Schema knows: nothing is judged by it'
        )


def _pattern(node: Node, found: dict[str, Json]) -> None:
    patterns = [("pattern", found["pattern"])] if "pattern" in found else []
    patterns += [("patternProperties", name) for name in found.get("patternProperties", ())]
    for key, pattern in patterns:
        if not isinstance(pattern, str) or not _compiles({"pattern": pattern}):
            raise _at(node, key).fault(
                f"the pattern {pattern!r:.80} is no regular expression that can be used here: write one as JavaScript "
                "has them (ECMA-262), without /…/ around it"
            )


_MENDS: Final[tuple[Callable[[Node, dict[str, Json]], None], ...]] = (
    _types,
    _limits,
    _format,
    _pattern,
)


def _compiles(schema: Mapping[str, Json]) -> bool:
    try:
        Schema(schema)
    except SchemaError:
        return False
    return True


def _is_texts(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _at(node: Node, key: str) -> Node:
    return node.child(key) or node
