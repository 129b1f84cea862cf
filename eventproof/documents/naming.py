"""How the events of a channel are told apart, and what each is called on the wire.

Socket.IO has a name beside the arguments, SSE may have one (`event:`). Messages of a native WebSocket are told apart by
what each of them always has in the same place; where they cannot be, they are one event, called `message`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from eventproof.catalog import Direction
from eventproof.catalog.fields import parts
from eventproof.catalog.pointer import pointer

__all__ = ["UNNAMED", "constants", "name_place", "one_of", "split", "told_apart"]

Json = Any
UNNAMED: Final = "message"
"""What a message is called that has no name."""
_USUAL: Final = ("type", "event", "name", "action", "op", "kind", "t", "e", "method", "channel", "topic")
"""The fields that names usually stand in, the most usual first."""
_ALTERNATIVES: Final = ("oneOf", "anyOf")


def split(schema: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    """The alternatives of a schema, each a whole one, where something tells them apart; else the schema alone."""
    for keyword in _ALTERNATIVES:
        branches = schema.get(keyword)
        if isinstance(branches, list) and len(branches) > 1:
            outside = {key: value for key, value in schema.items() if key != keyword}
            wholes = [_whole(schema, outside, branch) for branch in branches]
            if _field([constants(whole) for whole in wholes]) is not None:
                return wholes
    return [schema]


def _whole(root: Mapping[str, Json], outside: Mapping[str, Json], branch: Json) -> Mapping[str, Json]:
    rest = {key: value for key, value in outside.items() if key not in ("$schema", "definitions", "examples")}
    kept = {key: root[key] for key in ("$schema", "definitions") if key in root}
    return {**kept, **({"allOf": [rest, branch]} if rest else branch if isinstance(branch, Mapping) else {})}


def constants(schema: Mapping[str, Json]) -> dict[str, str]:
    """The fields in which what the schema describes always has the same text, with that text."""
    found: dict[str, str] = {}
    for part in parts(schema, schema):
        for name, described in part.get("properties", {}).items():
            for inner in parts(schema, described):
                choices = [inner["const"]] if "const" in inner else inner.get("enum", ())
                if len(choices) == 1 and isinstance(choices[0], str):
                    found.setdefault(name, choices[0])
    for keyword in _ALTERNATIVES:  # what stands in one of several alternatives alone is no constant
        branches = schema.get(keyword)
        if isinstance(branches, list):
            outside = {key: value for key, value in schema.items() if key != keyword}
            own = constants(outside) if set(outside) - {"$schema", "definitions"} else {}
            each = [constants(_whole(schema, {}, branch)) for branch in branches]
            found = {
                name: text for name, text in found.items() if name in own or all(c.get(name) == text for c in each)
            }
    return found


def _field(told: Sequence[Mapping[str, str]]) -> str | None:
    """The field in which each of these has a text of its own; None where there is none."""
    shared = set.intersection(*(set(each) for each in told)) if told else set()
    for name in (*(name for name in _USUAL if name in shared), *sorted(shared - set(_USUAL))):
        if len({each[name] for each in told}) == len(told):
            return name
    return None


def told_apart(schemas: Mapping[Direction, Sequence[Mapping[str, Json]]]) -> str | None:
    """The field that tells apart what goes each way on one channel; None where none does.

    One message each way may have no text of its own there: it is the one that has none.
    """
    several = [[constants(schema) for schema in found] for found in schemas.values() if found]
    known = {name for found in several for each in found for name in each}
    names = (*(name for name in _USUAL if name in known), *sorted(known - set(_USUAL)))
    return next((name for name in names if all(_tells(name, found) for found in several)), None)


def _tells(name: str, found: Sequence[Mapping[str, str]]) -> bool:
    have = [each[name] for each in found if name in each]
    return len(found) - len(have) <= 1 and (len(set(have)) > 1 or len(found) == 1)


def name_place(field: str | None) -> str:
    """Where a message has its name, as a JSON pointer; empty where it has none."""
    return "" if field is None else pointer([field])


def one_of(schemas: Iterable[Mapping[str, Json]]) -> Mapping[str, Json]:
    """The schema of what fits any of these."""
    known = list(schemas)
    if len(known) == 1:
        return known[0]
    definitions = {name: part for schema in known for name, part in schema.get("definitions", {}).items()}
    bare = [{key: value for key, value in schema.items() if key not in ("$schema", "definitions")} for schema in known]
    examples = [example for schema in known for example in schema.get("examples", ())]
    return {
        "$schema": known[0]["$schema"],
        "anyOf": bare,
        **({"examples": examples} if examples else {}),
        **({"definitions": definitions} if definitions else {}),
    }
