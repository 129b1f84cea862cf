"""The ways in which Socket.IO is written: a channel is a namespace, an event, or a room.

There is no binding for it, so each generator has its own. Which one it is shows by the addresses and the names.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from eventproof.catalog import Direction, Wire
from eventproof.catalog.placeholders import PLACEHOLDER
from eventproof.catalog.reading import Weight

from .described import Place, Use
from .payloads import Payloads
from .told import ChannelTold, Told
from .wanted import Wanted

__all__ = ["dialect", "read"]

_SAID: Final[Mapping[str, str]] = {
    "namespace": "a channel is a namespace, events are messages",
    "event": "a channel is an event",
    "room": "a channel is a room, events are messages",
}
_UNFIT: Final = re.compile(r"[^A-Za-z0-9_-]+")


def dialect(uses: Sequence[Use], wanted: Wanted) -> str:
    """What a channel is: `namespace`, `event` or `room`."""
    if wanted.channels is not None:
        return wanted.channels
    places = {use.place.key: use.place for use in uses if use.place.address is not None}
    if any("{" in (place.address or "") for place in places.values()):
        return "room"
    counted: dict[tuple[str, Direction | None], set[str]] = {}
    for use in uses:
        counted.setdefault((use.place.address or "", use.way), set()).add(use.message.name or use.message.key)
    if any(len(names) > 1 for names in counted.values()):
        return "namespace"
    is_path = all((place.address or "/").startswith("/") for place in places.values())
    has_names = all(use.message.name for use in uses)
    return "namespace" if is_path and (has_names or len(places) == 1) else "event"


def read(
    uses: Sequence[Use], directions: Mapping[int, Direction], payloads: Payloads, wanted: Wanted
) -> Iterator[Told]:
    """Each event; `directions` are those of the uses, by their number."""
    kind = dialect(uses, wanted)
    channels: dict[str, ChannelTold] = {}
    for number, use in enumerate(uses):
        address = use.place.address
        if address is None:
            continue
        namespace = _namespace(address) if kind == "namespace" else _namespace(wanted.namespace or "/")
        if namespace not in channels:
            channels[namespace] = _channel(namespace, use.place, uses if kind == "namespace" else ())
        yield Told(
            channels[namespace],
            _name(use, kind),
            directions[number],
            payloads.of_message(use.message),
            use,
            _room(address) if kind == "room" else None,
        )


def said(kind: str) -> str:
    """How such a document is read, in words."""
    return _SAID[kind]


def _namespace(address: str) -> str:
    return "/" + address.strip("/")


def _channel(namespace: str, place: Place, uses: Iterable[Use]) -> ChannelTold:
    places = [use.place for use in uses if _namespace(use.place.address or "/") == namespace] or [place]
    is_alone = len({each.key for each in places}) == 1 and not place.key.startswith("/")
    name = _UNFIT.sub("_", place.key if is_alone else namespace).strip("_") or "root"
    value = place.node.value
    extensions = {key: part for key, part in value.items() if key.startswith("x-") and key in _OURS}
    return ChannelTold(name, Wire.SOCKET_IO, namespace, place.node.where, None, extensions)


_OURS: Final = frozenset(
    {"x-auth", "x-envelope", "x-refused-with", "x-greeting", "x-roles", "x-opening", "x-heartbeat", "x-limits"}
)


def _name(use: Use, kind: str) -> str:
    if kind == "event":
        return (use.place.address or use.place.key).strip("/")
    if use.message.name is None:
        use.message.node.remark(
            Weight.WARNING,
            "the message has no name; its event is called as the document calls the message",
            "write name: with the event's name as on the wire",
        )
    return use.message.name or use.message.key


def _room(address: str) -> str | None:
    """The room of a channel, as our contracts name it: `room:rooms:{roomId}`; None where every name in it is fixed."""
    steps = [step for step in address.split("/") if step]
    fitting = [step if PLACEHOLDER.fullmatch(step) else _UNFIT.sub("_", step) for step in steps]
    return "room:" + ":".join(fitting) if any(map(PLACEHOLDER.fullmatch, steps)) else None
