"""The examples of a stream: those of its media type, and those of the schema of its events.

OpenAPI 3.2 has them as a list of events (`dataValue`, `value`), each an object of its fields, or as what is on the
wire (`serializedValue`); many write a single event, or what is on the wire as `value`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from eventproof.wire.sse import Decoder, ServerSentEvent

from .library import Node

__all__ = ["FIELDS", "Shown", "shown"]

Json = Any
FIELDS: Final = frozenset({"event", "data", "id", "retry"})
"""What an event of a stream has, as the HTML standard says."""
_VALUES: Final = ("dataValue", "value", "serializedValue")


@dataclass(frozen=True, slots=True)
class Shown:
    """One event of an example; `event` is empty where it has no name, `data` is as it stands there."""

    event: str
    data: Json

    @property
    def read(self) -> Json:
        """Its data, which stands there as a text of JSON or as what that text says."""
        if isinstance(self.data, str):
            try:
                return json.loads(self.data)
            except ValueError:
                return self.data
        return self.data


def shown(media: Node, item: Node, *, by_fields: bool) -> tuple[Shown, ...]:
    """All events of the examples: by their fields, or, where the schema is that of the data, as the data itself."""
    holders = (media, item.followed()) if by_fields else (media,)  # the schema of the data has examples as any other
    values = [value for holder in holders for value in _values(holder)]
    return tuple(event for value in values for event in _events(value, by_fields=by_fields))


def _values(holder: Node) -> Iterator[Json]:
    if (one := holder.get("example")) is not None:
        yield one.value
    several = holder.get("examples")
    if several is not None and isinstance(several.value, list):
        yield from several.value
    elif several is not None:
        for _, example in holder.table("examples"):
            yield from (found.value for key in _VALUES if (found := example.child(key)) is not None)


def _events(value: Json, *, by_fields: bool) -> Iterator[Shown]:
    if isinstance(value, str):
        heard = Decoder().feed(value.rstrip("\n").encode() + b"\n\n")
        yield from (Shown(each.event, each.data) for each in heard if isinstance(each, ServerSentEvent))
        return
    for event in value if isinstance(value, list) else [value]:
        is_object = isinstance(event, Mapping)
        if is_object and "data" in event and (by_fields or FIELDS.issuperset(event)):
            yield Shown(str(event.get("event", "")), event["data"])
        elif not by_fields:
            yield Shown("", event)
