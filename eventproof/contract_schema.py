"""`[contracts]` in the JSON Schema of a profile: of each contract that is there its events, its calls and their fields.

What can be said of an event is told by the table from which the reader takes it (`documents/overlay.py`).
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from .catalog import Direction, Event, System
from .catalog.fields import named
from .catalog.pointer import pointer
from .documents.overlay import EVENT_WORDS

__all__ = ["explained", "of"]

Json = dict[str, Any]
_BOTH_WAYS = frozenset({"direction"})
_POINTERS = ("order_by", "correlate")


def explained(contract: Json) -> None:
    """Say at each word of any contract's events what holds without it."""
    words: Json = contract["properties"]["events"]["additionalProperties"]["properties"]
    for key, described in words.items():
        if key in EVENT_WORDS:
            told = described.get("description")
            described["description"] = f"{f'{told} ' if told else ''}Unsaid: {EVENT_WORDS[key].unsaid}."


def of(contract: Mapping[str, Any], system: System, roles: Iterable[str]) -> Json:
    """The schema of the table of one contract; `contract` is that of any."""
    own = copy.deepcopy(dict(contract))
    own["description"] = system.title
    parts = own["properties"]
    events: dict[str, list[Event]] = {}
    for event in system.events:
        events.setdefault(event.name, []).append(event)
    of_any = parts["events"]["additionalProperties"]
    parts["events"]["properties"] = {
        name: _event(of_any, system, several, list(roles)) for name, several in events.items()
    }
    parts["events"]["additionalProperties"] = False
    of_call = parts["calls"]["additionalProperties"]
    ids = [call.id for call in system.operations if call.event is None]
    of_call["properties"]["needs"] = _words(ids)
    parts["calls"]["properties"] = {
        call.id: {**copy.deepcopy(of_call), "description": call.summary}
        for call in system.operations
        if call.event is None
    }
    parts["values"] |= {"properties": {name: {} for name in system.chosen}, "additionalProperties": False}
    return own


def _event(of_any: Mapping[str, Any], system: System, several: list[Event], roles: list[str]) -> Json:
    """The table of the events of one name: the words for whoever sends them."""
    directions = {event.direction for event in several}
    table = copy.deepcopy(dict(of_any))
    known = table["properties"] = {
        key: described
        for key, described in table["properties"].items()
        if key in _BOTH_WAYS or any(EVENT_WORDS[key].is_of(direction) for direction in directions)
    }
    table["description"] = several[0].summary
    fields = sorted({name for event in several for name in named(event.schema)})
    causes = [*(call.id for call in system.operations), *_of_clients(system)]
    for key in {"trigger", "may_trigger"} & set(known):
        known[key] = {**_words(dict.fromkeys(causes)), "description": known[key]["description"]}
    for key in _POINTERS:
        if key in known:
            known[key]["examples"] = [pointer([name]) for name in fields]
    if "people" in known and fields:
        known["people"] |= {"properties": {name: {"enum": roles} for name in fields}, "additionalProperties": False}
    return table


def _of_clients(system: System) -> list[str]:
    return [event.name for event in system.events if event.direction is Direction.RECEIVE]


def _words(known: Iterable[str]) -> Json:
    """One of these, or a list of some."""
    one = {"type": "string", "enum": list(known)}
    return {"anyOf": [one, {"type": "array", "minItems": 1, "items": one}]} if one["enum"] else {"type": "array"}
