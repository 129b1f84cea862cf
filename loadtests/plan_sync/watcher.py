"""A watcher of the plans in a swarm: one identity with a stream, or with none, and a habit."""

from collections.abc import Hashable, Sequence
from enum import Enum
from math import inf
from time import monotonic
from typing import Any

from eventproof import actions
from eventproof.catalog import EVERYONE
from eventproof.load.actor import Actor
from eventproof.load.calls import CallAnswer
from eventproof.load.device import Device
from eventproof.load.generator import Generator
from eventproof.load.judgement import Match
from eventproof.target import Identity

from .board import board_of
from .edited_plan import EditedPlan

__all__ = ["Habit", "Watcher"]


class Habit(Enum):
    """How somebody watches."""

    STREAM = "reads the stream"
    SLOW = "reads nothing of it"
    RESUME = "loses it, and comes back with Last-Event-ID"
    RETURN = "loses it, and begins anew"
    POLL = "polls"


class Watcher(Actor):
    """Somebody who looks at the plans."""

    def __init__(self, generator: Generator, identity: Identity, habit: Habit, options: Any) -> None:
        self.habit = habit
        self.has_heard = False
        """Whether this one was told of a change."""
        self._options = options
        self._board = board_of(generator)
        super().__init__(generator, identity)

    @property
    def rooms(self) -> frozenset[str]:
        """Who reads nothing, or has no stream, is told nothing."""
        return frozenset() if self.habit in (Habit.SLOW, Habit.POLL) else super().rooms

    @property
    def replays(self) -> bool:  # type: ignore[override]  # it changes here
        """Whether what is missed is due on the return: who heard nothing yet has no event to come back to."""
        return self.habit is Habit.RESUME and self.has_heard and "resume" in self.generator.target.capabilities

    @property
    def is_connecting(self) -> bool:
        """Whether it is not known yet what comes of the stream."""
        return self.is_entering if self.habit is Habit.POLL else super().is_connecting

    @property
    def is_steady(self) -> bool:
        """Whether the stream is meant to be open all the time."""
        return self.habit is Habit.STREAM

    @property
    def is_open(self) -> bool:
        """Whether the stream is open now."""
        return self.devices[0].is_open and not self.has_left

    def open(self) -> None:
        """Open the stream, or begin to poll."""
        if self.habit is Habit.POLL:
            self.is_entering = False
            self.generator.connected.add(self.identity)
            self.generator.spawn(self._poll)
            return
        if self.habit is Habit.SLOW:
            # What came with the opening was read before nothing was read any more.
            for event in self.generator.books.events.values():
                if EVERYONE in event.audience:
                    self.generator.books.ledger.permit(event.name, self.devices, until=inf)
        super().open()
        if self.habit in (Habit.RESUME, Habit.RETURN):
            self.generator.spawn(self._lose)

    def connected(self, device: Device) -> None:
        """The stream is open; who is slow reads nothing more."""
        super().connected(device)
        if self.habit is Habit.SLOW:
            device.stall()

    def received(self, device: Device, event: str, payload: Any, match: Match) -> None:  # noqa: ARG002 - there is one
        """A receipt."""
        self.has_heard = True
        self._board.told(self, event, payload, match)

    def met(self, device: Device, subject: Hashable) -> None:  # noqa: ARG002 - there is one device
        """A plan that nobody knows yet."""
        self._board.met(subject)

    def _lose(self) -> None:
        random, every = self.generator.random, self._options.lost_every
        while not self.has_left and not self.generator.stopping.wait(random.uniform(0.5, 1.5) * every):
            self.devices[0].cut()

    def _poll(self) -> None:
        """See by REST what the others are told, every few seconds."""
        every, books = self._options.poll_every, self.generator.books
        pause = self.generator.random.uniform(0, every)
        while not self.has_left and not self.generator.stopping.wait(pause):
            pause, asked = every, monotonic()
            answer = self.generator.calls.perform("listPlans", {}, self.token)
            books.record("poll", monotonic() - asked)
            books.count("polls")
            if not answer.done:
                books.count("failed")
                books.incident(str(self), f"listPlans was answered with {answer}")
                continue
            for plan in self._stale(answer, asked):
                books.count("stale")
                books.incident(str(self), f"a poll showed {plan} as it had been before its last edit")

    def _stale(self, answer: CallAnswer, asked: float) -> Sequence[EditedPlan]:
        places = self.generator.target.operations["listPlans"].answers
        items = actions.at(answer.body, places.get("plans", "/plans"))
        known = (
            (actions.at(item, places.get("planId", "/id")), actions.at(item, places.get("roi", "/roi")))
            for item in (items if isinstance(items, list) else ())
        )
        ours = ((self._board.plans.get(str(found)), roi) for found, roi in known if isinstance(found, str | int))
        return [plan for plan, roi in ours if plan is not None and plan.is_stale(roi, asked)]
