"""What one process measures: latencies, counts, the ledger of deliveries, and by name what should not have happened.

And what it changed on the target, as long as that is not changed back.
"""

import logging
from collections import Counter
from collections.abc import Callable, Container, Hashable, Iterable, Mapping
from dataclasses import asdict
from math import inf
from time import monotonic
from typing import Any

from eventproof.catalog import Event
from eventproof.catalog.arguments import payload_of
from eventproof.redaction import cut
from eventproof.report.records import SERVICE, Gauge

from .account import Incident, SwarmAccount
from .changes import Changes
from .histogram import Histogram
from .judgement import Loss, Match, Receipt
from .ledger import Ledger
from .metrics import of_step, scoped
from .saturation import Readings
from .tally import COLUMNS
from .timeline import FLOWS, Timeline

_log = logging.getLogger(__name__)
_CAP = 100
"""How many stragglers, incidents and notes are kept by name."""
_LOGGED = 20
"""How many faults of ours are logged with their stack."""
_LONGEST = 300
"""How many characters of a sentence are kept: what a target says may be in it."""
_ELSE = "something else"
_STRANGE = 5
"""How many events are named that no contract has."""
_LOST = "lost"
"""What is lost is of the step that caused it; all else that a ledger tells, of the one in which it is told."""
_FINE = frozenset({Receipt.DELIVERED, Receipt.PERMITTED, Receipt.WAITING})

Report = Callable[[str, str, float, str], None]
"""Told of every measurement: its kind, its name, its seconds, and what went wrong (empty where nothing did)."""


