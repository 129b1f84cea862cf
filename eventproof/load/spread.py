"""How an event that one action causes spreads among all whom it is for: when the last of them was told."""

from collections.abc import Collection
from time import monotonic
from typing import TYPE_CHECKING

from .call_effects import CallEffects
from .greenlets import Event
from .judgement import Match

if TYPE_CHECKING:
    from .generator import Generator

__all__ = ["Spread"]


class Spread:
    """That of some events; `metric` is the latency that is recorded of each action, to the last who was told of any."""

    def __init__(self, generator: "Generator", events: Collection[str], metric: str) -> None:
        self._generator = generator
        self._events = events
        self._metric = metric
        self._told: dict[str, list[float]] = {}
        """The latencies so far, by action."""
        self._more: dict[str, Event] = {}
        generator.books.listeners.append(self._hears)

    def begin(self, effects: CallEffects, *, at: float, called: float, step: int, also: Collection[str] = ()) -> None:
        """Enter in the ledger what a call causes, as `CallEffects.expect` does, and follow how it spreads."""
        action = effects.name
        self._told[action], self._more[action] = [], Event()
        due = effects.expect(at=at, called=called, step=step, also=also)
        told = sum(due.get(event, 0) for event in self._events)
        self._generator.spawn(self._conclude, action, told, max(called - at, 0.0))

    def _conclude(self, action: str, due: int, late: float) -> None:
        """Wait until so many were told, as far as they are in time, and record when the last of them was."""
        end = monotonic() + self._generator.deadline
        told, more = self._told[action], self._more[action]
        while len(told) < due and (left := end - monotonic()) > 0:
            more.clear()
            more.wait(left)
        if told and len(told) >= due:
            self._generator.books.record(self._metric, max(told), late=late)
        del self._told[action], self._more[action]

    def _hears(self, event: str, match: Match) -> None:
        if event in self._events and match.action in self._told and match.latency is not None:
            self._told[match.action].append(match.latency)
            self._more[match.action].set()
