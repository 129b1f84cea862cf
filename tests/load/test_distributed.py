"""Swarms of several processes, which are those of several machines but for the wire between them."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from eventproof import layout, port, reference
from eventproof.load.run import swarm
from eventproof.report import results_json
from eventproof.report.records import Run
from eventproof.verdict import ExitCode, Outcome, Verdict

from .patience import patient

_SHIFTED = Path(__file__).with_name("shifted_locust.py")
_DEADLINE = 90.0
_WATCHERS, _EDITORS = 12, 4
"""More editors than a worker would take there to be if nobody told it."""
_SHAPE = ("--update-rate=12", "--create-rate=1", "--plans=2", "--conflict-share=0", "--deadline=4")
_HABITS = ("--slow-share=0", "--resume-share=0", "--return-share=0", "--poll-share=0")
_PATIENT = patient("to_last")
_LOCUST = (sys.executable, "-m", "locust")
_MISSED: Final = "lost[user.banned] == 0, abort_after 1s"
_AT_ONCE: Final = 3


@pytest.fixture(scope="module")
def server() -> Iterator[reference.Reference]:
    with reference.start(systems=("plan-sync",), seed_users=40, options=("--log-level", "warning")) as running:
        yield running


@dataclass(frozen=True, slots=True)
class _Ended:
    """What a master said, with its exit code; what it wrote is in `folder`."""

    code: int
    said: str
    folder: Path


def _by_hand(
    target: str, folder: Path, workers: Sequence[tuple[Sequence[str], Path]], users: int = _WATCHERS + _EDITORS
) -> _Ended:
    """A master and these workers, each in a folder of its own, as a person starts them on several machines."""
    locustfile = ("-f", str(layout.LOADTESTS / "plan_watch.py"))
    shape = ("--users", str(users), "--admins", str(_EDITORS), "--spawn-rate", "50", "--run-time", "5s")
    results = ("--target", target, "--results", str(folder / "results"), "--objective", _PATIENT, *_SHAPE, *_HABITS)
    with port.kept() as at, ExitStack() as stack:
        bound = ("--master", "--master-bind-port", str(at), "--expect-workers", str(len(workers)), "--headless")
        for number, (command, place) in enumerate(workers):
            log = stack.enter_context((folder / f"worker-{number}.log").open("wb"))
            worker = subprocess.Popen(
                [*command, *locustfile, "--worker", "--master-port", str(at)], cwd=place, stdout=log, stderr=log
            )
            stack.callback(worker.wait)
            stack.callback(worker.kill)
        ended = subprocess.run(
            [*_LOCUST, *locustfile, *bound, *shape, *results],
            check=False,
            cwd=folder,
            timeout=_DEADLINE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    return _Ended(ended.returncode, ended.stdout, folder)


def _alone(server: reference.Reference, folder: Path) -> Run:
    shape = (_WATCHERS, 50, 5, 1, [_PATIENT], folder / "results")
    return swarm("plan_watch", str(server.profile), *shape, admins=_EDITORS, options=(*_SHAPE, *_HABITS))


def _two_workers(server: reference.Reference, folder: Path) -> _Ended:
    """One of them has a clock that is shifted by a thousand seconds."""
    return _by_hand(str(server.profile), folder, [(_LOCUST, folder), ((sys.executable, str(_SHIFTED), "1000"), folder)])


def _other_identities(server: reference.Reference, folder: Path) -> _Ended:
    """Of two workers, one has the same identities in another order."""
    folders = [folder / name for name in ("master", "same", "other")]
    for each in folders:
        each.mkdir()
        for name in (server.profile.name, "credentials.ndjson"):
            shutil.copy(server.profile.with_name(name), each)
    people = folders[2] / "credentials.ndjson"
    people.write_text("".join(reversed(people.read_text("utf-8").splitlines(keepends=True))))
    return _by_hand(server.profile.name, folders[0], [(_LOCUST, each) for each in folders[1:]], users=8)


def _busy(_server: reference.Reference, folder: Path) -> Run:
    busy = str(Path(__file__).with_name("busy_ban_storm.py"))
    with reference.start(systems=("user-state",), seed_users=16, options=("--log-level", "warning")) as running:
        return swarm(busy, str(running.profile), 6, 50, 4, results=folder / "results")


def _given_up(_server: reference.Reference, folder: Path, processes: int = 1) -> Run:
    options = ("--deadline", "1", "--multi-device", "0")
    with reference.start(
        systems=("user-state",), fault="event-not-sent", seed_users=24, options=("--log-level", "warning")
    ) as running:
        return swarm(
            *("ban_storm", str(running.profile), 8, 50, 100, processes, [_MISSED, patient("ban_to_logout")]),
            folder / "results",
            admins=1,
            options=options,
        )


def _given_up_by_two(server: reference.Reference, folder: Path) -> Run:
    return _given_up(server, folder, processes=2)


_Trial = Callable[[reference.Reference, Path], Any]
_Trials = Mapping[_Trial, Future[Any]]
_TRIALS: Final[Sequence[_Trial]] = (_two_workers, _alone, _given_up_by_two, _given_up, _busy, _other_identities)
"""Those that take longest come first."""


@pytest.fixture(scope="module")
def runs(server: reference.Reference, tmp_path_factory: pytest.TempPathFactory) -> _Trials:
    """Each of them, several at a time: they wait more than they work."""
    folders = [tmp_path_factory.mktemp("run") for _ in _TRIALS]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return {run: pool.submit(run, server, folder) for run, folder in zip(_TRIALS, folders, strict=True)}


def _is_whole(run: Run) -> None:
    """Every change was expected at every watcher, in whatever process it was made and in whatever one they are."""
    accounts = {delivery.event: delivery for delivery in run.delivery}
    changes = next(latency.count for latency in run.latency if latency.metric == "to_last")
    # In a run of a few seconds it may be that nobody deletes.
    told = [accounts[event] for event in ("UPDATE", "DELETE") if event in accounts]
    assert sum(account.expected for account in told) == changes * _WATCHERS > 0
    assert all(account.expected == account.delivered for account in accounts.values())
    assert not any(account.leaked or account.duplicate or account.out_of_order for account in accounts.values())
    assert run.load is not None
    assert run.load.users == _WATCHERS
    # Thirteen a second are asked for of all editors together, and each may begin with one at once.
    assert changes <= 13 * run.load.seconds + 2 * _EDITORS


def test_two_workers_of_which_one_has_a_shifted_clock_account_for_as_much_as_one_process(runs: _Trials) -> None:
    run: Run = runs[_alone].result()
    assert run.outcome is Outcome.PASS, run.notes
    _is_whole(run)
    ended: _Ended = runs[_two_workers].result()
    assert ended.code == ExitCode.PASS, ended.said
    shared = results_json.read(ended.folder / "results")
    _is_whole(shared)
    (note,) = shared.notes
    assert note.startswith("the clock of worker ")
    assert 999.9 < float(note.split(" is ")[1].split(" s ")[0]) < 1000.1
    assert "ahead of the master's, give or take " in note
    assert shared.load is not None
    assert {gauge.name: gauge.value for gauge in shared.load.gauges}["clock uncertainty"] > 0
    assert max(latency.maximum for latency in shared.latency) < 20_000


def test_a_worker_whose_profile_names_other_identities_takes_no_part(runs: _Trials) -> None:
    ended: _Ended = runs[_other_identities].result()
    assert ended.code == ExitCode.USAGE, ended.said
    assert "cannot take part: " in ended.said
    assert "names another target or other identities than the master's" in ended.said


def test_a_generator_that_is_busy_with_something_else_makes_the_run_invalid(runs: _Trials) -> None:
    run: Run = runs[_busy].result()
    assert run.outcome is Outcome.INVALID
    assert run.load is not None
    assert "event loop lag" in run.load.saturated
    assert any(note.startswith("invalid: the load generator was saturated") for note in run.notes)


@pytest.mark.parametrize(("which", "processes"), [(_given_up, 1), (_given_up_by_two, 2)])
def test_a_run_that_misses_an_objective_for_long_is_ended(runs: _Trials, which: _Trial, processes: int) -> None:
    run: Run = runs[which].result()
    assert run.outcome is Outcome.FAIL
    idle = [note for note in run.notes if note.startswith("nobody acted on the users of worker ")]
    assert len(idle) == processes - 1
    assert any(note == f"ended early: {_MISSED} was missed for 1 s" for note in run.notes)
    judged = {one.expression: one for one in run.objectives}[_MISSED]
    assert judged.verdict is Verdict.FAIL
    assert judged.observed.endswith("missed for 1 s, which ended the run")
    assert run.seconds < 60
