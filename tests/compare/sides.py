"""Sides of a comparison, made of the sample runs of the reports."""

from dataclasses import replace

from eventproof.compare import Side
from eventproof.report.records import Delivery, Latency, RequirementResult, Run
from eventproof.verdict import Verdict
from tests.report import samples


def side(name: str, *runs: Run) -> Side:
    return Side(name, runs)


def latency(metric: str, count: int, median: float, *, spread: float = 0.2, salt: str = "") -> Latency:
    """Samples around `median` milliseconds; another `salt` gives others of the same kind."""
    drawn = samples.distribution(f"{metric}{salt}", "what it measures", count, median, spread=spread)
    return replace(drawn, metric=metric)


def floor(median: float) -> Latency:
    return samples.distribution("echo", "a bare echo", 2_000, median, spread=0.05, floor=True)


def timed(*latencies: Latency) -> Run:
    return replace(samples.swarm(), latency=latencies, objectives=(), delivery=())


def delivered(*accounts: Delivery) -> Run:
    return replace(samples.swarm(), latency=(), objectives=(), delivery=accounts)


def judged(verdict: Verdict, reason: str = "", *, name: str = "UST-BAN-2", selected: bool = True) -> Run:
    line: RequirementResult = replace(samples.requirement(name, verdict=verdict, reason=reason), selected=selected)
    return samples.run(line)
