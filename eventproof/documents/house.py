"""Anybody's AsyncAPI document, in the form of our own contracts: what it says is put in our words, and no more.

From here on it goes the way of every contract. What was understood, and what was doubtful, is told beside it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from eventproof.catalog import Direction, Wire
from eventproof.catalog.documents import Document
from eventproof.catalog.fields import named
from eventproof.catalog.placeholders import PLACEHOLDER
from eventproof.catalog.pointer import pointer
from eventproof.catalog.reading import Weight

from . import items, socketio, streams, versions
from .acks import Acks
from .described import Described, Message, Place, Use
from .library import Identity, Library, Node
from .overlay import EVENT_WORDS
from .payloads import Payloads
from .schemas import Schemas
from .told import ChannelTold, Told
from .view import View, view_of
from .wanted import Wanted
from .wires import Carried, carried

__all__ = ["House", "housed", "streamed"]

_UNFIT: Final = re.compile(r"[^A-Za-z0-9_-]+")
_OF_EVENTS: Final = {word.key for word in EVENT_WORDS.values() if word.key.startswith("x-")} - {"x-ack"}
"""What our contracts say of events, and a document may say too; acknowledgements are written in several ways."""
_TOKENS: Final = frozenset({"token", "access_token"})
_SECURE: Final = frozenset({"wss", "https"})
_OPPOSITE: Final = {Direction.SEND: Direction.RECEIVE, Direction.RECEIVE: Direction.SEND}


@dataclass(frozen=True, slots=True)
class House:
    """A document in the form of ours."""

    document: Document = field(repr=False)
    said: tuple[str, ...]
    """How it was read, in words."""
    is_secured: bool
    """Whether it says that whoever connects has to show who they are."""
    title: str
    served: str
    """The URL of the first server, without a path; empty where none is named, or one with variables in it."""
    token_in: str
    """The parameter of a connection's query in which the token is shown; empty where none is named."""


def housed(library: Library, path: Path, wanted: Wanted) -> House:
    """The document in this file; raises ContractError with the line and the remedy where it cannot be read."""
    described = versions.read(library.opened(path))
    groups = carried(described, wanted)
    view = view_of(_spoken(described, groups), wanted)
    return _housed("AsyncAPI", described, groups, view, wanted, is_secured=_is_secured(groups))


def streamed(library: Library, path: Path, wanted: Wanted) -> House:
    """The streams of the OpenAPI document in this file; raises as `housed` does."""
    described = items.read(library.opened(path))
    group = Carried(Wire.SSE, f"{items.STREAM} at {described.places[0].node.where}", described.places)
    view = View(True, "as OpenAPI has it: it describes the server")
    return _housed("OpenAPI", described, (group,), view, wanted, is_secured=items.is_secured(described))


def _housed(
    kind: str, described: Described, groups: Sequence[Carried], view: View, wanted: Wanted, *, is_secured: bool
) -> House:
    schemas = Schemas(_dialect(described.root))
    told = [each for group in groups for each in _told(described, group, view, schemas, wanted)]
    if not told:
        raise described.root.fault("no message is on any of its channels, so there is nothing to hear")
    said = [f"{kind} {described.version}, {'the server' if view.is_server else 'a client'}'s view ({view.evidence})"]
    said += [_said(group, described, wanted) for group in groups]
    document, acks = _assembled(described, told, Payloads(schemas, with_arguments=groups[0].wire is Wire.SOCKET_IO))
    said += [f"acknowledgements are {', '.join(acks)}"] if acks else []
    places = [place for group in groups for place in group.places]
    token_in = next((name for place in places for name in _token_parameters(place)), "")
    return House(document, tuple(said), is_secured, described.title, _served(places), token_in)


def _spoken(described: Described, groups: Iterable[Carried]) -> Described:
    """What of a document is on wires that are spoken here: what is left out speaks for no view."""
    places = tuple(place for group in groups for place in group.places)
    return replace(described, places=places, uses=tuple(use for use in described.uses if use.place in places))


