"""Ban to logout on this machine: the ban storm against the bundled server, `python benchmarks/ban_to_logout.py`.

Printed: every latency with its sample count, the bare WebSocket echo of the same run as the floor, and the memory
of the load generator and of the server. `--users 18000 --multi-device 0 --spawn-rate 400 --run-time 150`
shows how many connections one process holds.
"""

import argparse
import tempfile
import threading
from pathlib import Path

import psutil

from eventproof import reference
from eventproof.load.run import swarm
from eventproof.report.records import Run


class Memory:
    """The largest resident memory of our child processes, sampled while they run."""

    def __init__(self) -> None:
        self.peak = {"generator": 0, "server": 0}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()

    def _sample(self) -> None:
        while not self._ended.wait(0.5):
            sizes = {"generator": 0, "server": 0}
            for child in psutil.Process().children(recursive=True):
                try:
                    kind = "generator" if "locust" in child.cmdline() else "server"
                    sizes[kind] += child.memory_info().rss
                except psutil.Error:
                    continue
            self.peak = {kind: max(self.peak[kind], size) for kind, size in sizes.items()}

    def end(self) -> None:
        """Stop sampling."""
        self._ended.set()
        self._thread.join()


def measure(options: argparse.Namespace) -> tuple[Run, Memory]:
    """One run against a server of its own."""
    shape = [
        f"--{name.replace('_', '-')}={getattr(options, name)}" for name in ("multi_device", "ban_rate", "tier_rate")
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        reference.start(
            seed_users=options.users + 2 * options.processes, quick=False, options=("--log-level", "warning")
        ) as server,
    ):
        memory = Memory()
        try:
            run = swarm(
                "ban_storm",
                str(server.profile),
                options.users,
                options.spawn_rate,
                options.run_time,
                options.processes,
                results=Path(folder) / "results",
                options=shape,
            )
        finally:
            memory.end()
    return run, memory


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--spawn-rate", type=float, default=200)
    parser.add_argument("--run-time", type=float, default=60)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--multi-device", type=float, default=0.3)
    parser.add_argument("--ban-rate", type=float, default=4)
    parser.add_argument("--tier-rate", type=float, default=4)
    run, memory = measure(parser.parse_args())
    assert run.load is not None  # noqa: S101 - every swarm has one
    print(f"{run.outcome.value}: {run.load.users} users, {run.load.connections} connections at once")
    print(*(f"{one.verdict.value}: {one.expression} ({one.observed})" for one in run.objectives), *run.notes, sep="\n")
    print(f"\n{'ms':24}{'count':>8}{'p50':>10}{'p90':>10}{'p99':>10}{'max':>10}")
    for one in run.latency:
        print(f"{one.metric:24}{one.count:8}{one.p50:10.2f}{one.p90:10.2f}{one.p99:10.2f}{one.maximum:10.2f}")
    print()
    for account in run.delivery:
        print(account)
    for gauge in run.load.gauges:
        print(f"{gauge.name}: {gauge.value:g} {gauge.unit} (at most {gauge.limit:g})")
    for kind, peak in memory.peak.items():
        print(f"memory of the {kind}: {peak / 1e6:.0f} MB at most")


if __name__ == "__main__":
    main()
