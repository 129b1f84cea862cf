"""AsyncAPI documents of every version, read into one form.

In 2.x a channel says what clients may `publish` and `subscribe` to; from 3.0 on operations say what the application
sends and receives. Both are the view of the application that the document describes.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from eventproof.catalog import Direction

from .described import ACTIONS, Described, Message, Place, Server, Use, merged, message_of, must_be_asyncapi, server_of
from .library import Identity, Node

__all__ = ["read"]

_PUBLISHED: Final[Mapping[str, Direction]] = {"publish": Direction.RECEIVE, "subscribe": Direction.SEND}
_VERSION: Final = re.compile(r"([0-9]+)\.([0-9]+)(\.[0-9]+)?(-.*)?")


def read(root: Node) -> Described:
    """What the document describes. Raises ContractError where it is none, or one that is not known."""
    version = must_be_asyncapi(root)
    found = _VERSION.fullmatch(version)
    reader = _READERS.get(int(found[1])) if found else None
    if reader is None:
        raise (root.child("asyncapi") or root).fault(f"asyncapi: {version} is not known; 2.x and 3.x are")
    if root.get("channels") is None:
        raise root.fault("there are no channels in it, so there is nothing to hear")
    return reader(root, version)


def _third(root: Node, version: str) -> Described:
    servers = tuple(
        server_of(name, node, f"{node.text('host') or ''}{node.text('pathname') or ''}", node.text("pathname") or "")
        for name, node in root.table("servers")
    )
    places = {node.identity: _place(name, node, servers) for name, node in root.table("channels")}
    operations = [merged(node, traits_win=False) for _, node in root.table("operations")]
    uses = [use for operation in operations for use in _uses(operation, places)]
    told = {use.message.node.identity for use in uses}
    told |= {reply.node.identity for use in uses for reply in use.replies}
    silent = [
        Use(place, message, None)
        for place in places.values()
        for message in _messages_of(place.node)
        if message.node.identity not in told
    ]
    return Described(root, version, servers, tuple(places.values()), (*uses, *silent))


def _place(name: str, node: Node, servers: tuple[Server, ...]) -> Place:
    address = node.value.get("address", name) if isinstance(node.value, Mapping) else None
    if not isinstance(node.value, Mapping) or not isinstance(address, str | None):
        raise node.fault("a channel must be a table, and its address a text")
    named = {each.followed().identity for each in node.each("servers")}
    return Place(name, address, tuple(s for s in servers if not named or s.node.identity in named), node)


def _messages_of(channel: Node) -> Iterator[Message]:
    holder = channel.child("messages")
    if holder is None:
        return
    for key in holder.value if isinstance(holder.value, Mapping) else ():
        child = holder.child(key)
        if child is not None:
            yield message_of(child.followed(), key, traits_win=False)


def _uses(operation: Node, places: Mapping[Identity, Place]) -> Iterator[Use]:
    action = operation.text("action") or "nothing"
    if action not in ACTIONS:
        raise operation.fault(f'its action must be send or receive, not "{action}"')
    channel = operation.get("channel")
    if channel is None or channel.identity not in places:
        raise operation.fault("it names no channel of this document: channel: {$ref: '#/channels/…'}")
    place = places[channel.identity]
    reply = operation.get("reply")
    replies = () if reply is None else tuple(_listed(reply, reply.get("channel")))
    for message in _listed(operation, channel):
        yield Use(place, message, ACTIONS[action], operation, replies, reply, operation.key)


def _listed(holder: Node, channel: Node | None) -> Iterator[Message]:
    """The messages that an operation or a reply lists; all of its channel where it lists none."""
    if holder.child("messages") is None:
        yield from () if channel is None else _messages_of(channel)
        return
    for entry in holder.each("messages"):
        followed = entry.followed()
        yield message_of(followed, entry.referred or followed.key, traits_win=False)


def _second(root: Node, version: str) -> Described:
    servers = tuple(_server(name, node) for name, node in root.table("servers"))
    places, uses = [], []
    for name, node in root.table("channels"):
        named = node.value.get("servers") or () if isinstance(node.value, Mapping) else ()
        place = Place(name, name, tuple(s for s in servers if not named or s.name in named), node)
        places.append(place)
        for verb, way in _PUBLISHED.items():
            if (operation := node.get(verb)) is not None:
                whole = merged(operation, traits_win=True)
                called = whole.text("operationId") or ""
                uses += [Use(place, message, way, whole, called=called) for message in _alternatives(whole, name)]
    return Described(root, version, servers, tuple(places), tuple(uses))


def _server(name: str, node: Node) -> Server:
    url = node.text("url") or ""
    try:
        parts = urlsplit(url if "://" in url else f"//{url}")
    except ValueError as error:
        raise node.fault(f"its url cannot be read: {error}") from None
    return server_of(name, node, f"{parts.netloc}{parts.path}", parts.path)


def _alternatives(operation: Node, channel: str) -> Iterator[Message]:
    """The message of an operation of this channel, or each of several."""
    message = operation.child("message")
    if message is None:
        return
    key = _key(message, operation, channel)
    followed = message.followed()
    if isinstance(followed.value, Mapping) and "oneOf" in followed.value:
        for entry in followed.each("oneOf"):
            yield message_of(entry.followed(), _key(entry, operation, channel), traits_win=True)
        return
    yield message_of(followed, key, traits_win=True)


def _key(entry: Node, operation: Node, channel: str) -> str:
    """What the document calls a message: by what refers to it, by its id, by the operation, by the channel."""
    return entry.referred or entry.text("messageId") or operation.text("operationId") or channel


_READERS: Final[Mapping[int, Callable[[Node, str], Described]]] = {2: _second, 3: _third}
