"""Which call can follow which, as OpenAPI links: derived from what an answer says (`x-answers`) and what comes before a
call (`x-needs`), so that a tool which follows links goes through the whole life of a thing.

A link leads from a call to one that needs it, or all of whose ids in the path it answers with. Where the answer tells
fields of the next body, the link gives that body, with the document's example for the others.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from .operation import Operation
from .placeholders import PLACEHOLDER
from .pointer import reached

__all__ = ["linked"]

Json = Any


def linked(document: Mapping[str, Json], operations: Iterable[Operation]) -> dict[str, Json]:
    """A copy of a bundled OpenAPI document whose answers say which of these operations can follow, and with what."""
    known = tuple(operations)
    paths = {path: dict(item) for path, item in document["paths"].items()}
    for source in known:
        entry = paths[source.path][source.method.lower()]
        responses = {
            status: _with_links(document, response, source, known) if status.startswith("2") else response
            for status, response in entry["responses"].items()
        }
        paths[source.path][source.method.lower()] = {**entry, "responses": responses}
    return {**document, "paths": paths}


def _with_links(
    document: Mapping[str, Json], response: Mapping[str, Json], source: Operation, known: Iterable[Operation]
) -> Mapping[str, Json]:
    answer = _resolved(document, response)
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    asked = {name: f"$request.path.{name}" for name in PLACEHOLDER.findall(source.path)}
    said = {
        name: place if place.startswith("$") else f"$response.body#{place}"
        for name, place in source.answers.items()
        if place.startswith("$") or _is_described(document, schema, place)
    }
    links = {}
    for target in known:
        in_path = set(PLACEHOLDER.findall(target.path))
        is_needed = source.id in target.needs
        told = bool(in_path) and in_path <= said.keys()
        if target is not source and (is_needed or told):
            body = _body(document, target) if is_needed else ()
            if link := _link(target, asked | said, body):
                links[target.id] = link
    return {**answer, "links": {**answer.get("links", {}), **links}} if links else response


def _link(target: Operation, values: Mapping[str, str], body: Iterable[str]) -> dict[str, Json]:
    """The link to a call, with what these expressions tell of its parameters; empty where they tell nothing."""
    names = {name: f"path.{name}" for name in PLACEHOLDER.findall(target.path)}
    names |= {name: f"header.{header}" for header, name in target.headers.items()}
    parameters = {place: values[name] for name, place in names.items() if name in values}
    fields = {name: values[name] for name in body if name in values}
    if fields:
        others = (name for name in body if name in target.example and name not in (*fields, *target.unique))
        fields |= {name: target.example[name] for name in others}
    found = {"parameters": parameters} if parameters else {}
    found |= {"requestBody": fields} if fields else {}
    return {"operationId": target.id, **found} if found else {}


def _body(document: Mapping[str, Json], target: Operation) -> Iterable[str]:
    """The fields of a call's body."""
    entry = document["paths"][target.path][target.method.lower()]
    body = _resolved(document, entry.get("requestBody", {})).get("content", {}).get("application/json", {})
    return tuple(_resolved(document, body.get("schema", {})).get("properties", {}))


def _is_described(document: Mapping[str, Json], schema: Mapping[str, Json], place: str) -> bool:
    """Whether an answer has something at a place; of the items of a list, only one that is numbered has a place."""
    found = _resolved(document, schema)
    for part in place.split("/")[1:]:
        inner = found.get("items") if part.isdigit() else found.get("properties", {}).get(part)
        if not isinstance(inner, Mapping):
            return False
        found = _resolved(document, inner)
    return True


def _resolved(document: Mapping[str, Json], value: Mapping[str, Json]) -> Mapping[str, Json]:
    while isinstance(reference := value.get("$ref"), str):
        value = reached(document, reference.removeprefix("#"))
    return value