def _dialect(root: Node) -> str:
    told = root.text("jsonSchemaDialect") or root.text("components", "schemas", "$schema")
    version = root.text("openapi")
    return " ".join([*([told] if told else []), *([f"OpenAPI {version}"] if version else [])])


def _said(group: Carried, described: Described, wanted: Wanted) -> str:
    words = f"{group.wire} ({group.evidence})"
    uses = [use for use in described.uses if use.place in group.places]
    return f"{words}: {socketio.said(socketio.dialect(uses, wanted))}" if group.wire is Wire.SOCKET_IO else words


def _is_secured(groups: Iterable[Carried]) -> bool:
    places = [place for group in groups for place in group.places]
    extended = any(place.node.get("x-security") is not None for place in places)
    asked = any(_token_parameters(place) for place in places)
    return extended or asked or any(server.is_secured for place in places for server in place.servers)


def _token_parameters(place: Place) -> list[str]:
    query = place.node.get("bindings", "ws", "query", "properties")
    named = query.value if query is not None and isinstance(query.value, Mapping) else ()
    return [name for name in named if name in _TOKENS]


def _served(places: Iterable[Place]) -> str:
    for server in (server for place in places for server in place.servers):
        host, secure = server.address.partition("/")[0], server.protocol in _SECURE
        if host and "{" not in host:
            return f"{'https' if secure else 'http'}://{host}"
    return ""


def _told(described: Described, group: Carried, view: View, schemas: Schemas, wanted: Wanted) -> list[Told]:
    payloads = Payloads(schemas, with_arguments=group.wire is Wire.SOCKET_IO)
    uses = [use for use in described.uses if use.place in group.places]
    uses += _answers(described, uses, group.wire)
    directions = {number: _direction(use, view, wanted) for number, use in enumerate(uses)}
    if group.wire is Wire.SOCKET_IO:
        return list(socketio.read(uses, directions, payloads, wanted))
    return list(streams.read(group.wire, uses, directions, payloads, wanted))


def _answers(described: Described, uses: Sequence[Use], wire: Wire) -> list[Use]:
    """What is sent as a reply alone, and is an event: a wire without callbacks has nothing else."""
    known = {(use.message.node.identity, use.way) for use in uses}
    places = {place.node.identity: place for place in described.places}
    found: dict[tuple[Identity, Direction], Use] = {}
    for use in uses:
        for reply in use.replies if use.way is not None else ():
            assert use.way is not None  # noqa: S101 - as was asked
            way = _OPPOSITE[use.way]
            channel = use.reply.get("channel") if use.reply is not None else None
            place = use.place if channel is None else places.get(channel.identity, use.place)
            if (reply.node.identity, way) not in known and _is_event(reply, use, place, wire):
                found[reply.node.identity, way] = Use(place, reply, way, use.operation, called=use.called)
    return list(found.values())


def _is_event(reply: Message, use: Use, place: Place, wire: Wire) -> bool:
    """Whether a reply is an event of its own; on Socket.IO it is the callback's unless it has a name and a channel."""
    if wire is not Wire.SOCKET_IO:
        return place.address is not None
    marked = use.reply is not None and (use.reply.get("address") is not None or use.reply.get("x-pydantic-socketio"))
    return reply.name is not None and place.address is not None and not marked


def _direction(use: Use, view: View, wanted: Wanted) -> Direction:
    names = (use.message.name, use.message.key, (use.place.address or "").strip("/"))
    for name in names:
        if name is not None and (direction := wanted.direction(name)) is not None:
            return direction
    if use.way is None:
        name = use.message.name or use.message.key
        use.message.node.remark(
            Weight.QUESTION,
            f'no operation sends or receives "{name}", so nobody can tell who does; it is taken for the server\'s',
            f'write an operation, or direction = "receive" (what clients send) under [contracts.NAME.events."{name}"]',
        )
        return Direction.SEND
    return view.direction(use.way)


