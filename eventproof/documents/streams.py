"""Native WebSocket and Server-Sent Events, as documents have them: where, and how their events are told apart."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from eventproof.catalog import Direction, Wire
from eventproof.catalog.placeholders import PLACEHOLDER
from eventproof.catalog.reading import Weight

from .described import Place, Use
from .naming import UNNAMED, constants, name_place, one_of, split, told_apart
from .payloads import Payload, Payloads
from .told import ChannelTold, Told
from .wanted import Wanted

__all__ = ["read"]

_UNFIT: Final = re.compile(r"[^A-Za-z0-9_-]+")
_NO_WORD: Final = re.compile(r"\{([^{}]*)\}")
_TOPIC: Final = frozenset({"mercure"})
_OURS: Final = frozenset(
    {
        "x-name-at",
        "x-envelope",
        "x-greeting",
        "x-roles",
        "x-room",
        "x-heartbeat",
        "x-auth",
        "x-opening",
        "x-refused-with",
        "x-limits",
    }
)


def read(
    wire: Wire, uses: Sequence[Use], directions: Mapping[int, Direction], payloads: Payloads, wanted: Wanted
) -> Iterator[Told]:
    """Each event; `directions` are those of the uses, by their number."""
    by_address: dict[str, list[int]] = {}
    for number, use in enumerate(uses):
        if use.place.address is not None:
            by_address.setdefault(_address(wire, use.place), []).append(number)
    for address, numbers in by_address.items():
        yield from _channel(wire, address, [(uses[number], directions[number]) for number in numbers], payloads, wanted)


def _address(wire: Wire, place: Place) -> str:
    """The path of a channel: behind that of its server. A topic has none of its own: many go over one connection."""
    address = _NO_WORD.sub(lambda found: "{" + re.sub(r"\W", "_", found[1]) + "}", place.address or "")
    server = next(iter(place.servers), None)
    path = (server.path if server else "").rstrip("/")
    if server is not None and server.protocol in _TOPIC:
        return f"{path}?topic={_quoted(address)}"
    if address.startswith("/"):
        return (path + address).rstrip("/") or "/"
    if wire is Wire.SSE:
        return f"{path}/{address}"
    place.node.remark(Weight.NOTE, f"its address is no path, so it is a topic; the connection is made at {path or '/'}")
    return path or "/"


def _quoted(address: str) -> str:
    """A text as the value of a query, with its placeholders as they are."""
    parts = PLACEHOLDER.split(address)
    return "".join("{" + part + "}" if number % 2 else quote(part, safe="") for number, part in enumerate(parts))


def _channel(
    wire: Wire, address: str, uses: list[tuple[Use, Direction]], payloads: Payloads, wanted: Wanted
) -> Iterator[Told]:
    place = uses[0][0].place
    keys = {use.place.key for use, _ in uses}
    name = _UNFIT.sub("_", place.key if len(keys) == 1 else address).strip("_") or "root"
    value: Mapping[str, Any] = place.node.value
    extensions = {key: part for key, part in value.items() if key in _OURS}
    if "x-wire" in value:  # written as our own contracts are
        channel = ChannelTold(name, wire, address, place.node.where, value.get("x-name-at"), extensions)
        for use, direction in uses:
            yield Told(channel, use.message.name or use.message.key, direction, payloads.of_message(use.message), use)
        return
    if place.by_event:
        found = [(use, direction, payloads.of_message(use.message)) for use, direction in uses]
    else:
        found = list(_alternatives(uses, payloads))
    if any(example not in _examples(found) for use, _ in uses for example in use.message.shown):
        place.node.remark(Weight.WARNING, "an example of what is on it fits none of its events, and is left out")
    place_of_name = None if place.by_event else _place(wire, found)
    if wanted.name_at is not None:
        place_of_name = wanted.name_at
    channel = ChannelTold(name, wire, address, place.node.where, place_of_name, extensions)
    grouped: dict[tuple[str, Direction], list[tuple[Use, Payload]]] = {}
    for use, direction, payload in found:
        called = _called(use, payload, place_of_name, len(found))
        grouped.setdefault((called, direction), []).append((use, payload))
    for (called, direction), several in grouped.items():
        use = several[0][0]
        if len(several) > 1:
            use.message.node.remark(
                Weight.WARNING,
                f"{len(several)} messages cannot be told apart on {address}: they are read as one event, `{called}`, "
                "that is any of them",
                "give each a field with a const of its own",
            )
        yield Told(channel, called, direction, _joined([payload for _, payload in several]), use)


def _examples(found: Iterable[tuple[Use, Direction, Payload]]) -> list[Any]:
    return [example for _, _, payload in found for example in payload.examples]


def _alternatives(
    uses: Iterable[tuple[Use, Direction]], payloads: Payloads
) -> Iterator[tuple[Use, Direction, Payload]]:
    """What each message is, or each of its alternatives where something tells these apart."""
    for use, direction in uses:
        payload = payloads.of_message(use.message)
        for schema in split(payload.schema):
            if schema is payload.schema:
                yield use, direction, payload
            else:
                alone = Payload(schema)
                yield use, direction, replace(alone, examples=tuple(filter(alone.takes, payload.examples)))


def _place(wire: Wire, found: Sequence[tuple[Use, Direction, Payload]]) -> str | None:
    schemas: dict[Direction, list[Mapping[str, Any]]] = {}
    for _, direction, payload in found:
        schemas.setdefault(direction, []).append(payload.schema)
    field = told_apart(schemas)
    if field is None and wire is Wire.SSE:
        return None
    return name_place(field)


def _called(use: Use, payload: Payload, place: str | None, messages: int) -> str:
    if place:
        return constants(payload.schema).get(place.removeprefix("/").replace("~1", "/").replace("~0", "~"), UNNAMED)
    if place is None and not any(server.protocol in _TOPIC for server in use.place.servers):
        return use.message.name or (use.message.key if messages > 1 else UNNAMED)
    return UNNAMED


def _joined(several: Sequence[Payload]) -> Payload:
    if len(several) == 1:
        return several[0]
    examples = tuple(example for payload in several for example in payload.examples)
    is_known = all(payload.is_known for payload in several)
    return Payload(one_of([payload.schema for payload in several]), False, examples, is_known)
