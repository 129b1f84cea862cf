"""What the watchers and the admins of one process share: whom a change is for, and how it spread among them."""

from collections.abc import Hashable
from itertools import count
from statistics import median
from time import monotonic
from typing import Any

import orjson

from eventproof.catalog import EVERYONE, Cause
from eventproof.load.call_effects import CallEffects
from eventproof.load.generator import Generator
from eventproof.load.greenlets import Event
from eventproof.load.judgement import Match, Receipt

from .edited_plan import EditedPlan
from .order import Order, ToldWatcher

__all__ = ["Board", "board_of"]


class Board:
    """What the watchers and the admins of one process share."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self.plans: dict[str, EditedPlan] = {}
        """By their ids, as texts."""
        self._creating = 0
        self._strange: set[Hashable] = set()
        self._latencies: dict[str, list[float]] = {}
        self._heard: dict[str, Event] = {}
        self._due: dict[str, int] = {}
        self._late: dict[str, float] = {}
        self._order = Order()
        self._numbers = count(1)
        self._foreign: set[Hashable] = set()

    def change(self, operation: str, plan: str | int, intended: float) -> CallEffects:
        """Enter what a change that is to be made now causes at everybody who watches; `spread` tells how it went."""
        effects = self._effects_of(operation, plan)
        self._latencies[effects.name], self._heard[effects.name] = [], Event()
        watching = self.generator.rooms.of({EVERYONE})
        self._due[effects.name] = sum(device.is_open for device in watching)
        called = monotonic()
        self._late[effects.name] = called - intended
        effects.expect(at=intended, called=called)
        return effects

    def made(self, operation: str, plan: str | int, intended: float, called: float) -> None:
        """Enter what a change has caused that was made since then: whose it is, only its answer tells.

        It may have been heard by now, so how it spread is not measured.
        """
        self._effects_of(operation, plan).expect(at=intended, called=called)

    def _effects_of(self, operation: str, plan: str | int) -> CallEffects:
        name = f"{operation} {next(self._numbers)}"
        return CallEffects(self.generator, Cause(operation, {"planId": plan}), name)

    def withdraw(self, effects: CallEffects) -> None:
        """The change was not made."""
        effects.withdraw()
        self._forget(effects.name)

    def spread(self, effects: CallEffects) -> None:
        """Wait until everybody has heard, or the time is over, and enter how long that took."""
        name = effects.name
        self._heard[name].wait(self.generator.deadline)
        if latencies := self._latencies[name]:
            for metric, seconds in (
                ("to_first", min(latencies)),
                ("to_median", median(latencies)),
                ("to_last", max(latencies)),
            ):
                self.generator.books.record(metric, seconds, late=self._late[name])
        self._forget(name)

    def _forget(self, name: str) -> None:
        del self._latencies[name], self._heard[name], self._due[name], self._late[name]

    def told(self, watcher: ToldWatcher, event: str, payload: Any, match: Match) -> None:
        """A receipt: how late it was, and whether everybody was told in this order."""
        if match.action in self._latencies and match.latency is not None:
            latencies = self._latencies[match.action]
            latencies.append(match.latency)
            if len(latencies) >= self._due[match.action]:
                self._heard[match.action].set()
        if match.receipt in (Receipt.DELIVERED, Receipt.WAITING):
            for late in self._order.told(watcher, hash((event, orjson.dumps(payload, default=repr))), event):
                self.generator.books.ledger.tally(late).out_of_order += 1
                self.generator.books.incident(str(watcher), f"{late} came in another order than to others")

    def met(self, subject: Hashable) -> None:
        """Somebody was told of a plan that no process makes or edits: others do, and it is theirs to judge."""
        if subject in self.plans or subject in self._foreign or subject in self._strange:
            return
        if self._creating:
            self._strange.add(subject)
        else:
            self._foreign.add(subject)
            self.generator.disown(subject)

    def begins_creating(self) -> None:
        """A plan is being made: what is told of one that nobody knows may be about it."""
        self._creating += 1

    def ends_creating(self) -> None:
        """It is made and known, or it could not be made."""
        self._creating -= 1
        if not self._creating:
            strange, self._strange = self._strange, set()
            for subject in strange:
                self.met(subject)


def board_of(generator: Generator) -> Board:
    """The one of this process and run."""
    return generator.one(Board)