def _assembled(described: Described, told: Sequence[Told], payloads: Payloads) -> tuple[Document, list[str]]:
    """The document, and the ways in which acknowledgements are written."""
    sent = {each.use.message.node.identity: each.name for each in told}
    acks = Acks(payloads, sent)
    channels: dict[str, dict[str, Any]] = {}
    operations: dict[str, dict[str, Any]] = {}
    origins: dict[str, str] = {"": described.root.where}
    ways: dict[str, None] = {}
    names = _channel_names([each.channel for each in told])
    for each in told:
        channel = names[each.channel.wire, each.channel.address]
        if channel not in channels:
            channels[channel] = _channel(each.channel)
            origins[pointer(["channels", channel])] = each.channel.where
        messages = channels[channel]["messages"]
        entry, way = acks.of(each.use, has_callbacks=each.channel.wire is Wire.SOCKET_IO)
        message = _message(each, entry)
        if message in [known for key, known in messages.items() if key.startswith(f"{each.direction}-")]:
            continue
        ways |= {way: None} if entry is not None else {}
        key = f"{each.direction}-{len(messages)}-{_UNFIT.sub('_', each.name)}"
        messages[key] = message
        place = pointer(["channels", channel, "messages", key])
        origins[place] = each.use.message.node.where
        payload = each.use.message.payload
        for word in message:
            if (node := each.use.message.node.child(word)) is not None:
                origins[f"{place}/{word}"] = node.where
        origins[f"{place}/payload"] = payload.where if payload is not None else origins[place]
        operation = operations.setdefault(
            f"{channel}-{each.direction}",
            {"action": each.direction.value, "channel": {"$ref": f"#/channels/{channel}"}, "messages": []},
        )
        operation["messages"].append({"$ref": "#" + place})
    version = described.root.get("info", "version")
    info = {"title": described.title, "version": "" if version is None else str(version.value)}
    content = {"asyncapi": described.version, "info": info, "channels": channels, "operations": operations}
    return Document(described.root.source.path, content, origins=origins), list(ways)


def _channel_names(told: Iterable[ChannelTold]) -> dict[tuple[Wire, str], str]:
    """The name of each channel, no two alike."""
    names: dict[tuple[Wire, str], str] = {}
    for channel in told:
        key, name, number = (channel.wire, channel.address), channel.name, 2
        while key not in names and name in names.values():
            name, number = f"{channel.name}-{number}", number + 1
        names.setdefault(key, name)
    return names


def _channel(channel: ChannelTold) -> dict[str, Any]:
    parameters = {name: {"description": ""} for name in PLACEHOLDER.findall(channel.address)}
    room = f"room:{channel.name}:" + ":".join(f"{{{name}}}" for name in parameters)
    return {
        "address": channel.address,
        "x-wire": channel.wire.value,
        **({"x-name-at": channel.name_at} if channel.name_at is not None else {}),
        **({"parameters": parameters, "x-room": room} if parameters else {}),
        **channel.extensions,
        "messages": {},
    }


def _message(told: Told, ack: Mapping[str, Any] | None) -> dict[str, Any]:
    node = told.use.message.node
    payload = told.payload
    said = {key: value for key, value in node.value.items() if key in _OF_EVENTS}
    if told.room is not None and told.direction is Direction.SEND and "x-audience" not in said:
        names = set(PLACEHOLDER.findall(told.room))
        said |= {"x-audience": [told.room]} if names <= named(payload.schema) else {}
    return {
        "name": told.name,
        "summary": told.use.message.summary,
        "payload": {**payload.schema, "examples": list(payload.examples)},
        **({"x-arguments": "list"} if payload.takes_list else {}),
        **({"x-untold": True} if not payload.is_known else {}),
        **({"x-ack": dict(ack)} if ack is not None else {}),
        **said,
    }
