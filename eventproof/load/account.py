"""What one process of a swarm measured: sent to the master as JSON, and merged there."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeVar

from eventproof.redaction import redacted
from eventproof.report.records import SERVICE, Delivery, Gauge, Latency

from . import saturation
from .histogram import Histogram
from .metrics import is_of_step, latencies, scoped
from .tally import COLUMNS, Tally

_PLAIN = ("users", "connections", "seconds", "stragglers", "notes", "steps")
_Kept = TypeVar("_Kept")


@dataclass(frozen=True, slots=True)
class Incident:
    """One thing that should not have happened; `at` is seconds since the measuring began."""

    at: float
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class SwarmAccount:
    """The figures of one process, or of all: what objectives are judged on and reports are made of."""

    users: int = 0
    """How many members were ever connected."""
    connections: int = 0
    """How many were open at once, at most."""
    seconds: float = 0.0
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    histograms: Mapping[str, Histogram] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    gauges: tuple[Gauge, ...] = ()
    stragglers: tuple[str, ...] = ()
    incidents: tuple[Incident, ...] = ()
    notes: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    """Those that were begun, in their order; what is kept of one has its name in brackets."""

    def of_system(self, system: str) -> "SwarmAccount":
        """The same as a part of a run with several systems: events and sentences say which one they are about."""
        return replace(
            self,
            tallies={f"{system}/{event}": tally for event, tally in self.tallies.items()},
            histograms={**self.histograms, **_of(system, self.histograms)},
            counts={**self.counts, **_of(system, self.counts)},
            notes=tuple(f"{system}: {note}" for note in self.notes),
            incidents=tuple(replace(one, who=f"{system}: {one.who}") for one in self.incidents),
        )

    def samples(self, metric: str, scope: str = "") -> Histogram:
        """The distribution of a latency, of all or of one system or step; an empty one where it was never measured."""
        return self.histograms.get(scoped(metric, scope)) or Histogram()

    def count(self, metric: str, scope: str = "") -> int:
        """The number of a count, of all or of one event, system or step."""
        if metric == "unexplained":
            return self.count("duplicate", scope) - self.count("explained", scope)
        if metric == "caused":
            return self.count("expected", scope) + self.count("away", scope)
        if metric in COLUMNS and not is_of_step(scope):
            return sum(getattr(tally, metric) for event, tally in self.tallies.items() if _is_of(event, scope))
        return self.counts.get(scoped(metric, scope), 0)

    def delivery(self) -> tuple[Delivery, ...]:
        """The account of every event, for a report."""
        return tuple(tally.delivery(event) for event, tally in sorted(self.tallies.items()))

    def latency(self) -> tuple[Latency, ...]:
        """Every latency that has samples, for a report."""
        return tuple(
            samples.latency(name, told)
            for metric, what in latencies().items()
            for name, told in ((metric, what), (metric + SERVICE, what.replace("intended time", "actual start")))
            if len(samples := self.samples(name))
        )

    def to_json(self) -> dict[str, Any]:
        """As plain values, histograms in their encoded form, without the secrets that this process alone knows."""
        return {
            **{name: redacted(getattr(self, name)) for name in _PLAIN},
            "counts": dict(self.counts),
            "tallies": {event: asdict(tally) for event, tally in self.tallies.items()},
            "histograms": {metric: samples.encode() for metric, samples in self.histograms.items()},
            "gauges": [asdict(gauge) for gauge in self.gauges],
            "incidents": redacted(self.incidents),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "SwarmAccount":
        """The account that `to_json` wrote."""
        return cls(
            users=values["users"],
            connections=values["connections"],
            seconds=values["seconds"],
            tallies={event: Tally(**columns) for event, columns in values["tallies"].items()},
            histograms={metric: Histogram.decode(text) for metric, text in values["histograms"].items()},
            counts=dict(values["counts"]),
            gauges=tuple(Gauge(**gauge) for gauge in values["gauges"]),
            stragglers=tuple(values["stragglers"]),
            incidents=tuple(Incident(**incident) for incident in values["incidents"]),
            notes=tuple(values["notes"]),
            steps=tuple(values["steps"]),
        )


def merge(accounts: Iterable[SwarmAccount]) -> SwarmAccount:
    """All processes as one: numbers added up, distributions merged, of each gauge the worst reading."""
    accounts = tuple(accounts)
    tallies: dict[str, Tally] = {}
    histograms: dict[str, Histogram] = {}
    counts: Counter[str] = Counter()
    for account in accounts:
        counts.update(account.counts)
        for event, tally in account.tallies.items():
            tallies.setdefault(event, Tally()).add(tally)
        for metric, samples in account.histograms.items():
            histograms.setdefault(metric, Histogram()).add(samples)
    return SwarmAccount(
        users=sum(account.users for account in accounts),
        connections=sum(account.connections for account in accounts),
        seconds=max((account.seconds for account in accounts), default=0.0),
        tallies=tallies,
        histograms=histograms,
        counts=dict(counts),
        gauges=saturation.worst(account.gauges for account in accounts),
        stragglers=tuple(name for account in accounts for name in account.stragglers),
        incidents=tuple(incident for account in accounts for incident in account.incidents),
        notes=tuple(dict.fromkeys(note for account in accounts for note in account.notes)),
        steps=tuple(dict.fromkeys(step for account in accounts for step in account.steps)),
    )


def _of(system: str, kept: Mapping[str, _Kept]) -> dict[str, _Kept]:
    """What is kept of a whole account, under the names that it has as that of one system."""
    return {scoped(metric, system): value for metric, value in kept.items() if "[" not in metric}


def _is_of(event: str, scope: str) -> bool:
    """Whether an event of an account, with its system where there are several, is within a scope."""
    return not scope or scope == event or event.endswith(f"/{scope}") or event.startswith(f"{scope}/")
