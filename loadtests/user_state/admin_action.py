"""One action on a user: the sessions that it is not over for, and when it ended for the last one."""

from collections.abc import Iterable
from enum import Enum
from typing import Any

from eventproof.load.greenlets import Event

__all__ = ["AdminAction", "Until"]


class Until(Enum):
    """What ends an action for one session."""

    EVENT = "its event"
    CLOSE = "the end of the connection"


class AdminAction:
    """Begun at its intended time; `ended` is set when it is over for every session."""

    __slots__ = ("at", "devices", "ended", "event", "is_whole", "last", "late", "name", "until", "waiting")

    def __init__(
        self, name: str, event: str, at: float, until: Until, devices: Iterable[Any], late: float = 0.0
    ) -> None:
        self.name = name
        self.event = event
        self.at = at
        self.late = late
        """Seconds by which it began later than that."""
        self.until = until
        self.devices = tuple(devices)
        self.waiting = set(self.devices)
        self.last = at
        self.is_whole = True
        """Whether every session can tell when it ended: none was left out."""
        self.ended = Event()
        if not self.waiting:
            self.ended.set()

    def is_over_for(self, device: Any, at: float) -> None:
        """It has happened to this session."""
        self.waiting.discard(device)
        self.last = at
        if not self.waiting:
            self.ended.set()

    def leave_out(self, devices: Iterable[Any]) -> None:
        """These are about to be closed by us: what would have happened to them, nobody knows."""
        if gone := self.waiting.intersection(devices):
            self.waiting -= gone
            self.is_whole = False
        if not self.waiting:
            self.ended.set()
