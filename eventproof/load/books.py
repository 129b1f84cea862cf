"""What one process measures: latencies, counts, the ledger of deliveries, and by name what should not have happened."""

import logging
from collections import Counter
from collections.abc import Callable
from time import monotonic

from eventproof.report.records import Gauge

from . import saturation
from .account import Account, Incident
from .histogram import Histogram
from .ledger import Ledger, Receipt
from .metrics import LATENCIES
from .saturation import Limits

_log = logging.getLogger(__name__)
_CAP = 100
"""How many stragglers, incidents and notes are kept by name."""

Report = Callable[[str, str, float, str], None]
"""Told of every measurement: its kind, its name, its seconds, and what went wrong (empty where nothing did)."""


class Books:
    """Kept while a test runs. `report` hears of every entry; `events` are those that the contract has."""

    def __init__(self, events: frozenset[str], report: Report) -> None:
        self.ledger = Ledger()
        self._events = events
        self._report = report
        self._histograms = {metric: Histogram() for metric in LATENCIES}
        self._counts: Counter[str] = Counter()
        self._stragglers: list[str] = []
        self._incidents: list[Incident] = []
        self._notes: Counter[str] = Counter()
        self._began: float | None = None

    def begin(self) -> None:
        """Measuring begins now: incidents are dated from here."""
        self._began = monotonic()

    @property
    def seconds(self) -> float:
        """How long measuring has been going on; 0.0 where it has not begun."""
        return 0.0 if self._began is None else monotonic() - self._began

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
            self._incidents.append(Incident(round(self.seconds, 6), who, what))
        self._report("incident", what, 0.0, what)

    def straggler(self, name: str) -> None:
        """Somebody's session or token outlived its ban."""
        self.count("stragglers")
        if len(self._stragglers) < _CAP:
            self._stragglers.append(name)
        self.incident(name, "outlived the ban")

    def fault(self, error: BaseException) -> None:
        """Something of ours went wrong; the run cannot be believed."""
        _log.error("a fault of ours", exc_info=error)
        self.count("faults")
        self.note(f"a fault of ours: {type(error).__name__}: {error}")

    def note(self, sentence: str) -> None:
        """A remark for the report; said once however often it holds."""
        if len(self._notes) < _CAP or sentence in self._notes:
            self._notes[sentence] += 1

    def received(self, event: str, recipient: object, at: float) -> float | None:
        """Match a receipt; the intended time of its action where it was expected and came in time."""
        if event not in self._events:
            self.note(f"the target sent {event[:60]}, which its contract does not have")
            return None
        match = self.ledger.receive(event, recipient, at=at)
        if match.receipt is Receipt.DELIVERED:
            return match.at
        if match.receipt is not Receipt.PERMITTED:
            self.incident(str(recipient), f"{event} was {match.receipt.value}")
        return None

    def settle(self) -> None:
        """Enter what is lost by now."""
        for loss in self.ledger.settle(monotonic()):
            self.incident(str(loss.recipient), f"{loss.event} was lost")

    def gauges(self, limits: Limits, busy: float) -> tuple[Gauge, ...]:
        """How late and how busy this process was."""
        loop_lag, send_lag = self._histograms["loop_lag"], self._histograms["send_lag"]
        return saturation.gauges(limits, loop_lag=loop_lag, send_lag=send_lag, busy=busy)

    def account(self, *, users: int, connections: int, gauges: tuple[Gauge, ...]) -> Account:
        """The figures as they are now."""
        self.settle()
        return Account(
            users=users,
            connections=connections,
            seconds=self.seconds,
            tallies=dict(self.ledger.tallies),
            histograms=dict(self._histograms),
            counts=dict(self._counts),
            gauges=gauges,
            stragglers=tuple(self._stragglers),
            incidents=tuple(self._incidents),
            notes=tuple(said if times == 1 else f"{said} ({times} times)" for said, times in self._notes.items()),
        )
