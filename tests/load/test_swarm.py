"""Swarms end to end: Locust, its workers and the reference server are processes of their own."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from eventproof import layout, port, reference
from eventproof.errors import TargetUnavailable, UsageError
from eventproof.load.run import swarm
from eventproof.report import results_json
from eventproof.report.records import Delivery, Glance, Run
from eventproof.report.terminal import summary
from eventproof.verdict import ExitCode, Outcome, Verdict

from .patience import patient

_USERS = 24
_SERVER = {"seed_users": _USERS + 8, "options": ("--log-level", "warning")}
_PATIENT = patient("ban_to_logout")
_FAULTS = {
    "event-not-sent": ("--multi-device", "0"),
    "other-user-told": ("--multi-device", "0"),
    "one-session-forgotten": ("--multi-device", "1"),
    "token-not-revoked": ("--multi-device", "0"),
}
_LOCUSTFILE = layout.LOADTESTS / "ban_storm.py"
_DEADLINE = 60.0


class _Watcher:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.told: list[float] = []
        self.seen: list[Glance] = []

    def passed(self, seconds: float) -> None:
        self.told.append(seconds)

    def saw(self, glance: Glance) -> None:
        self.seen.append(glance)


@pytest.fixture(scope="module")
def server() -> Iterator[reference.Reference]:
    with reference.start(**_SERVER) as running:  # type: ignore[arg-type] # a mapping of several types
        yield running


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Run]:
    """A swarm against each fault, all at once."""

    def run(fault: str, options: tuple[str, ...]) -> Run:
        results = tmp_path_factory.mktemp(fault) / "results"
        options = ("--deadline", "1", *options)
        with reference.start(fault=fault, **_SERVER) as running:  # type: ignore[arg-type] # a mapping of several types
            return swarm(
                "ban_storm", str(running.profile), 8, 50, 4, objectives=[_PATIENT], results=results, options=options
            )

    with ThreadPoolExecutor(len(_FAULTS)) as pool:
        return dict(zip(_FAULTS, pool.map(run, _FAULTS, _FAULTS.values()), strict=True))


def _delivery(run: Run, event: str) -> Delivery:
    return next(delivery for delivery in run.delivery if delivery.event == event)


def _objective(run: Run, metric: str) -> Verdict:
    return next(one.verdict for one in run.objectives if one.expression.startswith(metric))


@pytest.mark.measured
def test_a_swarm_of_two_processes_passes_and_leaves_its_results(server: reference.Reference, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    watcher = _Watcher()
    run = swarm(
        "ban_storm",
        str(server.profile),
        _USERS,
        50,
        6,
        2,
        [_PATIENT],
        folder,
        command="eventproof swarm ban_storm",
        watcher=watcher,
    )
    assert (run.outcome, run.notes, run.command) == (Outcome.PASS, (), "eventproof swarm ban_storm"), summary(run)
    assert run.load is not None
    assert (run.load.users, run.load.processes, run.load.stragglers) == (_USERS, 2, ())
    assert (run.load.scenario, [one.system for one in run.contracts]) == ("ban_storm", ["user-state"])
    assert run.load.connections > _USERS
    banned, tier = _delivery(run, "user.banned"), _delivery(run, "user.tier.updated")
    for account in (banned, tier):
        assert account.expected == account.delivered > 0
        assert account.lost == account.duplicate == account.out_of_order == account.leaked == 0
    counts = {latency.metric: latency.count for latency in run.latency}
    assert counts["ban_to_event"] == counts["ban_to_closed"] == banned.delivered
    assert counts["ban_to_logout"] == counts["ban_to_answer"] == counts["ban_to_refused"] > 0
    assert counts["floor: websocket echo"] > 0
    assert counts["ban_to_logout (service)"] == counts["ban_to_logout"]
    assert watcher.told == sorted(watcher.told)
    assert watcher.seen[-1].seconds > watcher.seen[0].seconds
    assert sum(one.delivered for one in watcher.seen[-1].delivery) > 0
    assert run.series is not None
    assert max(run.series.connections) == pytest.approx(run.load.connections, rel=0.2)
    assert {flow.name: sum(flow.values) for flow in run.series.flows}["delivered"] == banned.delivered + tier.delivered
    assert {one.metric: sum(one.counts) for one in run.series.courses} == {
        metric: count
        for metric, count in counts.items()
        if not metric.startswith("floor") and not metric.endswith("(service)")
    }
    assert results_json.read(folder) == run
    assert {"results.json", "report.html", "locust.log"} <= {path.name for path in folder.iterdir()}
    assert "eyJ" not in "".join(path.read_text() for path in folder.iterdir())


@pytest.mark.parametrize("processes", [1, 2])
def test_users_who_come_in_late_take_nothing_from_what_is_measured(
    server: reference.Reference, tmp_path: Path, processes: int
) -> None:
    """They come in at three a second, which takes 4 s; at 50, as planned, 0.3 s of the 5 s of the run."""
    scenario = Path(__file__).with_name("slow_entrance.py")
    run = swarm(str(scenario), str(server.profile), 12, 50, 5, processes, [_PATIENT], tmp_path / "results")
    assert run.load is not None
    assert run.load.seconds >= 4.5, summary(run)


def test_an_event_that_is_not_sent_is_lost(faulty: Mapping[str, Run]) -> None:
    run = faulty["event-not-sent"]
    account = _delivery(run, "user.banned")
    assert account.lost == account.expected > 0
    assert (run.outcome, _objective(run, "lost")) == (Outcome.FAIL, Verdict.FAIL)


def test_an_event_told_to_others_is_leaked(faulty: Mapping[str, Run]) -> None:
    run = faulty["other-user-told"]
    assert _delivery(run, "user.banned").leaked > 0
    assert _delivery(run, "user.banned").lost == 0
    assert (run.outcome, _objective(run, "leaked")) == (Outcome.FAIL, Verdict.FAIL)


def test_a_session_that_outlives_its_ban_is_named(faulty: Mapping[str, Run]) -> None:
    run = faulty["one-session-forgotten"]
    assert run.load is not None
    assert any("on device" in name for name in run.load.stragglers)
    assert (run.outcome, _objective(run, "stragglers")) == (Outcome.FAIL, Verdict.FAIL)


def test_a_token_that_outlives_its_ban_is_named(faulty: Mapping[str, Run]) -> None:
    run = faulty["token-not-revoked"]
    assert run.load is not None
    assert any(name.startswith("the token of") for name in run.load.stragglers)
    assert run.outcome is Outcome.FAIL


@contextmanager
def _locust(server: reference.Reference, folder: Path, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Locust as a person starts it."""
    arguments = ["--users", "10", "--spawn-rate", "50", "--target", str(server.profile), "--results", str(folder / "r")]
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "locust", "-f", str(_LOCUSTFILE), *arguments, *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield child
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


