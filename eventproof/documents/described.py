"""What an AsyncAPI document describes, whatever its version: servers, channels, messages, and who sends them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from eventproof.catalog import Direction
from eventproof.catalog.reading import Weight
from eventproof.errors import ContractError

from .library import Node

__all__ = ["ACTIONS", "Described", "Message", "Place", "Server", "Use", "merged", "message_of", "server_of"]

ACTIONS: Final[Mapping[str, Direction]] = {"send": Direction.SEND, "receive": Direction.RECEIVE}


@dataclass(frozen=True, slots=True)
class Server:
    """Where a document says that it is served."""

    name: str
    protocol: str
    """In small letters."""
    address: str
    """Its host and path."""
    path: str
    node: Node = field(repr=False)

    @property
    def is_secured(self) -> bool:
        """Whether it asks who connects."""
        security = self.node.get("security")
        return security is not None and bool(security.value)


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `name` is what the document says that it is called on the wire."""

    key: str
    name: str | None
    node: Node = field(repr=False)
    carried: Node | None = field(default=None, repr=False)
    """Its schema, where that stands elsewhere than under `payload`."""
    shown: tuple[Any, ...] = field(default=(), repr=False)
    """Payloads that are examples of one of several messages: of this one, where they fit it."""

    @property
    def payload(self) -> Node | None:
        """Its schema; None where it says nothing of what it carries."""
        if self.carried is not None:
            return self.carried
        payload = self.node.child("payload")
        if payload is not None and isinstance(payload.value, Mapping) and "schema" in payload.value:
            return payload.child("schema") if "schemaFormat" in payload.value else payload
        return payload

    @property
    def schema_format(self) -> str:
        """In what its schema is written; empty where that is not said."""
        return self.node.text("payload", "schemaFormat") or self.node.text("schemaFormat") or ""

    @property
    def examples(self) -> tuple[Any, ...]:
        """The payloads that it gives as examples, as they stand."""
        found = self.node.get("examples")
        entries = found.value if found is not None and isinstance(found.value, list) else []
        return tuple(entry["payload"] for entry in entries if isinstance(entry, Mapping) and "payload" in entry)

    @property
    def summary(self) -> str:
        """What it says, in the document's words."""
        told = (self.node.text(key) for key in ("summary", "title", "description"))
        return " ".join(next((text for text in told if text and text.strip()), self.name or self.key).split())


@dataclass(frozen=True, slots=True)
class Place:
    """One channel; `address` is None where nothing is known of it before it is used."""

    key: str
    address: str | None
    servers: tuple[Server, ...]
    node: Node = field(repr=False)
    by_event: bool = False
    """Whether the document says what stands in `event:` of a stream, and so what its messages are called."""


@dataclass(frozen=True, slots=True)
class Use:
    """One message on one channel, and who sends it as the document says; None: it does not say."""

    place: Place
    message: Message
    way: Direction | None
    operation: Node | None = field(default=None, repr=False)
    replies: tuple[Message, ...] = ()
    """What it is answered with, any of these."""
    reply: Node | None = field(default=None, repr=False)
    called: str = ""
    """What the document calls its operation; empty where it does not: `publish` of 2.x is no name."""


@dataclass(frozen=True, slots=True)
class Described:
    """A whole document."""

    root: Node = field(repr=False)
    version: str
    servers: tuple[Server, ...]
    places: tuple[Place, ...]
    uses: tuple[Use, ...]

    @property
    def title(self) -> str:
        """What it is called."""
        return self.root.text("info", "title") or self.root.source.path.stem

    @property
    def about(self) -> str:
        """What it says of itself."""
        return f"{self.title} {self.root.text('info', 'description') or ''} {self.root.text('id') or ''}"


def message_of(node: Node, key: str, *, traits_win: bool) -> Message:
    """The message that stands here, with its traits."""
    whole = merged(node, traits_win=traits_win)
    if not isinstance(whole.value, Mapping):
        raise node.fault("a message must be a table")
    name = whole.value.get("name")
    if name is not None and not isinstance(name, str):
        raise node.fault(f"the name of a message must be a text, not {name!r}")
    return Message(key, name, whole)


def server_of(name: str, node: Node, address: str, path: str) -> Server:
    """The server that stands here."""
    return Server(name, (node.text("protocol") or "").lower(), address, path, node)


def merged(node: Node, *, traits_win: bool) -> Node:
    """The node with what its traits say of it; in 2.x they override it, from 3.0 on it overrides them."""
    if not isinstance(node.value, Mapping) or "traits" not in node.value:
        return node
    traits = [trait.followed() for trait in node.each("traits")]
    for trait in traits:
        if not isinstance(trait.value, Mapping):
            raise trait.fault("a trait must be a table")
        if trait.source is not node.source and "$ref" in str(trait.value):
            trait.remark(
                Weight.WARNING, "a trait in another file refers on; it is read as if it stood in the first one"
            )
    own = {key: value for key, value in node.value.items() if key != "traits"}
    values: dict[str, Any] = {}
    for part in [own, *(trait.value for trait in traits)] if traits_win else [*(t.value for t in traits), own]:
        values = _patched(values, part)
    return Node(node.library, node.source, node.place, values)


def _patched(value: Any, patch: Any) -> Any:
    """JSON Merge Patch (RFC 7386)."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(value) if isinstance(value, Mapping) else {}
    for key, part in patch.items():
        if part is None:
            result.pop(key, None)
        else:
            result[key] = _patched(result.get(key), part)
    return result


def must_be_asyncapi(root: Node) -> str:
    """The version that a document says; raises ContractError where it is none of AsyncAPI."""
    if not isinstance(root.value, Mapping):
        raise ContractError(
            f"{root.source.path}: this is no AsyncAPI document: it must hold a table, with asyncapi: 3.0.0"
        )
    version = root.value.get("asyncapi")
    if version is None:
        others = {"openapi": "OpenAPI", "swagger": "OpenAPI", "$schema": "JSON Schema", "arazzo": "Arazzo"}
        other = next((f": it is one of {name}" for key, name in others.items() if key in root.value), "")
        raise ContractError(
            f"{root.source.path}: this is no AsyncAPI document{other}: at its top stands no asyncapi, such as "
            "asyncapi: 3.0.0"
        )
    return str(version)
