"""Prometheus' text format: of a run as metrics.prom, for a Pushgateway or the text file collector of a node exporter,
and of how one stands, for whoever scrapes it.

Each figure is the last word, and the next run begins anew, so all are gauges.
"""

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from eventproof.history import Record
from eventproof.verdict import Verdict, exit_code

from . import digest
from .records import Delivery, Glance, Run
from .visible import shown

__all__ = ["CONTENT_TYPE", "live", "render"]

_LENGTH = 300

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
"""Of what this module writes."""

Sample = tuple[Mapping[str, str], float]
Told = tuple[str, str, Iterable[Sample]]
"""A metric: its name, what it says, its samples."""


def render(run: Run, _history: Iterable[Record] = ()) -> str:
    """The text of metrics.prom."""
    return _text(_metrics(run))


def live(glance: Glance | None) -> str:
    """How a swarm stands; nothing where none runs."""
    return "" if glance is None else _text(_standing(glance))


def _text(metrics: Iterable[Told]) -> str:
    registry = CollectorRegistry()
    registry.register(_Teller(tuple(metrics)))
    return generate_latest(registry).decode("utf-8")


class _Teller(Collector):
    """Tells metrics, those left out that have no sample."""

    def __init__(self, metrics: Iterable[Told]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        for name, what, samples in self._metrics:
            family = GaugeMetricFamily(f"eventproof_{name}", what)
            told = [({key: shown(label, _LENGTH) for key, label in labels.items()}, value) for labels, value in samples]
            # Two figures of one name and the same labels would be refused: the later one counts.
            for labels, value in {tuple(labels.items()): (labels, value) for labels, value in told}.values():
                family.add_sample(family.name, labels, value)
            if family.samples:
                yield family


def _standing(glance: Glance) -> Iterator[Told]:
    recent = glance.recent
    yield "connections", "Connections that are open.", [({}, value) for value in recent.connections[-1:]]
    yield _events(glance.delivery)
    yield (
        "latency_recent_seconds",
        f"A quantile of the last {recent.seconds:g} s, from the intended time of the action.",
        [
            ({"metric": course.metric, "quantile": quantile}, value / 1e3)
            for course in recent.courses
            for quantile, values in (("0.5", course.p50), ("0.99", course.p99))
            for count, value in zip(course.counts[-1:], values[-1:], strict=False)
            if count
        ],
    )


def _events(delivery: Iterable[Delivery]) -> Told:
    return (
        "events",
        "What became of the events that somebody was to receive.",
        [
            ({"event": one.event, "outcome": column}, getattr(one, column))
            for one in delivery
            for column in digest.ACCOUNT
        ],
    )


def _metrics(run: Run) -> Iterator[Told]:
    about = {"kind": run.kind, "target": run.target, "tool": run.tool, "verdict": run.outcome.value}
    yield "run_info", "What was run, and its verdict; always 1.", [(about, 1)]
    yield (
        "run_exit_code",
        "0 pass, 1 failed, 3 invalid, 4 unavailable, 130 interrupted.",
        [({}, exit_code(run.outcome))],
    )
    yield "run_duration_seconds", "How long it took.", [({}, run.seconds)]
    tally = digest.tally(run).items()
    yield "requirements", "How many have which verdict.", [({"verdict": one.value}, count) for one, count in tally]
    yield (
        "objective_met",
        "1 where it is met, 0 where it is missed or cannot be judged.",
        [
            ({"objective": one.expression, "verdict": one.verdict.value}, one.verdict is Verdict.PASS)
            for one in run.objectives
        ],
    )
    yield _events(run.delivery)
    yield (
        "latency_seconds",
        "From the intended time of the action; a quantile, or the maximum as 1.",
        [
            ({"metric": one.metric, "quantile": f"{share:g}"}, value / 1e3)
            for one in run.latency
            if one.count
            for share, value in (
                *((share, getattr(one, field)) for _, field, share in digest.QUANTILES),
                (1.0, one.maximum),
            )
        ],
    )
    yield (
        "latency_samples",
        "How many samples a latency has.",
        [({"metric": one.metric}, one.count) for one in run.latency],
    )
    if run.load is None:
        return
    yield "load_users", "Users that were played.", [({}, run.load.users)]
    yield "load_connections", "Connections that were open at once, at most.", [({}, run.load.connections)]
    yield (
        "load_generator",
        "Readings of the load generator's own health.",
        [({"reading": one.name, "unit": one.unit}, one.value) for one in run.load.gauges],
    )
    yield (
        "load_generator_limit",
        "Above these the figures are not believed.",
        [({"reading": one.name, "unit": one.unit}, one.limit) for one in run.load.gauges],
    )
