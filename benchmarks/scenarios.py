"""A swarm on the reference server and on stock python-socketio, beside each other: `python benchmarks/scenarios.py`.

Both serve as much of Shield as its members need; each scenario is run on a new server of each, one after the other.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Final

from benchmarks.serving.command import chosen, machine, whole
from benchmarks.serving.hosts import ADMINS, HOSTS, SYSTEM
from benchmarks.serving.process import NotStarted
from eventproof.load.run import swarm
from eventproof.report.records import Run
from eventproof.verdict import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a scenario is here, and for how many seconds it runs."""

    users: int
    spawn_rate: float
    seconds: float
    options: tuple[str, ...]


SHAPES: Final[Mapping[str, Shape]] = {
    "jitter": Shape(200, 200, 40, ("--away-every=5", "--away-for=2", "--tell-rate=50")),
    "deploy": Shape(200, 200, 40, ("--nodes=2", "--node-every=12", "--tell-rate=50")),
    "connection_scale": Shape(4000, 500, 60, ("--steps=4",)),
}
"""The scenarios, by the names that `--scenarios` takes."""
_COUNTS: Final = ("lost", "away", "duplicate", "out_of_order", "leaked")
_LATENCIES: Final = ("told", "connect", "reconnect", "all_back", "caught_up")
_MOST_USERS: Final = 18_000
_DOES_NOT_COUNT: Final = (Outcome.INVALID, Outcome.ERROR, Outcome.INTERRUPTED)


def measure(scenario: str, shape: Shape, servers: Sequence[str], folder: Path) -> dict[str, Run]:
    """The run of a scenario on each of the servers. Raises NotStarted, or what a swarm raises."""
    runs: dict[str, Run] = {}
    for name in servers:
        size = f"{shape.users} users, {shape.spawn_rate:g} a second, {shape.seconds:g} s"
        print(f"{scenario}, {name}: {size}", file=sys.stderr, flush=True)
        with HOSTS[name](shape.users) as profile:
            runs[name] = swarm(
                scenario,
                str(profile),
                shape.users,
                shape.spawn_rate,
                shape.seconds,
                results=folder / scenario / name,
                admins=ADMINS,
                options=(f"--system={SYSTEM}", *shape.options),
            )
    return runs


def table(scenario: str, runs: Mapping[str, Run]) -> Iterator[str]:
    """The accounts beside each other, in Markdown; then what each run has to say."""
    yield f"| {scenario} | {' | '.join(runs)} |"
    yield f"| --- {'| --- ' * len(runs)}|"
    for name, cells in _rows(list(runs.values())):
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""
    for server, run in runs.items():
        yield from (f"- {server}: {note}" for note in run.notes)


def _rows(runs: Sequence[Run]) -> Iterator[tuple[str, list[str]]]:
    yield "outcome", [_outcome(run) for run in runs]
    yield "events caused for somebody", [f"{_total(run, 'expected') + _total(run, 'away'):,}" for run in runs]
    yield "of these delivered", [_delivered(run) for run in runs]
    for column in _COUNTS:
        yield column.replace("_", " "), [f"{_total(run, column):,}" for run in runs]
    for metric in _LATENCIES:
        cells = [_latency(run, metric) for run in runs]
        if any(cells):
            yield f"{metric}, p50 / p99 / max ms", [cell or "–" for cell in cells]


def _total(run: Run, column: str) -> int:
    return sum(getattr(delivery, column) for delivery in run.delivery)


def _delivered(run: Run) -> str:
    caused = _total(run, "expected") + _total(run, "away")
    return f"{_total(run, 'delivered') * 100 / caused:.4g} %" if caused else "–"


def _latency(run: Run, metric: str) -> str:
    found = next((one for one in run.latency if one.metric == metric and one.count), None)
    return f"{found.p50:,.3g} / {found.p99:,.3g} / {found.maximum:,.3g}" if found else ""


def _outcome(run: Run) -> str:
    missed = [one.expression for one in run.objectives if one.verdict is Verdict.FAIL]
    return f"{run.outcome.value}{': ' if missed else ''}{', '.join(missed)}"


def _above_zero(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code is 1 where a run says nothing: it was invalid, or did not come to its end."""
    parser = argparse.ArgumentParser(description=__doc__, usage=argparse.SUPPRESS)
    parser.add_argument("--scenarios", default=",".join(SHAPES), help=f"which of {', '.join(SHAPES)}; all")
    parser.add_argument("--servers", default=",".join(HOSTS), help=f"which of {', '.join(HOSTS)}; all")
    parser.add_argument("--users", type=whole("users", _MOST_USERS), help="how many; each scenario has its own number")
    parser.add_argument("--spawn-rate", type=_above_zero, help="how many come a second; each scenario has its own rate")
    parser.add_argument("--run-time", type=_above_zero, help="for how many seconds; each scenario has its own")
    options = parser.parse_args(arguments)
    scenarios = chosen(parser, "scenario", options.scenarios, SHAPES, exact=True)
    servers = chosen(parser, "server", options.servers, HOSTS, exact=True)
    counts = True
    print(machine())
    with tempfile.TemporaryDirectory(prefix="eventproof-") as folder:
        for scenario in scenarios:
            usual = SHAPES[scenario]
            shape = replace(
                usual,
                users=options.users or usual.users,
                spawn_rate=options.spawn_rate or usual.spawn_rate,
                seconds=options.run_time or usual.seconds,
            )
            try:
                runs = measure(scenario, shape, servers, Path(folder))
            except NotStarted as problem:
                parser.exit(1, f"{problem}\n")
            print("", *table(scenario, runs), sep="\n", flush=True)
            counts = counts and not any(run.outcome in _DOES_NOT_COUNT for run in runs.values())
    return 0 if counts else 1


if __name__ == "__main__":
    sys.exit(main())
