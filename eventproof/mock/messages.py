"""Events as the messages of native WebSockets and of streams, written and read as our clients have them. Pure."""

import json
from typing import Any

from eventproof.catalog import Channel
from eventproof.client.aio import bare, enveloping, named_at, named_event
from eventproof.client.message import UNNAMED

__all__ = ["block", "read", "written"]


def written(channel: Channel, name: str, payload: Any) -> str:
    """The message of a native WebSocket that this event is."""
    said = enveloping(name, payload) if channel.name_at is None else bare(name, payload)
    return said if isinstance(said, str) else json.dumps(said)


def read(channel: Channel, message: str | bytes) -> tuple[str, Any]:
    """The event that a message of a native WebSocket is: its name and its argument."""
    return (named_event if channel.name_at is None else named_at(channel.name_at))(message)


def block(channel: Channel, name: str, payload: Any, number: int) -> str:
    """The event as a block of `text/event-stream`; its name stands in `event:` where its data does not have it."""
    has_name = channel.name_at is None and name != UNNAMED
    lines = [f"id: {number}", *([f"event: {' '.join(name.splitlines())}"] if has_name else [])]
    return "\n".join([*lines, f"data: {json.dumps(payload)}", "", ""])
