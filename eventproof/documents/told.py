"""One event as a document has it, read: where it goes, who sends it, what it carries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eventproof.catalog import Direction, Wire

from .described import Use
from .payloads import Payload

__all__ = ["ChannelTold", "Told"]


@dataclass(frozen=True, slots=True)
class ChannelTold:
    """One channel, read; `extensions` are those of our contracts that stand at it."""

    name: str
    wire: Wire
    address: str
    where: str
    name_at: str | None = None
    extensions: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """One event on one channel."""

    channel: ChannelTold
    name: str
    direction: Direction
    payload: Payload
    use: Use = field(repr=False)
    room: str | None = None
    """The room that its channel is, where a channel is one."""
