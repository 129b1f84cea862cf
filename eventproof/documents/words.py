"""The words of our contracts, in somebody else's document or in a profile: held against our own format."""

import json
from functools import cache
from typing import Any

from eventproof import layout
from eventproof.catalog.documents import Document
from eventproof.catalog.pointer import pointer
from eventproof.catalog.schema import Schema

__all__ = ["must_be_ours"]


def must_be_ours(document: Document) -> None:
    """Raise ContractError where an extension of ours is not what it must be, with where it stands."""
    for name, channel in document.content["channels"].items():
        _must_fit(document, pointer(["channels", name]), channel, "channel")
        for key, message in channel["messages"].items():
            _must_fit(document, pointer(["channels", name, "messages", key]), message, "message")


def states_must_be_ours(document: Document) -> None:
    """Likewise for the states in the description of the calls, or in the profile."""
    path = layout.CONTRACTS / "formats" / "openapi.schema.json"
    schema = Schema(json.loads(path.read_text(encoding="utf-8"))["properties"]["x-states"]["additionalProperties"])
    tables = document.content.get("x-states", {})
    if not isinstance(tables, dict):
        raise document.fault("/x-states", "x-states: expected a table, by what a thing is called")
    for thing, table in tables.items():
        if not schema.is_valid(table):
            problem = max(schema.explain(table), key=lambda problem: problem.path.count("/"))
            at = f" at {problem.path}" if problem.path else ""
            raise document.fault(
                pointer(["x-states", thing]),
                f"the states of {thing}{at}: expected {problem.expected}, found {problem.observed}",
            )


def _must_fit(document: Document, place: str, value: dict[str, Any], kind: str) -> None:
    for word, schema in _words(kind).items():
        if word in value and not schema.is_valid(value[word]):
            problem = max(schema.explain(value[word]), key=lambda problem: problem.path.count("/"))
            at = f" at {problem.path}" if problem.path else ""
            raise document.fault(
                f"{place}/{word}", f"{word}{at}: expected {problem.expected}, found {problem.observed}"
            )


@cache
def _words(kind: str) -> dict[str, Schema]:
    """The schema of each extension that a channel or a message may have."""
    path = layout.CONTRACTS / "formats" / "asyncapi.schema.json"
    whole = json.loads(path.read_text(encoding="utf-8"))
    properties = whole["definitions"][kind]["properties"]
    return {
        word: Schema({"definitions": whole["definitions"], **_widened(word, described)})
        for word, described in properties.items()
        if word.startswith("x-") and word != "x-wire"
    }


def _widened(word: str, described: dict[str, Any]) -> dict[str, Any]:
    """What others may say more shortly than we do."""
    if word == "x-auth":
        return {**described, "minProperties": 0}
    if word == "x-name-at":
        return {"type": "string", "pattern": "^(/[^/]+)*$"}
    if word != "x-ack":
        return described
    none, entry = described["anyOf"]
    more = {**entry["properties"], "schema": {"type": "object"}, "arguments": {"const": "list"}}
    return {"anyOf": [none, {**entry, "properties": more}]}
