"""The load generator of one process: its share of the identities, its connections, its books.

Actor and recipients of one measurement live in one process, so one monotonic clock measures both ends.
"""

from collections import deque
from contextlib import suppress
from random import Random
from resource import RLIMIT_NOFILE, getrlimit, setrlimit
from time import monotonic, process_time

import gevent
from gevent.event import Event

from eventproof import actions, catalog
from eventproof.catalog import Direction, Wire
from eventproof.client.hub import Hub
from eventproof.errors import UsageError
from eventproof.target import Identity, Target

from .account import Account
from .admission import Share
from .books import Books, Report
from .calls import Answer, Calls
from .person import Person
from .saturation import Limits
from .schedule import late

_TICK = 0.05
_GLANCE = 0.25
_OPENING = 10.0
"""Seconds that a session may take to open in a crowd, where the profile does not allow more."""
_AHEAD = 32
"""How many persons are prepared for their turn."""
_LINGER = 0.3
"""How long the end of a run waits for what should not come."""


class Generator:
    """Everything that the users of one process share. `report` hears of every measurement."""

    def __init__(
        self, target: Target, *, share: Share, deadline: float, limits: Limits, seed: int, report: Report
    ) -> None:
        self.target = target
        self.deadline = deadline
        self.random = Random(f"{seed}/{share.index}")  # noqa: S311 - repeatable, not secret
        self.books = Books(_events(target), report)
        self.calls = Calls(target)
        patience = max(target.budgets.connect, _OPENING)
        self.hub = Hub(target.base_url, path=target.socketio.path, patience=patience, on_fault=self.books.fault)
        self.ready: deque[Person] = deque()
        """Whom an action may be aimed at: everyone whose sessions are all open and whom no action concerns."""
        self.connected: set[Identity] = set()
        """Whoever had a session open, at any time."""
        self.stopping = Event()
        self.running = 0
        """Actions that are being carried out."""
        self._limits = limits
        self._identities = deque(share.cut(target.users))
        self._admins = deque(self.calls.token_of(admin) for admin in target.admins)
        self._persons: set[Person] = set()
        self._next: deque[Person] = deque()
        self._connections = 0
        self._spawned = False
        self._busy = 0.0
        _allow_many_files()
        # A process without an admin is measured, too: it may be the one that is too busy.
        helpers = (self._keep_books, self._look_ahead, self.wait_until_measuring)
        self._helpers = [gevent.spawn(helper) for helper in helpers]
        for greenlet in self._helpers:
            greenlet.link_exception(lambda dead: self.books.fault(dead.exception))

    def enter(self, devices: int) -> Person:
        """Somebody of this process's share comes in on that many devices. Raises UsageError where all are taken."""
        if not self._identities:
            raise UsageError(f"{self.target.source}: there are more users than identities")
        person = Person(self, self._identities.popleft(), devices)
        self._persons.add(person)
        person.enter()
        return person

    def leave(self, person: Person) -> None:
        """Somebody closes the app on every device."""
        person.leave()
        self._persons.discard(person)
        self._identities.append(person.identity)

    def all_spawned(self) -> None:
        """Every user is there; measuring begins as soon as their sessions are open."""
        self._spawned = True

    def wait_until_measuring(self) -> None:
        """Wait until every session is open, or has failed to."""
        while not self._spawned or any(person.is_connecting for person in self._persons):
            gevent.sleep(_GLANCE)
        if not self.books.seconds:
            self.books.begin()
            self._busy = process_time()

    def pick(self) -> Person | None:
        """Somebody to aim an action at, everyone in turn; None where nobody is ready, and the action is left out."""
        person = _first_ready(self._next) or _first_ready(self.ready)
        if person is None:
            self.books.count("omitted")
        return person

    def administer(self, operation: str, identity: Identity, **parameters: str) -> Answer:
        """Perform an admin's operation on somebody; the admins of the profile act in turn."""
        self._admins.rotate()
        admin = self._admins[0] if self._admins else None
        return self.calls.perform(operation, {**actions.credentials_of(identity), **parameters}, admin)

    def settle(self, patience: float) -> None:
        """Begin nothing more; wait until what is under way has ended, at most `patience` seconds."""
        self.stopping.set()
        end = monotonic() + patience
        while (self.running or self.books.ledger.pending) and monotonic() < end:
            gevent.sleep(_TICK)
        gevent.sleep(_LINGER)

    def account(self) -> Account:
        """The figures as they are now."""
        seconds = self.books.seconds
        busy = (process_time() - self._busy) / seconds if seconds else 0.0
        gauges = self.books.gauges(self._limits, busy)
        return self.books.account(users=len(self.connected), connections=self._connections, gauges=gauges)

    def close(self) -> None:
        """Close every connection."""
        gevent.killall(self._helpers)
        self.hub.close()
        self.calls.close()

    def _keep_books(self) -> None:
        """Settle the ledger, and measure how late this loop is."""
        due = monotonic()
        while True:
            gevent.sleep(max(due - monotonic(), 0))
            lags = tuple(late(due, monotonic(), _TICK))
            due += len(lags) * _TICK
            if self.books.seconds and not self.stopping.is_set():
                for lag in lags:
                    self.books.record("loop_lag", lag)
            self._connections = max(self._connections, len(self.hub))
            self.books.settle()

    def _look_ahead(self) -> None:
        """Learn what an action must know of the next persons, so that none is late for it."""
        while True:
            while len(self._next) < _AHEAD and (person := _first_ready(self.ready)):
                person.tell_tier()
                self._next.append(person)
            gevent.sleep(_TICK)


def _first_ready(persons: deque[Person]) -> Person | None:
    while persons:
        person = persons.popleft()
        if person.is_ready:
            return person
    return None


def _events(target: Target) -> frozenset[str]:
    systems = catalog.load().systems
    return frozenset(
        event.name
        for name in target.systems
        for event in systems[name].events
        if event.direction is Direction.SEND
        if any(channel.wire is Wire.SOCKET_IO for channel in event.channels)
    )


def _allow_many_files() -> None:
    """Locust raises the limit to 10,000 open files; a session is one, and there may be more."""
    _, hard = getrlimit(RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        setrlimit(RLIMIT_NOFILE, (hard, hard))
