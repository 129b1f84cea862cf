"""metrics.prom: the run in Prometheus' text format, for a Pushgateway or the text file collector of a node exporter.

Each figure is the last word on the run, so all are gauges: nothing goes on growing.
"""

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from eventproof.history import Record
from eventproof.verdict import Verdict, exit_code

from . import digest
from .records import Run
from .visible import shown

__all__ = ["render"]

_LENGTH = 300

Sample = tuple[Mapping[str, str], float]


def render(run: Run, _history: Iterable[Record] = ()) -> str:
    """The text of metrics.prom."""
    registry = CollectorRegistry()
    registry.register(_Told(run))
    return generate_latest(registry).decode("utf-8")


class _Told(Collector):
    """The metrics of one run, those left out of which it has nothing to say."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def collect(self) -> Iterator[Metric]:
        for name, what, samples in _metrics(self._run):
            family = GaugeMetricFamily(f"eventproof_{name}", what)
            told = [({key: shown(label, _LENGTH) for key, label in labels.items()}, value) for labels, value in samples]
            # Two figures of one name and the same labels would be refused: the later one counts.
            for labels, value in {tuple(labels.items()): (labels, value) for labels, value in told}.values():
                family.add_sample(family.name, labels, value)
            if family.samples:
                yield family


def _metrics(run: Run) -> Iterator[tuple[str, str, Iterable[Sample]]]:
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
    yield (
        "events",
        "What became of the events that somebody was to receive.",
        [
            ({"event": one.event, "outcome": column}, getattr(one, column))
            for one in run.delivery
            for column in digest.ACCOUNT
        ],
    )
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
