"""How the acknowledgement of an event is written: `x-ack` (a schema, its `args`, or ours), a `reply`, another event."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from eventproof.catalog.reading import Weight

from .described import Message, Use
from .library import Identity, Node
from .payloads import Payload, Payloads

__all__ = ["Acks"]

Json = Any
_OURS: Final = frozenset({"level", "by", "match", "retry"})
_CALLBACK: Final = "callback"
_POINTER: Final = "$message.payload#"


@dataclass(frozen=True, slots=True)
class Acks:
    """Those of one document; `sent` are the messages that are events of their own."""

    payloads: Payloads
    sent: Mapping[Identity, str]
    """The name on the wire of each message that an operation sends or receives."""

    def of(self, use: Use, *, has_callbacks: bool) -> tuple[dict[str, Json] | None, str]:
        """The `x-ack` of our contracts for what is used here, and how it was written; None where nothing is said.

        `has_callbacks` says whether the wire itself acknowledges.
        """
        node = use.message.node.child("x-ack")
        if node is None:
            return self._reply(use, has_callbacks) if use.replies else (None, "")
        entry, way = self._extension(node.followed())
        if entry is not None and entry.get("by") == _CALLBACK and not has_callbacks:
            node.remark(
                Weight.WARNING, "its wire has no callbacks: nothing is judged of them", "write x-ack: {by: the event}"
            )
            return None, ""
        return entry, way

    def _extension(self, node: Node) -> tuple[dict[str, Json] | None, str]:
        value = node.value
        if value == "none" or value is False:
            return None, ""
        if value is True:
            return _by_callback(None), "x-ack"
        if isinstance(value, Mapping) and _OURS & set(value) and "properties" not in value:
            return {"level": "required", "by": _CALLBACK, **value}, "x-ack, as eventproof has it"
        arguments = node.child("args") if isinstance(value, Mapping) and "type" not in value else None
        if arguments is not None:
            return _by_callback(self.payloads.of(arguments)), "x-ack with its args"
        return _by_callback(self.payloads.of(node)), "x-ack with its schema"

    def _reply(self, use: Use, has_callbacks: bool) -> tuple[dict[str, Json] | None, str]:
        events = [name for reply in use.replies if (name := self._event(reply)) is not None]
        if not events and has_callbacks:
            payloads = [self.payloads.of_message(reply) for reply in use.replies]
            return _by_callback(payloads[0] if len(payloads) == 1 else None), "reply"
        if not events:
            return None, ""
        if len(events) > 1 and use.reply is not None:
            use.reply.remark(
                Weight.NOTE, f"any of {', '.join(events)} may answer; {events[0]} is taken for the acknowledgement"
            )
        entry: dict[str, Json] = {"level": "required", "by": events[0]}
        place = use.message.node.text("correlationId", "location") or ""
        if place.startswith(_POINTER + "/") and "/" not in place.removeprefix(_POINTER + "/"):
            pointer = place.removeprefix(_POINTER)
            entry["match"] = {pointer.removeprefix("/"): pointer}
        return entry, "a reply, which is an event"

    def _event(self, reply: Message) -> str | None:
        """The name of a reply that is an event of its own."""
        return self.sent.get(reply.node.identity)


def _by_callback(payload: Payload | None) -> dict[str, Json]:
    entry: dict[str, Json] = {"level": "required", "by": _CALLBACK}
    if payload is not None and payload.is_known:
        entry["schema"] = payload.schema
        entry |= {"arguments": "list"} if payload.takes_list else {}
    return entry
