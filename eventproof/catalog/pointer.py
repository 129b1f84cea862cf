"""JSON pointers (RFC 6901): where a value stands in a document."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

__all__ = ["at", "pointer", "reached"]

_OBJECTS = (dict, Mapping)
"""Every payload of a swarm is looked into, and is a plain one: to ask an abstract type takes three times as long."""


def pointer(parts: Iterable[Any]) -> str:
    """The pointer to the place that these keys and indices lead to."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def reached(document: Any, place: str) -> Any:
    """What stands at a place of a document; KeyError where that is nothing."""
    value = document
    for key in _keys(place):
        if isinstance(value, _OBJECTS) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            raise KeyError(place)
    return value


@lru_cache(maxsize=4096)
def _keys(place: str) -> tuple[str, ...]:
    """The keys and indices that lead there, as they are in a document."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in place.split("/")[1:])


def at(document: Any, place: str) -> Any:
    """What stands at a place of a document; None where that is nothing."""
    try:
        return reached(document, place)
    except KeyError:
        return None
