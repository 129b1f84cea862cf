"""Which edition of a contract it is: its version, and a digest of all that it says, which nobody has to raise."""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from typing import Any

import orjson

from .model import System

__all__ = ["edition"]

_LENGTH = 12


@cache
def edition(system: System) -> tuple[str, str]:
    """The version that the document of the events gives, and a digest of events, calls and requirements."""
    said = (
        system.asyncapi,
        system.openapi,
        [(event.name, event.direction, event.schema) for event in system.events],
        [(line.id, line.level, line.sentence) for line in system.requirements],
    )
    plain = orjson.dumps(said, default=_plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return str(system.asyncapi.get("info", {}).get("version", "")), sha256(plain).hexdigest()[:_LENGTH]


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)
