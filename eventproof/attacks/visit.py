"""One attack that is being made: by whom, where, how often, and how long one looks at what becomes of it."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from .attack import Attack, Door, Scene, Who
from .outcome import End, Outcome
from .place import Place

__all__ = ["Patience", "Visit"]


@dataclass(frozen=True, slots=True)
class Patience:
    """In seconds."""

    opening: float = 5.0
    """For a connection, and for a login on it."""
    looking: float = 1.0
    """From the last byte of an attack until its connection is said to have stayed open."""
    sending: float = 5.0
    """For what a server does not read."""


@dataclass(frozen=True, slots=True)
class Visit:
    """`event` is a good event without its brackets; `over` is set once those that hold their connections may go."""

    attack: Attack
    door: Door
    who: Who
    place: Place
    event: str
    acknowledges: bool
    """Whether a handler acknowledges the good event."""
    times: int
    patience: Patience
    over: asyncio.Event = field(repr=False)

    @property
    def scene(self) -> Scene:
        """What the templates are filled with."""
        return self.place.scene(self.event)

    @property
    def logs_in(self) -> bool:
        """Whether a CONNECT comes first."""
        return self.who is Who.MEMBER and self.place.of_engine

    @property
    def waits_for_twin(self) -> bool:
        """Whether a good event comes behind it, whose acknowledgement shows that it has been read."""
        return self.logs_in and self.acknowledges and not self.attack.last

    @property
    def waits_for_answer(self) -> bool:
        """Whether only time tells that no handler answers it: nothing good comes behind it."""
        return self.acknowledges and self.attack.asks and not self.waits_for_twin

    def became(
        self, end: End, said: str = "", acknowledged: tuple[Any, ...] | None = None, twin: bool = False
    ) -> Outcome:
        """What became of it."""
        known = twin if self.waits_for_twin else None
        return Outcome(self.attack, self.door, self.who, end, said, acknowledged, known)
