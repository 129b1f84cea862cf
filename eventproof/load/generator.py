"""The load generator of one process: its share of the identities, its connections, its account.

Actor and recipients of one measurement live in one process, so one monotonic clock measures both ends.
"""

import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable
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

from . import saturation
from .account import Account, Incident
from .admission import Share
from .calls import Answer, Calls
from .histogram import Histogram
from .ledger import Ledger, Receipt
from .metrics import LATENCIES
from .person import Person
from .saturation import Limits

_log = logging.getLogger(__name__)
_TICK = 0.05
_OPENING = 10.0
"""Seconds that a session may take to open in a crowd, where the profile does not allow more."""
_CAP = 100
"""How many stragglers and incidents are named."""
_LINGER = 0.3
"""How long the end of a run waits for what should not come."""

Report = Callable[[str, str, float, str], None]
"""Told of every measurement: its kind, its name, its seconds, and what went wrong (empty where nothing did)."""


class Generator:
    """Everything that the users of one process share. `report` shows measurements to Locust's statistics."""

    def __init__(
        self,
        target: Target,
        *,
        share: Share = Share(),  # noqa: B008 - a frozen value
        deadline: float = 5.0,
        limits: Limits = Limits(),  # noqa: B008 - a frozen value
        seed: int = 0,
        report: Report = lambda *_: None,
    ) -> None:
        self.target = target
        self.deadline = deadline
        self.random = Random(f"{seed}/{share.index}")  # noqa: S311 - repeatable, not secret
        self.calls = Calls(target)
        self.hub = Hub(
            target.base_url,
            path=target.socketio.path,
            patience=max(target.budgets.connect, _OPENING),
            on_fault=self.fault,
        )
        self.ledger = Ledger()
        self.ready: deque[Person] = deque()
        """Whom an action may be aimed at: everyone whose sessions are all open and whom no action concerns."""
        self.stopping = Event()
        self.running = 0
        """Actions that are being carried out."""
        self._identities = deque(share.cut(target.users))
        self._persons: set[Person] = set()
        self._admins = deque(self.calls.token_of(admin) for admin in target.admins)
        self._limits = limits
        self._report = report
        self._histograms = {metric: Histogram() for metric in LATENCIES}
        self._counts: Counter[str] = Counter()
        self._stragglers: list[str] = []
        self._incidents: list[Incident] = []
        self._notes: Counter[str] = Counter()
        self._connections = 0
        self._spawned = False
        self._began: float | None = None
        self._busy = 0.0
        self._known = _known_events(target)
        _allow_many_files()
        self._clerk = gevent.spawn(self._keep_books)

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
        person.disconnect()
        self._persons.discard(person)
        self._identities.append(person.identity)

    def all_spawned(self) -> None:
        """Every user is there; measuring begins as soon as their sessions are open."""
        self._spawned = True

    def wait_until_measuring(self) -> None:
        """Wait until every session is open, or has failed to."""
        while not self._spawned or any(person.is_connecting for person in self._persons):
            gevent.sleep(_TICK)
        if self._began is None:
            self._began, self._busy = monotonic(), process_time()

    def pick(self) -> Person | None:
        """Somebody to aim an action at, everyone in turn; None where nobody is ready."""
        while self.ready:
            person = self.ready.popleft()
            if person.is_ready:
                return person
        return None

    def administer(self, operation: str, identity: Identity, **parameters: str) -> Answer:
        """Perform an admin's operation on somebody; the admins of the profile act in turn."""
        self._admins.rotate()
        return self.calls.perform(operation, {**actions.credentials_of(identity), **parameters}, self._admins[0])

    # The books.

    def record(self, metric: str, seconds: float) -> None:
        """Enter one sample of a latency."""
        self._histograms[metric].record(seconds)
        self._report("latency", metric, seconds, "")

    def count(self, what: str, number: int = 1) -> None:
        """Count something."""
        self._counts[what] += number

    def incident(self, who: str, what: str) -> None:
        """Something went wrong for somebody."""
        if len(self._incidents) < _CAP:
            self._incidents.append(Incident(round(monotonic() - (self._began or monotonic()), 6), who, what))
        self._report("incident", what, 0.0, what)

    def straggler(self, name: str) -> None:
        """Somebody's session or token outlived its ban."""
        self.count("stragglers")
        if len(self._stragglers) < _CAP:
            self._stragglers.append(name)
        self.incident(name, "outlived the ban")

    def fault(self, error: Exception) -> None:
        """Something of ours went wrong; the run cannot be believed."""
        _log.error("a fault of ours", exc_info=error)
        self.count("faults")
        self.note(f"a fault of ours: {type(error).__name__}: {error}")

    def note(self, sentence: str) -> None:
        """A remark for the report; said once however often it holds."""
        self._notes[sentence] += 1

    def received(self, event: str, recipient: object, name: str, at: float) -> float | None:
        """Match a receipt; the intended time of its action where it was expected and came in time."""
        if event not in self._known:
            self.note(f"the target sent {event[:60]}, which its contract does not have")
            return None
        match = self.ledger.receive(event, recipient, at=at)
        if match.receipt is Receipt.DELIVERED:
            return match.at
        if match.receipt is not Receipt.PERMITTED:
            self.incident(name, f"{event} was {match.receipt.value}")
        return None

    def settle(self, patience: float) -> None:
        """Begin nothing more; wait until what is under way has ended, at most `patience` seconds."""
        self.stopping.set()
        end = monotonic() + patience
        while (self.running or self.ledger.pending) and monotonic() < end:
            gevent.sleep(_TICK)
        gevent.sleep(min(_LINGER, patience))

    def account(self) -> Account:
        """The figures as they are now."""
        self._settle_ledger()
        seconds = monotonic() - self._began if self._began else 0.0
        busy = (process_time() - self._busy) / seconds if seconds else 0.0
        loop_lag, send_lag = self._histograms["loop_lag"], self._histograms["send_lag"]
        return Account(
            users=len(self._persons),
            connections=self._connections,
            seconds=seconds,
            tallies=dict(self.ledger.tallies),
            histograms=dict(self._histograms),
            counts=dict(self._counts),
            gauges=saturation.gauges(self._limits, loop_lag=loop_lag, send_lag=send_lag, busy=busy),
            stragglers=tuple(self._stragglers),
            incidents=tuple(self._incidents),
            notes=tuple(_times(self._notes)),
        )

    def close(self) -> None:
        """Close every connection."""
        self._clerk.kill()
        self.hub.close()
        self.calls.close()

    def _keep_books(self) -> None:
        """Settle the ledger, and measure how late this loop is."""
        while True:
            due = monotonic() + _TICK
            gevent.sleep(_TICK)
            if self._began is not None and not self.stopping.is_set():
                self._histograms["loop_lag"].record(monotonic() - due)
            self._connections = max(self._connections, len(self.hub))
            self._settle_ledger()

    def _settle_ledger(self) -> None:
        for loss in self.ledger.settle(monotonic()):
            self.incident(str(loss.recipient), f"{loss.event} was lost")


def _known_events(target: Target) -> frozenset[str]:
    systems = catalog.load().systems
    return frozenset(
        event.name
        for name in target.systems
        for event in systems[name].events
        if event.direction is Direction.SEND
        if any(channel.wire is Wire.SOCKET_IO for channel in event.channels)
    )


def _times(notes: Counter[str]) -> Iterable[str]:
    return (sentence if times == 1 else f"{sentence} ({times} times)" for sentence, times in notes.items())


def _allow_many_files() -> None:
    """Locust raises the limit to 10,000 open files; a session is one, and there may be more."""
    _, hard = getrlimit(RLIMIT_NOFILE)
    setrlimit(RLIMIT_NOFILE, (hard, hard))