class Books:
    """Kept while a test runs. `report` hears of every entry; `events` are those that the contract has, by name.

    `further` are those of the system's further channels, by the names of these.
    `elsewhere` are the names that other contracts have: what comes under one is not looked at. Whatever a target says,
    these are bounded: a name that is one of too many is reported as something else.
    """

    def __init__(
        self,
        events: Mapping[str, Event],
        report: Report,
        ledger: Ledger | None = None,
        *,
        elsewhere: Container[str] = (),
        further: Mapping[str, Mapping[str, Event]] | None = None,
    ) -> None:
        self.ledger = Ledger() if ledger is None else ledger
        self.changes = Changes()
        self.events = events
        self._by_channel: Mapping[str | None, Mapping[str, Event]] = {None: events} | dict(further or {})
        self._elsewhere = elsewhere
        self._reported: set[str] = set()
        self._strange: set[str] = set()
        self.listeners: list[Callable[[str, Match], object]] = []
        """Told of every event that was delivered: its name, and what the receipt turned out to be."""
        self._report = report
        self._histograms: dict[str, Histogram] = {}
        self._counts: Counter[str] = Counter()
        self._stragglers: list[str] = []
        self._incidents: list[Incident] = []
        self._notes: Counter[str] = Counter()
        self._began: float | None = None
        self._steps: list[tuple[float, str]] = []
        """When each step of the run began, and its name, where it has steps."""
        self._present = ""
        """The scope of the last one."""
        self._told_before: Counter[str] = Counter()
        self._opened = monotonic()
        self._timeline = Timeline()

    def begin(self) -> None:
        """Measuring begins now: incidents are dated from here."""
        self._began = monotonic()

    @property
    def seconds(self) -> float:
        """How long measuring has been going on; 0.0 where it has not begun."""
        return 0.0 if self._began is None else monotonic() - self._began

    def record(self, metric: str, seconds: float, *, late: float | None = None) -> None:
        """Enter one sample of a latency, which runs from an intended time.

        `late` is by how much its cause began later than that; left out where nothing was intended before it began.
        """
        self._enter(metric, seconds)
        self._timeline.record(metric, seconds)
        if late is not None:
            self._enter(metric + SERVICE, seconds - late)
        self._report("latency", metric, seconds, "")

    def count(self, what: str, number: int = 1) -> None:
        """Count something."""
        self._counts[what] += number
        if self._present:
            self._counts[scoped(what, self._present)] += number

    def reading(self, what: str, number: int, *, is_of_step: bool = False) -> None:
        """Enter a number that was read and not counted: that of the whole run, or of the present step alone."""
        self._counts[scoped(what, self._present) if is_of_step else what] = number

    def counted(self, what: str) -> int:
        """What a count is by now."""
        return self._counts[what]

    def begin_step(self, name: str) -> None:
        """What is measured from now on is of this step too; what is lost, of the step that caused it."""
        self._end_step()
        self._steps.append((monotonic(), name))
        self._present = of_step(name)

    @property
    def _step_names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for _, name in self._steps))

    def _step_at(self, at: float) -> str:
        """The scope of the step in which that was, of the first one what was before."""
        return of_step(next((name for began, name in reversed(self._steps) if began <= at), self._steps[0][1]))

    def _end_step(self) -> None:
        """Enter what the ledger told since the step began."""
        told = self._told()
        for column, number in told.items() if self._present else ():
            if column != _LOST:
                self._counts[scoped(column, self._present)] += number - self._told_before[column]
        self._told_before = told

    def _told(self) -> Counter[str]:
        """The account of all events."""
        whole: Counter[str] = Counter()
        for tally in self.ledger.tallies.values():
            whole.update(asdict(tally))
        return whole

    def incident(self, who: str, what: str) -> None:
        """Something went wrong for somebody."""
        what = _plain(what)
        if len(self._incidents) < _CAP:
            self._incidents.append(Incident(round(self.seconds, 6), who, what))
        if len(self._reported) < _CAP:
            self._reported.add(what)
        told = what if what in self._reported else _ELSE
        self._report("incident", told, 0.0, told)

    def failed(self, who: str, why: Exception) -> None:
        """Something that was to be done was not, or nobody knows, and not for a fault of ours."""
        self.count("failed")
        self.incident(who, str(why))

    def straggler(self, name: str) -> None:
        """A session or a token outlived what was to end it."""
        self.count("stragglers")
        if len(self._stragglers) < _CAP:
            self._stragglers.append(name)
        self.incident(name, "outlived what was to end it")

    def fault(self, error: BaseException) -> None:
        """Something of ours went wrong; the run cannot be believed."""
        if self._counts["faults"] < _LOGGED:
            _log.error("a fault of ours", exc_info=error)
        self.count("faults")
        self.note(f"a fault of ours: {type(error).__name__}: {error}")

    def note(self, sentence: str) -> None:
        """A remark for the report; said once however often it holds."""
        sentence = _plain(sentence)
        if len(self._notes) < _CAP or sentence in self._notes:
            self._notes[sentence] += 1

    @property
    def known(self) -> Iterable[Event]:
        """All events of the channels that somebody here listens to, each once."""
        return dict.fromkeys(event for events in self._by_channel.values() for event in events.values())

    @property
    def is_of_one_channel(self) -> bool:
        """Whether everybody listens to the main channel, and to no other."""
        return len(self._by_channel) == 1

    def is_of(self, channel: str | None, event: Event) -> bool:
        """Whether a channel, the main one where none is named, carries this event."""
        return self._by_channel[channel].get(event.name) is event

    def contract(self, name: str, args: tuple[Any, ...], recipient: object, channel: str | None = None) -> Event | None:
        """The contract of an event that arrived, its payload checked against it; None where it has none."""
        event = self._by_channel[channel].get(name)
        if event is None:
            if name not in self._elsewhere:
                self.count("unknown")
                if name in self._strange or len(self._strange) < _STRANGE:
                    self._strange.add(name)
                    self.note(f"the target sent {cut(name, 60)}, which its contract does not have")
        elif not event.is_valid(payload_of(args)):
            self.ledger.tally(name).invalid += 1
            self.incident(str(recipient), f"{name} does not fit its contract")
        return event

    def received(self, event: str, recipient: object, at: float, **more: Any) -> Match:
        """Match a receipt; `more` are the facts that the ledger takes of it."""
        match = self.ledger.receive(event, recipient, at=at, **more)
        if match.receipt is Receipt.DELIVERED and not match.out_of_order:
            return match
        is_fine = match.receipt in _FINE or match.is_doubtful or match.is_explained
        if not is_fine:
            self.incident(str(recipient), f"{event} was {match.receipt.value}")
        if match.out_of_order:
            self.incident(str(recipient), f"{event} was out of order")
        return match

    def expect(
        self, action: str, event: str, recipients: Iterable[Hashable], *, at: float, deadline: float, **more: Any
    ) -> None:
        """Enter what an action causes, and how long that took of what has been received before."""
        for match in self.ledger.expect(action, event, recipients, at=at, deadline=deadline, **more):
            self.delivered(event, match)

    def delivered(self, event: str, match: Match) -> None:
        """Something was received that an action had caused: how long that took."""
        if match.latency is not None:
            self.record(event, match.latency, late=match.late)
            for listener in self.listeners:
                listener(event, match)

    def leaked(self, event: str, recipient: object) -> None:
        """An event was received by somebody of another system, whom it cannot have been for."""
        self.ledger.tally(event).leaked += 1
        self.incident(str(recipient), f"{event} was {Receipt.LEAKED.value}")

    def untold(self, why: str, events: Iterable[str], until: float = inf) -> None:
        """The target does not say for whom these events are: until then, anybody may receive them, and is not judged.

        `why` says so for a person; the run cannot pass.
        """
        self.count("untold")
        self.note(why)
        for event in events:
            self.ledger.permit(event, (None,), until=until)

    def settle(self) -> None:
        """Enter what is lost by now, and what turned out to be nobody's."""
        for judged in self.ledger.settle(monotonic()):
            became = _LOST if isinstance(judged, Loss) else judged.receipt.value
            if isinstance(judged, Loss) and self._steps:
                self._counts[scoped(_LOST, self._step_at(judged.at))] += 1
            self.incident(str(judged.recipient), f"{judged.event} was {became}")

    def lags(self) -> Readings:
        """How late this process was."""
        return Readings(loop_lag=self._histogram("loop_lag"), send_lag=self._histogram("send_lag"))

    def pass_time(self, connections: int) -> None:
        """Some time has passed, in which so many connections were open."""
        at = monotonic() - self._opened
        if self._timeline.turns(at):
            self._timeline.enter(self._totals())
        self._timeline.pass_to(at, connections)

    def news(self) -> Timeline:
        """What happened since the last time that somebody asked."""
        self._timeline.enter(self._totals())
        return self._timeline.drain()

    def account(self, *, users: int, connections: int, gauges: tuple[Gauge, ...]) -> SwarmAccount:
        """The figures as they are now."""
        self.settle()
        self._end_step()
        return SwarmAccount(
            users=users,
            connections=connections,
            seconds=self.seconds,
            tallies=dict(self.ledger.tallies),
            histograms=dict(self._histograms),
            counts={**self._counts, "overflowed": self._counts["overflowed"] + self.ledger.overflowed},
            gauges=gauges,
            stragglers=tuple(self._stragglers),
            incidents=tuple(self._incidents),
            notes=tuple(said if times == 1 else f"{said} ({times} times)" for said, times in self._notes.items()),
            steps=self._step_names,
        )

    def interim(self, metrics: frozenset[str]) -> SwarmAccount:
        """What was counted so far, and the distributions of these latencies, in whatever scope."""
        wanted = {name: found for name, found in self._histograms.items() if name.partition("[")[0] in metrics}
        self._end_step()
        return SwarmAccount(
            tallies=dict(self.ledger.tallies), counts=dict(self._counts), histograms=wanted, steps=self._step_names
        )

    def _enter(self, metric: str, seconds: float) -> None:
        self._histogram(metric).record(seconds)
        if self._present:
            self._histogram(scoped(metric, self._present)).record(seconds)

    def _totals(self) -> Mapping[str, int]:
        tallies = self.ledger.tallies.values()
        return {
            name: sum(getattr(tally, name) for tally in tallies) if name in COLUMNS else self._counts[name]
            for name in FLOWS
        }

    def _histogram(self, metric: str) -> Histogram:
        histogram = self._histograms.get(metric)
        if histogram is None:
            histogram = self._histograms[metric] = Histogram()
        return histogram


def _plain(text: str) -> str:
    """The beginning of a sentence, without what cannot be written: half a surrogate pair, say."""
    return cut(text, _LONGEST).encode("utf-8", "replace").decode()
