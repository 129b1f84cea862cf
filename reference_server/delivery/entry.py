"""An entry of the journal: a message as it was committed, whom it is for, and what acknowledges it. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from eventproof.catalog import Event

from .emission import Emission
from .rooms import user_in

NONE, OWED, ACKED, EXPIRED = "none", "owed", "acked", "expired"
"""What has become of its acknowledgement; none is waited for, or one is."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A message in its place, or on its way without one."""

    seq: int
    """Its place; 0 where it has none, since it is not kept."""
    system: str
    """Whose event it is."""
    name: str
    room: str
    """Whom it is for."""
    text: str
    """Its payload in JSON."""
    created_at: float
    """Seconds of Unix time."""
    order_key: str | None = None
    ack_by: str | None = None
    """The name of the event that acknowledges it."""
    ack_key: str | None = None
    """What that event must name."""
    ack: str = NONE
    also: tuple[str, ...] = ()
    """Further rooms that it is for; nothing keeps them, as it has no place then."""

    @property
    def user_id(self) -> str | None:
        """The user whom alone it is for; None where it is for others."""
        return None if self.also else user_in(self.room)

    def emission(self) -> Emission:
        """What is sent of it."""
        return Emission.written(self.name, self.text, self.seq or None)


def ack_key(event: Event, acknowledgement: Mapping[str, Any]) -> str:
    """What an acknowledgement of this event must name, as one text: the same for the same values."""
    assert event.ack is not None  # noqa: S101 - asked for events that take one
    return orjson.dumps({name: acknowledgement[name] for name in sorted(event.ack.match)}).decode()
