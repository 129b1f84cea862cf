"""A swarm as one call: Locust as a child process, bounded in time, its results read back. Knows nothing of gevent.

The child does all checks and writes the results folder, as it does when it is started by hand with `locust -f`.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import monotonic

from eventproof import extras, layout, port
from eventproof.errors import ContractViolation, EventproofError, Inconclusive, TargetUnavailable, UsageError
from eventproof.interruption import HEEDED
from eventproof.report import folder as folders
from eventproof.report import results_json
from eventproof.report.live import Watcher
from eventproof.report.records import Run
from eventproof.verdict import ExitCode

from . import handover
from .described import Description, described
from .entrance import LATEST
from .log import Log
from .window import Window

__all__ = ["scenario_of", "scenarios", "swarm"]

_LOG = "locust.log"
_START_SECONDS = 60.0
"""The most that a busy machine needs until its load generators have begun."""
_END_SECONDS = 90.0
"""The load generator bounds itself, by its deadline of a minute at most; beyond this it hangs, and is stopped."""
_POLL = 0.5
_ERRORS: Mapping[int, type[EventproofError]] = {
    ExitCode.FAIL: ContractViolation,
    ExitCode.USAGE: UsageError,
    ExitCode.INVALID: Inconclusive,
    ExitCode.UNAVAILABLE: TargetUnavailable,
}


def scenarios() -> tuple[Description, ...]:
    """The swarms that come with us: what each is about, its pace, options, what it measures and what it asks for."""
    return tuple(described(name, path) for name, path in _shipped().items())


def scenario_of(name: str) -> Description:
    """What a scenario or a locustfile says of itself; UsageError where there is none, or none that can be read."""
    path = _locustfile(name)
    try:
        return described(name, path)
    except (OSError, SyntaxError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as Python: {error}") from error


def swarm(
    scenario: str,
    target: str,
    users: int,
    spawn_rate: float,
    run_time: float,
    processes: int = 1,
    objectives: Iterable[str] = (),
    results: Path | None = None,
    *,
    environment: str | None = None,
    admins: int = 2,
    seed: int = 0,
    options: Iterable[str] = (),
    command: str = "",
    watcher: Watcher | None = None,
) -> Run:
    """Run a scenario (a name or the path of a locustfile) against a profile or URL, and give what came of it.

    `users` are those beside the `admins`; `run_time` is in seconds and includes the time in which users come in; where
    that takes longer than `spawn_rate` says, the run is longer by as much, up to `entrance.latest`. `options` go to the
    scenario as they are; `command` is what repeats the run; `watcher` is told how it goes on.
    The first Ctrl-C ends the run early with its results, the second one at once.
    Raises EventproofError where there are no results, KeyboardInterrupt where they were interrupted away.
    """
    extras.require("a swarm", "swarm")
    arguments = [
        *("-f", str(_locustfile(scenario)), "--headless", "--only-summary"),
        *("--users", str(users + admins), "--admins", str(admins)),
        *("--spawn-rate", str(spawn_rate), "--run-time", f"{max(round(run_time), 1)}s"),
        *("--target", target, "--seed", str(seed)),
        *(("--target-environment", environment) if environment else ()),
        *(part for line in objectives for part in ("--objective", line)),
    ]
    limit = _START_SECONDS + run_time + LATEST + _END_SECONDS
    with folders.prepared(results, "swarm") as folder, port.kept() as master:
        arguments += [*(_distributed(processes, master) if processes > 1 else ()), *options]
        handed = {handover.COMMAND: command} if command else {}
        code, was_interrupted, log = _run([*arguments, "--results", str(folder)], handed, limit, watcher)
        if (folder / "results.json").exists():
            log.write(folder / _LOG)
            return results_json.read(folder)
        if was_interrupted:
            raise KeyboardInterrupt
        error = _error(code, log.text())
        if type(error) is EventproofError:
            log.write(folder / _LOG)
        raise error


def _shipped() -> dict[str, Path]:
    """The locustfiles that come with us, by the names of their scenarios."""
    found = sorted(path for path in layout.LOADTESTS.glob("*.py") if not path.name.startswith("_"))
    return {path.stem: path for path in found}


def _locustfile(scenario: str) -> Path:
    shipped, path = _shipped(), Path(scenario)
    if scenario in shipped:
        return shipped[scenario]
    if path.suffix == ".py" and path.is_file():
        return path
    known = ", ".join(shipped)
    raise UsageError(f"there is no scenario {scenario}; there are {known}, or name a locustfile of yours")


def _distributed(processes: int, at: int) -> tuple[str, ...]:
    """One master and its workers on this machine; on a port of their own, so that several runs do not meet."""
    return (
        *("--processes", str(processes), "--expect-workers-max-wait", str(int(_START_SECONDS))),
        *("--master-bind-host", "127.0.0.1", "--master-bind-port", str(at)),
        *("--master-host", "127.0.0.1", "--master-port", str(at)),
    )


def _run(
    arguments: list[str],
    handed: Mapping[str, str],
    limit: float,
    watcher: Watcher | None,
) -> tuple[int, bool, Log]:
    """Run Locust to its end; its exit code, whether we were interrupted, and what it said."""
    # A session of its own: Ctrl-C reaches us alone, and the master asks its workers for what they have.
    window = Window()
    child = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "locust", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        bufsize=0,
        stderr=subprocess.STDOUT,
        env={**os.environ, **handed, **window.handed()},
        pass_fds=window.descriptors,
        start_new_session=True,
    )
    log = Log(child.stdout)  # type: ignore[arg-type]  # it is a pipe
    look = partial(_look, window, watcher)
    try:
        return _wait(child, limit, look), False, log
    except KeyboardInterrupt:
        HEEDED.accept()
        child.send_signal(signal.SIGINT)
        with suppress(KeyboardInterrupt):
            return _wait(child, _END_SECONDS, look), True, log
        return ExitCode.INTERRUPTED, True, log
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        window.close()


def _look(window: Window, watcher: Watcher | None, passed: float) -> None:
    """Tell who watches how it stands."""
    glance = window.look()
    if watcher is not None:
        watcher.passed(passed)
        if glance is not None:
            watcher.saw(glance)


def _wait(child: "subprocess.Popen[bytes]", limit: float, look: Callable[[float], None]) -> int:
    began = monotonic()
    while (passed := monotonic() - began) < limit:
        with suppress(subprocess.TimeoutExpired):
            return child.wait(_POLL)
        HEEDED.heed()
        look(passed)
    raise Inconclusive(f"the load generator did not end within {limit:.0f} s and was stopped")


def _error(code: int, log: str) -> EventproofError:
    """Why there are no results: our own sentence or Locust's where there is one, else the last line of its log."""
    lines = log.strip().splitlines() or ["it said nothing"]
    for mark in (r"eventproof: ", r"\S+: error: "):
        if said := [line[found.end() :] for line in lines if (found := re.match(mark, line))]:
            return _ERRORS.get(code, EventproofError)(said[-1])
    return EventproofError(f"the load generator ended without results: {lines[-1]}")
