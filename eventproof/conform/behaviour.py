"""What a client does by itself when an event arrives: acknowledge it, answer a heartbeat. Each can be turned off."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eventproof.catalog import AckLevel, Channel, Direction, Event, Heartbeat, Operation, System
from eventproof.catalog.event import CALLBACK
from eventproof.client.aio import Received

__all__ = ["Behaviour"]


@dataclass(slots=True)
class Behaviour:
    """The behaviour of one connection; they may change while it is open. `events` are those that may arrive on it."""

    events: Mapping[str, Event] = field(default_factory=dict)
    heartbeat: Heartbeat | None = None
    unasked: frozenset[str] = frozenset()
    """The names of what every connection is told of the server's own accord."""
    acknowledges: bool = False
    """Whether events whose acknowledgement is required get it."""
    answers_pings: bool = True
    """Whether the channel's heartbeat is answered, where its contract has an answer."""
    asked: Mapping[str, Event] = field(default_factory=dict)
    """What clients may send there, by name."""
    causing: Mapping[str, Operation] = field(default_factory=dict)
    """Those of them that cause something, as the operations that they are."""

    @classmethod
    def on(cls, channel: Channel | None, systems: Iterable[System], **switches: Any) -> "Behaviour":
        """The behaviour for a channel of the catalogue; for one that it does not know, none can be had."""
        if channel is None:
            return cls(**switches)
        known = tuple(systems)
        there = [
            event
            for system in known
            for event in system.events
            if channel.address in {carrying.address for carrying in event.channels}
        ]
        heard = {event.name: event for event in there if event.direction is Direction.SEND}
        asked = {event.name: event for event in there if event.direction is Direction.RECEIVE}
        causing = {each.event: each for system in known for each in system.operations if each.event in asked}
        return cls(heard, channel.heartbeat, channel.unasked, asked=asked, causing=causing, **switches)

    def acknowledgement(self, received: Received) -> Sequence[Any] | None:
        """What goes with the callback of an event that its contract has acknowledged by one; None: it is held back.

        What is sent again until then is held back unless the connection `acknowledges`; nothing else is: a server that
        waits for it would wait in vain.
        """
        ack = None if (event := self.events.get(received.name)) is None else event.ack
        if ack is None or ack.by != CALLBACK or (ack.retry is not None and not self.acknowledges):
            return None
        return ack.example()

    def answer(self, received: Received) -> tuple[str, Sequence[Any]] | None:
        """The event that is sent back at once, its name and its arguments; None where there is nothing to say."""
        event = self.events.get(received.name)
        if event is None:
            return None
        if self.heartbeat and self.heartbeat.answer and event.name == self.heartbeat.event:
            return (self.heartbeat.answer, ()) if self.answers_pings else None
        if self.acknowledges and event.ack is not None and event.ack.level is AckLevel.REQUIRED:
            acknowledgement = event.acknowledgement(received.payload)
            return None if acknowledgement is None else (event.ack.by, (acknowledgement,))
        return None
