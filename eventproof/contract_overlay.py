"""What is said of an event of somebody's own contract, where that stands, and what holds where nobody says it.

For `eventproof contract show`: the table of the profile that would say all of it.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from .catalog import Event, System
from .documents.overlay import EVENT_WORDS

__all__ = ["shown", "shown_lines"]

Json = Any
_BARE: Final = re.compile("[A-Za-z0-9_-]+")
_OF_ACKS: Final = frozenset({"level", "by", "match", "retry"})
_USUAL: Final = {"by": "callback"}
_WIDTH: Final = 40


def shown(system: System, event: Event) -> Json:
    """By the keys of a profile: the value, where it is said, and what holds without it; None for a shipped contract."""
    if system.reading is None:
        return None
    said = system.reading.events.get((event.channels[0].name, event.direction, event.name), {})
    words = {key: word for key, word in EVENT_WORDS.items() if word.is_of(event.direction)}
    return {
        "table": f"[contracts.{system.name}.events.{json.dumps(event.name)}]",
        "words": {
            key: {
                "value": _value(key, said[key].value) if key in said else None,
                "where": said[key].where if key in said else None,
                "unsaid": word.unsaid,
            }
            for key, word in words.items()
        },
    }


def shown_lines(data: Json) -> list[str]:
    """What `shown` returns, as lines of a profile: what is said with where, the rest behind a # with what holds."""
    lines = [data["table"]]
    for key, word in data["words"].items():
        is_said = word["where"] is not None
        line = f"{key} = {_toml(word['value'])}" if is_said else f"# {key}"
        why = word["where"] if is_said else f"unsaid: {word['unsaid']}"
        lines.append(f"{line:<{_WIDTH}} # {why}")
    return lines


def _value(key: str, value: Json) -> Json:
    """As a profile has it: what an acknowledgement carries stands in the document alone."""
    if key != "ack" or not isinstance(value, Mapping):
        return value
    told = {name: part for name, part in value.items() if name in _OF_ACKS}
    return told["level"] if {name: part for name, part in told.items() if name != "level"} == _USUAL else told


def _toml(value: Json) -> str:
    """A value of JSON in one line of TOML."""
    if isinstance(value, Mapping):
        pairs = (f"{key if _BARE.fullmatch(key) else json.dumps(key)} = {_toml(part)}" for key, part in value.items())
        return "{ " + ", ".join(pairs) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
