"""The first minutes: the bundled server, its check, a swarm against it, and one report of both."""

from collections.abc import Sequence
from pathlib import Path
from shlex import join

from . import extras, reference
from .conform import launch
from .conform import run as conform
from .errors import UsageError
from .interruption import HEEDED
from .load import run as load
from .load.metrics import COUNTS, latencies
from .load.objectives import parse
from .report import folder as folders
from .report import formats
from .report.live import watching
from .report.merge import merge
from .report.progress import progress
from .report.records import Run
from .verdict import Outcome

__all__ = ["demo"]

_SCENARIO = "ban_storm"
_SPARE = 40
"""Identities beside the swarm's own, for the check."""


def demo(
    *,
    users: int = 200,
    admins: int = 2,
    run_time: float = 20.0,
    objectives: Sequence[str] = (),
    results: Path | None = None,
) -> tuple[Run, Path]:
    """Check all systems on the reference server, let a swarm loose on it; give the run of both, and its results folder.

    `objectives` are lines beside the swarm's own, or in place of those about the same. The folder holds the two runs'
    own folders as `check` and `swarm`. After an interrupted check there is no swarm.
    Raises what either of them raises.
    """
    extras.require("the demo", "server", "swarm")
    _refuse_unknown(objectives)
    folder = folders.prepare(results, "demo")
    asked = ["--users", str(users), "--run-time", f"{run_time:g}s"]
    asked += [word for line in objectives for word in ("--objective", line)]
    with reference.start(seed_users=users + _SPARE) as server:
        target = launch.target_of(str(server.profile))
        with progress() as listener:
            checked = conform.check(
                target,
                results=folders.prepare(folder / "check", "check"),
                command="eventproof check --reference",
                listener=listener,
            )
        runs = [checked]
        if checked.outcome is not Outcome.INTERRUPTED:
            with watching(f"a swarm of {users} users and {admins} admins, {run_time:g} s", run_time) as watcher:
                swarmed = load.swarm(
                    _SCENARIO,
                    str(server.profile),
                    users=users,
                    spawn_rate=users / 4,
                    run_time=run_time,
                    admins=admins,
                    objectives=objectives,
                    results=folder / "swarm",
                    command=join(["eventproof", "swarm", _SCENARIO, "--reference", *asked]),
                    watcher=watcher,
                )
            runs.append(swarmed)
    both = merge(runs, command=join(["eventproof", "demo", *asked]))
    formats.write_all(both, (), folder)
    HEEDED.heed()
    histories = [path.read_text("utf-8") for path in sorted(folder.glob("*/history.ndjson"))]
    folders.write(folder / "history.ndjson", "".join(histories))
    return both, folder


def _refuse_unknown(lines: Sequence[str]) -> None:
    """The swarm reads its objectives only when the check is over: raise UsageError now for what it would refuse."""
    scenario = load.scenario_of(_SCENARIO)
    known = {*latencies(), *COUNTS, *scenario.latencies, *scenario.counts}
    for line in lines:
        if parse(line, is_checked=False).metric not in known:
            raise UsageError(
                f'the objective "{line}" names an unknown metric; `eventproof swarm {_SCENARIO} --list` names them all'
            )
