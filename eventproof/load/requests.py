"""What the clients of one channel may ask for by events of their own, by its contract: what opens it, and its rooms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eventproof import actions
from eventproof.catalog import Direction, Event, Opening, System
from eventproof.errors import UsageError

__all__ = ["Requests"]


@dataclass(frozen=True, slots=True)
class Requests:
    """What the clients of one channel may ask for, by its contract."""

    opening: Opening | None = None
    events: Mapping[str, Event] = field(default_factory=dict)

    @classmethod
    def of(cls, system: System, address: str) -> "Requests":
        """Those of the channel that the contract knows under this address."""
        opening = next((channel.opening for channel in system.channels if channel.address == address), None)
        received = (event for event in system.events if event.direction is Direction.RECEIVE)
        asked = {event.name: event for event in received if any(at.address == address for at in event.channels)}
        return cls(opening, {name: event for name, event in asked.items() if event.joins or event.leaves})

    @property
    def are_needed(self) -> bool:
        """Whether its clients have anything to ask for."""
        return self.opening is not None or bool(self.events)

    def argument(self, role: str) -> Any:
        """What the opening event of somebody of this role says."""
        return None if self.opening is None else actions.fill(self.opening.argument, {"role": role}, "x-opening")

    def opened(self, role: str) -> frozenset[str]:
        """The rooms that the opening event joins."""
        event = None if self.opening is None else self.events.get(self.opening.event)
        if event is None or event.joins is None:
            return frozenset()
        return frozenset({event.room_of(event.joins, self.argument(role))})

    def event(self, name: str) -> Event:
        """The event of this name. Raises UsageError where none of it joins or leaves a room."""
        if name not in self.events:
            raise UsageError(f"no client of this channel can ask for a room by {name}: see x-joins and x-leaves")
        return self.events[name]
