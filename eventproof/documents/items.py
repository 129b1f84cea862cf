"""The streams of an OpenAPI document: what answers a GET with `text/event-stream`, and the events that are on it.

OpenAPI 3.2 describes an event by `itemSchema`, as an object of its fields: `event` and `data`, `id` and `retry`. What
is in the data is said by its `contentSchema`, or by the schema of `data` itself. Many describe the data at once, and
many do so by `schema`, as there was nothing else before: both are read as they are meant, and a remark says so.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from eventproof.catalog import Direction
from eventproof.catalog.reading import Weight

from .described import Described, Message, Place, Use
from .library import Library, Node
from .naming import UNNAMED
from .shown import FIELDS, Shown, shown

__all__ = ["STREAM", "has_streams", "is_secured", "must_be_openapi", "paths", "read"]

Json = Any
STREAM: Final = "text/event-stream"
_OTHERS: Final = ("post", "put", "patch", "delete", "query")
_JSON: Final = re.compile(r"application/([\w.-]+\+)?json\b")
_TOLD: Final = ("title", "summary", "description")
_DEEPEST: Final = 16
_MOST: Final = 1_000
"""Kinds of events on one stream."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """One alternative of what comes on a stream: the schemas of its fields, the more general ones first."""

    node: Node
    fields: Mapping[str, tuple[Node, ...]] = field(default_factory=dict)

    def and_(self, other: "_Kind") -> "_Kind":
        """What is both; what the other says is more particular."""
        names = dict.fromkeys([*self.fields, *other.fields])
        return _Kind(
            replace(other.node, value={**_words(self.node), **_table(other.node)}),
            {name: (*self.fields.get(name, ()), *other.fields.get(name, ())) for name in names},
        )

    @property
    def names(self) -> tuple[str, ...]:
        """What `event:` may say of it; nothing where it may say anything."""
        for node in reversed(self.fields.get("event", ())):
            value = _table(node.followed())
            told = [value["const"]] if "const" in value else value.get("enum", ())
            if isinstance(told, list) and told and all(isinstance(name, str) for name in told):
                return tuple(told)
        return ()

    @property
    def data(self) -> Node | None:
        """The schema of what `data:` carries; None where nothing is said of it, or that it is a plain text."""
        told = self.fields.get("data", ())
        if not told:
            return None
        data = told[-1]
        if len(told) > 1:
            whole = {key: part for node in told for key, part in _table(node.followed()).items()}
            is_together = all(node.followed().source is data.followed().source for node in told)
            data = replace(data.followed(), value=whole) if is_together else data
        value = _table(data.followed())
        if not _JSON.match(str(value.get("contentMediaType", "application/json"))):
            return None
        if "contentSchema" in value:
            return data.followed().child("contentSchema")
        return None if value.get("type") == "string" and not {"const", "enum"} & set(value) else data


def has_streams(path: Path) -> bool:
    """Whether the document in this file is one of OpenAPI that has any; raises where it cannot be read."""
    root = Library().opened(path)
    return isinstance(root.value, Mapping) and "openapi" in root.value and bool(paths(root))


def paths(root: Node) -> tuple[str, ...]:
    """The paths of its streams: whoever asks there is not answered once, so that is no call."""
    return tuple(path for path, _, _ in _streams(root))


def read(root: Node) -> Described:
    """The streams of an OpenAPI document, as an AsyncAPI document would describe them.

    Raises ContractError where it has none.
    """
    must_be_openapi(root)
    places: list[Place] = []
    uses: list[Use] = []
    for path, operation, media in _streams(root):
        messages, by_event = _messages(media, operation)
        place = Place(operation.text("operationId") or path, _address(path, operation), (), operation, by_event)
        places.append(place)
        uses += [Use(place, message, Direction.SEND, operation) for message in messages]
    for path, method, operation in _operations(root, _OTHERS):
        if next(_media(operation), None) is not None:
            operation.remark(
                Weight.WARNING,
                f"{method.upper()} {path} answers with a stream, which is listened to only where GET opens it",
            )
    if not uses:
        raise root.fault(
            f"no GET in it is answered with {STREAM}, so there is nothing to hear: name the AsyncAPI document of the "
            "events too, asyncapi = …"
        )
    return Described(root, root.text("openapi") or "", (), tuple(places), tuple(uses))


def is_secured(described: Described) -> bool:
    """Whether one of its streams asks who opens it."""
    asked = (place.node.get("security") or described.root.get("security") for place in described.places)
    return any(node is not None and bool(node.value) for node in asked)


def must_be_openapi(root: Node) -> None:
    """Raise ContractError where this is no OpenAPI document of version 3, or has no calls in it."""
    if not isinstance(root.value, Mapping) or not str(root.value.get("openapi", "")).startswith("3"):
        raise root.fault("this is no OpenAPI document of version 3: at its top stands no openapi: 3.x")
    if not isinstance(root.value.get("paths"), Mapping):
        raise (root.child("paths") or root).fault("it has no paths, so there are no calls in it")


def _operations(root: Node, methods: tuple[str, ...]) -> Iterator[tuple[str, str, Node]]:
    for path, item in root.table("paths"):
        for method in methods:
            if (operation := item.child(method)) is not None and isinstance(operation.value, Mapping):
                yield path, method, operation


def _streams(root: Node) -> Iterator[tuple[str, Node, Node]]:
    """Each with its path, its operation and what the media type says."""
    for path, _, operation in _operations(root, ("get",)):
        if (media := next(_media(operation), None)) is not None:
            yield path, operation, media


def _media(operation: Node) -> Iterator[Node]:
    for status, response in operation.table("responses"):
        if status.startswith("2"):
            for name, media in response.table("content"):
                if name.partition(";")[0].strip().lower() == STREAM:
                    yield media


def _address(path: str, operation: Node) -> str:
    """The path, with what its query must have."""
    needed = [
        name
        for entry in operation.each("parameters")
        if (name := entry.text("name")) and entry.text("in") == "query" and _is_required(entry)
    ]
    return path + "".join(f"{'&' if number else '?'}{name}={{{name}}}" for number, name in enumerate(needed))


def _is_required(parameter: Node) -> bool:
    return _table(parameter.followed()).get("required") is True


def _messages(media: Node, operation: Node) -> tuple[list[Message], bool]:
    """What is on a stream, and whether `event:` names it."""
    item = _item(media)
    if item is None:
        return [_message(operation, UNNAMED, None, operation)], False
    kinds = _kinds(item)
    known = {name for kind in kinds for name in kind.fields}
    if not known & {"event", "data"} or not known <= FIELDS:
        if not known:
            return [_message(item, UNNAMED, None, operation)], False
        item.remark(
            Weight.WARNING,
            f"an event of a stream has {', '.join(sorted(FIELDS))}; this is read as the schema of what is in its data",
            "write properties: {data: {contentMediaType: application/json, contentSchema: …}}",
        )
        examples = tuple(event.read for event in shown(media, item, by_fields=False))
        return [_message(item, UNNAMED, item, operation, examples)], False
    by_event = any(kind.names for kind in kinds)
    named = [(kind, name) for kind in kinds for name in kind.names or (UNNAMED,)]
    events = shown(media, item, by_fields=True)
    if by_event and (strange := {event.event or UNNAMED for event in events} - {name for _, name in named}):
        media.remark(
            Weight.WARNING, f'an example is called "{min(strange)}", which is no event of the stream; it is left out'
        )
    return [
        _message(kind.node, name, kind.data, operation, _examples(kind, name, events, by_event=by_event))
        for kind, name in named
    ], by_event


def _examples(kind: _Kind, name: str, events: Iterable[Shown], *, by_event: bool) -> tuple[Json, ...]:
    """What the data of those events is that are of this name, where names tell events apart."""
    meant = [event for event in events if not by_event or (event.event or UNNAMED) == name]
    return tuple(event.data if kind.data is None else event.read for event in meant)


def _item(media: Node) -> Node | None:
    """The schema of one event."""
    if (item := media.child("itemSchema")) is not None:
        return item
    whole = media.child("schema")
    value = {} if whole is None else _table(whole.followed())
    if whole is None or value.get("type") == "string":
        media.remark(
            Weight.WARNING, f"nothing says what is on this {STREAM}", "write itemSchema: with the schema of an event"
        )
        return None
    if value.get("type") == "array" and "items" in value:
        return whole.followed().child("items")
    whole.remark(
        Weight.WARNING,
        "schema describes the stream as a whole; it is read as the schema of one event",
        "write itemSchema: in its place",
    )
    return whole


def _kinds(node: Node, depth: int = 0) -> list[_Kind]:
    """The alternatives of a schema, each with its fields."""
    node = node.followed()
    if depth > _DEEPEST:
        raise node.fault(f"this schema is nested more than {_DEEPEST} deep")
    found = [_Kind(node, {name: (part,) for name, part in _properties(node)})]
    for keyword in ("allOf", "oneOf", "anyOf"):
        several = [_kinds(branch, depth + 1) for branch in node.each(keyword)]
        others = several if keyword == "allOf" else [[kind for kinds in several for kind in kinds]] if several else []
        for kinds in others:
            found = [general.and_(kind) for general in found for kind in kinds]
            if len(found) > _MOST:
                raise node.fault(f"it describes more than {_MOST:,} kinds of events")
    return found


def _properties(node: Node) -> Iterator[tuple[str, Node]]:
    properties = node.child("properties")
    for name in _table(properties) if properties is not None else ():
        assert properties is not None  # noqa: S101 - as was asked
        if (part := properties.child(name)) is not None:
            yield name, part


def _message(node: Node, name: str, data: Node | None, operation: Node, examples: tuple[Json, ...] = ()) -> Message:
    """One event; what has no words of its own has those of whoever asks for the stream."""
    holders = (operation, node) if name == UNNAMED else (node,)
    value = {key: part for holder in holders for key, part in _table(holder).items() if key in _TOLD}
    return Message(name, name, replace(node, value={**value, **_words(node)}), data, examples)


def _words(node: Node) -> dict[str, Json]:
    """What a schema says in words of ours."""
    return {key: part for key, part in _table(node).items() if key.startswith("x-")}


def _table(node: Node) -> Mapping[str, Json]:
    return node.value if isinstance(node.value, Mapping) else {}