@contextmanager
def _workers(
    server: reference.Reference, folder: Path, processes: int, *options: str, at: int | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """A master and its workers, without a web UI; at a port of their own where none is given."""
    with ExitStack() as stack:
        number = str(at or stack.enter_context(port.kept()))
        place = ("--processes", str(processes), "--master-bind-port", number, "--master-port", number)
        lasting = ("--headless", "--objective", _PATIENT)
        yield stack.enter_context(_locust(server, folder, *place, *lasting, *options))


def _await(what: Callable[[], Any], child: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _DEADLINE
    while not what():
        assert child.poll() is None, "it ended before"
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _says(folder: Path, words: str) -> bool:
    return words in (folder / "log").read_text("utf-8", "replace")


def _has_spawned(folder: Path) -> bool:
    """Locust says it in other words where a busy worker's report is late."""
    return _says(folder, "All users spawned") or _says(folder, "Spawning is complete")


def _connects_told(folder: Path) -> int:
    """How many sessions of all workers Locust's table has, which it prints every two seconds."""
    told = re.findall(r"latency\s+connect\s+(\d+)", (folder / "log").read_text("utf-8", "replace"))
    return max(map(int, told), default=0)


def _tables(folder: Path) -> int:
    """How often Locust has printed its table."""
    return (folder / "log").read_text("utf-8", "replace").count("Aggregated")


def test_a_killed_worker_makes_the_run_incomplete_and_its_users_are_named(
    server: reference.Reference, tmp_path: Path
) -> None:
    lasting = ("--run-time", "15s", "--deadline", "1", "--multi-device", "0")
    with _workers(server, tmp_path, 2, *lasting) as master:
        _await(lambda: _connects_told(tmp_path) >= 8, master)
        psutil.Process(master.pid).children()[0].kill()
        assert master.wait(_DEADLINE) == ExitCode.INVALID
    run = results_json.read(tmp_path / "r")
    (note,) = (note for note in run.notes if note.startswith("incomplete: no last account came from 1 of 2 workers"))
    assert run.load is not None
    lost = 8 - run.load.users
    assert 0 < lost < 8
    assert f", and with it {lost} users: user-" in note
    history = (tmp_path / "r" / "history.ndjson").read_text("utf-8")
    assert history.count("was lost with worker") == lost


def test_a_worker_that_is_silent_for_some_seconds_is_not_lost(server: reference.Reference, tmp_path: Path) -> None:
    with _workers(server, tmp_path, 2, "--run-time", "15s", "--deadline", "1", "--multi-device", "0") as master:
        _await(lambda: _connects_told(tmp_path) >= 8, master)
        workers = psutil.Process(master.pid).children()
        for worker in workers:
            worker.suspend()
        tables = _tables(tmp_path)
        _await(lambda: _tables(tmp_path) >= tables + 3, master)  # One every two seconds.
        for worker in workers:
            worker.resume()
        master.wait(_DEADLINE)
    run = results_json.read(tmp_path / "r")
    assert not [note for note in run.notes if note.startswith("incomplete")]
    assert run.load is not None
    assert run.load.users == 8


def test_a_worker_that_joins_late_makes_the_run_invalid(server: reference.Reference, tmp_path: Path) -> None:
    # The late worker has to be there before the end, however busy the machine is.
    with port.kept() as at, _workers(server, tmp_path, 1, "--run-time", "20s", at=at) as master:
        late = [sys.executable, "-m", "locust", "-f", str(_LOCUSTFILE), "--worker", "--master-port", str(at)]
        _await(lambda: _has_spawned(tmp_path), master)
        with subprocess.Popen(late, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as worker:
            try:
                assert master.wait(_DEADLINE) == ExitCode.INVALID
            finally:
                worker.kill()
    assert any("worker 2 joined when the run had begun" in note for note in results_json.read(tmp_path / "r").notes)


def test_under_plain_locust_the_web_ui_shows_the_deliveries_on_loopback(
    server: reference.Reference, tmp_path: Path
) -> None:
    # On a busy machine a ban and its login take a second: with more of them, nobody is left to act on.
    slowly = ("--autostart", "--objective", _PATIENT, "--ban-rate", "2", "--tier-rate", "1")
    with port.kept() as at, _locust(server, tmp_path, "--web-port", str(at), *slowly) as child:
        _await(lambda: _has_spawned(tmp_path), child)
        listening = {one.laddr.ip for one in psutil.Process(child.pid).net_connections("tcp") if one.laddr.port == at}
        assert listening == {"127.0.0.1"}
        with urllib.request.urlopen(f"http://127.0.0.1:{at}/", timeout=10) as page:
            assert re.search(r'"missing_host_warning": ?false', page.read().decode())
        _await(lambda: _bans_shown(at) > 2, child)
        os.kill(child.pid, signal.SIGINT)
        code = child.wait(_DEADLINE)
    run = results_json.read(tmp_path / "r")
    assert (code, run.outcome) == (ExitCode.PASS, Outcome.PASS), summary(run)


def _bans_shown(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/stats/requests", timeout=10) as answer:
        (table,) = json.load(answer)["extended_stats"]
    return sum(row["delivered"] for row in table["data"] if row["event"] == "user.banned")


def test_an_interrupted_swarm_keeps_its_results(server: reference.Reference, tmp_path: Path) -> None:
    script = (
        "import sys, pathlib; from eventproof.load.run import swarm;"
        f"run = swarm('ban_storm', {str(server.profile)!r}, 8, 50, 60, results=pathlib.Path({str(tmp_path / 'r')!r}));"
        "print(run.outcome.value, any(one.metric == 'connect' for one in run.latency))"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, start_new_session=True) as child:
        _await(lambda: _sessions(child.pid, server.url) >= 8, child)
        os.kill(child.pid, signal.SIGINT)
        output, _ = child.communicate(timeout=_DEADLINE)
    assert output.split() == [b"interrupted", b"True"]


def _sessions(pid: int, url: str) -> int:
    """How many connections to a server the children of a process have."""
    children = psutil.Process(pid).children()
    connections = [at for child in children for at in child.net_connections("tcp") if at.raddr]
    return sum(url.endswith(f":{at.raddr.port}") for at in connections)


def _refused(target: str, folder: Path, error: type[Exception], words: str, **options: Any) -> None:
    with pytest.raises(error, match=words):
        swarm("ban_storm", target, **{"users": 8, "spawn_rate": 50, "run_time": 5, "results": folder, **options})
    assert not folder.exists(), "what could not begin leaves nothing behind"


def test_what_cannot_be_run_is_refused_in_a_sentence(server: reference.Reference, tmp_path: Path) -> None:
    profile = str(server.profile)
    refusals: list[tuple[str, type[Exception], str, dict[str, Any]]] = [
        (profile, UsageError, "names an unknown metric", {"objectives": ["happiness == 1"]}),
        (profile, UsageError, "500 users need 500 identities", {"users": 500}),
        (
            profile,
            UsageError,
            "no option frobnicate: the scenario has ban-rate, tier-rate",
            {"options": ["--frobnicate=1"]},
        ),
        (str(tmp_path / "none.toml"), UsageError, "there is no such profile", {}),
    ]
    with port.kept() as nobody, ThreadPoolExecutor(2) as pool:
        refusals.append((f"http://127.0.0.1:{nobody}", TargetUnavailable, "cannot be reached", {"admins": 0}))
        outcomes = [
            pool.submit(_refused, target, tmp_path / str(number), error, words, **options)
            for number, (target, error, words, options) in enumerate(refusals)
        ]
        for outcome in outcomes:
            outcome.result(_DEADLINE)
