"""What a client does by itself when an event arrives: acknowledge it, answer a `ping`. Each can be turned off."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eventproof.catalog import AckLevel, Channel, Direction, Event, System
from eventproof.client.aio import Received

__all__ = ["Manners"]

_PING, _PONG = "ping", "pong"


@dataclass(slots=True)
class Manners:
    """The manners of one connection; they may change while it is open. `events` are those that may arrive on it."""

    events: Mapping[str, Event] = field(default_factory=dict)
    sayable: frozenset[str] = frozenset()
    """The names of the events that a client may send."""
    acknowledges: bool = False
    """Whether events whose acknowledgement is required get it."""
    answers_pings: bool = True
    """Whether `ping` is answered with `pong`, where the catalogue has both."""

    @classmethod
    def on(cls, channel: Channel | None, systems: Iterable[System], **switches: bool) -> "Manners":
        """The manners for a channel of the catalogue; for one that it does not know, none can be had."""
        there = [event for system in systems for event in system.events if channel in event.channels]
        heard = {event.name: event for event in there if event.direction is Direction.SEND}
        said = frozenset(event.name for event in there if event.direction is Direction.RECEIVE)
        return cls(heard, said, **switches)

    def answer(self, received: Received) -> tuple[str, Sequence[Any]] | None:
        """The event that is sent back at once, its name and its arguments; None where there is nothing to say."""
        event = self.events.get(received.name)
        if event is None:
            return None
        if event.name == _PING and _PONG in self.sayable:
            return (_PONG, ()) if self.answers_pings else None
        if self.acknowledges and event.ack is not None and event.ack.level is AckLevel.REQUIRED:
            acknowledgement = event.acknowledgement(received.payload)
            return None if acknowledgement is None else (event.ack.by, (acknowledgement,))
        return None
