"""A watcher of the plans in a swarm: one identity with a stream, or with none, and a habit."""

from collections.abc import Hashable, Sequence
from enum import Enum
from time import monotonic
from typing import Any

from eventproof import actions
from eventproof.errors import EventproofError
from eventproof.load.calls import Answer
from eventproof.load.device import Device
from eventproof.load.generator import Generator
from eventproof.load.judgement import Match
from eventproof.load.manner import Manner
from eventproof.target import Identity

from .board import board_of
from .plan import Plan

__all__ = ["Habit", "Watcher"]


class Habit(Enum):
    """How somebody watches."""

    STREAM = "reads the stream"
    SLOW = "reads nothing of it"
    RESUME = "loses it, and comes back with Last-Event-ID"
    RETURN = "loses it, and begins anew"
    POLL = "polls"


class Watcher:
    """One identity with a stream, or with none."""

    manner = Manner.PROMPT
    late_by = 0.0
    has_acted = True

    def __init__(self, generator: Generator, identity: Identity, habit: Habit, options: Any) -> None:
        self.generator = generator
        self.identity = identity
        self.token = identity.token
        self.habit = habit
        self.has_heard = False
        """Whether this one was told of a change."""
        self._options = options
        self._board = board_of(generator)
        self._device = Device(self, 1, self._told)
        self._is_entering = True
        self._has_left = False

    def __str__(self) -> str:
        return self.identity.name

    @property
    def replays(self) -> bool:
        """Whether what is missed is due on the return: who heard nothing yet has no event to come back to."""
        return self.habit is Habit.RESUME and self.has_heard and "resume" in self.generator.target.capabilities

    @property
    def is_connecting(self) -> bool:
        """Whether it is not known yet what comes of the stream."""
        return self._is_entering or (self.habit is not Habit.POLL and self._device.is_connecting)

    @property
    def is_steady(self) -> bool:
        """Whether the stream is meant to be open all the time."""
        return self.habit is Habit.STREAM

    @property
    def is_open(self) -> bool:
        """Whether the stream is open now."""
        return self._device.since is not None and not self._has_left

    @property
    def is_ready(self) -> bool:
        """Nothing is aimed at somebody who only watches."""
        return False

    def enter(self) -> None:
        """Log in where the profile gives no token; then open the stream, or begin to poll."""
        self.generator.spawn(self._enter)

    def _enter(self) -> None:
        books = self.generator.books
        try:
            if self.token is None:
                self.token = self.generator.calls.token_of(self.identity)
        except EventproofError as error:
            books.count("unopened")
            books.note(str(error))
            return
        finally:
            self._is_entering = False
        if self.habit is Habit.POLL:
            self.generator.connected.add(self.identity)
            self.generator.spawn(self._poll)
            return
        if self.habit is not Habit.SLOW:
            self._board.devices[self._device] = None
        self._device.open()
        if self.habit in (Habit.RESUME, Habit.RETURN):
            self.generator.spawn(self._lose)

    def leave(self) -> None:
        """Close the stream, for good."""
        self._has_left = True
        self._board.devices.pop(self._device, None)
        self._device.leave()

    def prepare(self) -> None:
        """Nothing needs to be known."""

    def renew(self) -> bool:
        """Get a new token; whether there is one."""
        login = self.generator.calls.log_in(self.identity)
        self.token = login.token or self.token
        return login.token is not None

    def owes(self, what: Hashable, *, at: float) -> bool:  # noqa: ARG002 - nothing here is acknowledged
        """Whether the target need not know of an acknowledgement."""
        return False

    def connected(self) -> None:
        """The stream is open; who is slow reads nothing more."""
        self.generator.connected.add(self.identity)
        if self.habit is Habit.SLOW:
            self._device.stall()

    def met(self, device: Device, subject: Hashable) -> None:  # noqa: ARG002 - there is one device
        """A plan that nobody knows yet."""
        self._board.met(subject)

    def _told(self, event: str, payload: Any, match: Match) -> None:
        self.has_heard = True
        self._board.told(self, event, payload, match)

    def _lose(self) -> None:
        random, every = self.generator.random, self._options.lost_every
        while not self._has_left and not self.generator.stopping.wait(random.uniform(0.5, 1.5) * every):
            self._device.cut()

    def _poll(self) -> None:
        """See by REST what the others are told, every few seconds."""
        every, books = self._options.poll_every, self.generator.books
        pause = self.generator.random.uniform(0, every)
        while not self._has_left and not self.generator.stopping.wait(pause):
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

    def _stale(self, answer: Answer, asked: float) -> Sequence[Plan]:
        places = self.generator.target.operations["listPlans"].answers
        items = actions.at(answer.body, places.get("plans", "/plans"))
        known = (
            (actions.at(item, places.get("planId", "/id")), actions.at(item, places.get("roi", "/roi")))
            for item in (items if isinstance(items, list) else ())
        )
        ours = ((self._board.plans.get(found), roi) for found, roi in known if isinstance(found, str | int))
        return [plan for plan, roi in ours if plan is not None and plan.is_stale(roi, asked)]
