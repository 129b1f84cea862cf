"""Swarms against targets that hang, drip, flood, lie and forget: each ends in time, in bounds, with the right word."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import psutil
import pytest

from eventproof.errors import EventproofError, Inconclusive, TargetUnavailable, UsageError
from eventproof.load.run import swarm
from eventproof.report.records import Run
from eventproof.verdict import Outcome, Verdict

from .hostile import MOST_BYTES, START_SECONDS, serving, watched
from .patience import patient

_USERS, _RUN_SECONDS, _DEADLINE = 6, 3, 1
_PROGRAM = "hostile_target.py"
_PASSWORD = "a password that nobody may read"


def _profile(url: str, folder: Path) -> str:
    people = [("admins", "admin"), *(("users", f"u{number}") for number in range(_USERS))]
    identities = "".join(
        f'[[identities.{role}]]\nid = "{name}"\nemail = "{name}@x.example"\npassword = "{_PASSWORD}"\n'
        for role, name in people
    )
    path = folder / "eventproof.toml"
    path.write_text(f'base_url = "{url}"\nsystems = ["user-state"]\n[budgets]\ncall = 4\n{identities}')
    return str(path)


@dataclass
class Tried:
    """What came of one swarm; `said` is everything in its results folder."""

    run: Run
    seconds: float
    bytes: int
    said: str
    tiers: str


def _try(manner: str, folder: Path) -> Tried:
    with serving(_PROGRAM, manner) as url, watched() as most:
        began = time.monotonic()
        run = swarm(
            "ban_storm",
            _profile(url, folder),
            _USERS,
            50,
            _RUN_SECONDS,
            1,
            [patient("ban_to_logout")],
            folder / "results",
            admins=1,
            options=["--ban-rate=2", "--tier-rate=2", "--multi-device=0", f"--deadline={_DEADLINE}"],
        )
        seconds = time.monotonic() - began
        said = "".join(path.read_text() for path in (folder / "results").iterdir())
        with socket.create_connection(url.removeprefix("http://").split(":")) as asked:  # type: ignore[arg-type]
            asked.sendall(b"GET /state HTTP/1.0\r\n\r\n")
            asked.settimeout(5)
            state = ""
            while read := asked.recv(4096):
                state += read.decode()
    return Tried(run, seconds, most(), said, state.partition("\r\n\r\n")[2])


_MANNERS = (
    *("right", "hangs", "drips-calls", "floods", "floods-with-names", "invalid", "never-unbans"),
    *("refuses-half", "megabyte", "hundred-thousand", "stops"),
)


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Tried]:
    """A swarm against a target of each manner, two at once."""
    folders = [tmp_path_factory.mktemp(manner) for manner in _MANNERS]  # two threads would make two roots for them
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(_MANNERS, pool.map(_try, _MANNERS, folders), strict=True))


def test_a_swarm_leaves_a_target_as_it_found_it(tried: Mapping[str, Tried]) -> None:
    right = tried["right"]
    assert (right.run.outcome, right.run.notes) == (Outcome.PASS, ())
    assert sum(delivery.delivered for delivery in right.run.delivery) > 4
    assert right.tiers == '{"banned": [], "tiers": {}}'


def test_a_swarm_says_what_it_could_not_change_back(tried: Mapping[str, Tried]) -> None:
    run = tried["never-unbans"].run
    (left,) = [note for note in run.notes if note.startswith("left on the target")]
    number = tried["never-unbans"].tiers.partition("]")[0].count("u")
    assert left == f"left on the target: {number} users are still banned, or may be"
    assert run.outcome is Outcome.FAIL


@pytest.mark.parametrize("manner", _MANNERS)
def test_a_swarm_ends_within_its_time_and_ten_seconds_in_bounded_memory_and_no_secret_is_said(
    tried: Mapping[str, Tried], manner: str
) -> None:
    it = tried[manner]
    assert it.seconds < START_SECONDS + _RUN_SECONDS + 10
    assert 0 < it.bytes < MOST_BYTES
    assert len(it.said) < 1024 * 1024
    assert _PASSWORD not in it.said


@pytest.mark.parametrize("manner", ["hangs", "drips-calls"])
def test_calls_that_are_never_answered_are_no_losses(tried: Mapping[str, Tried], manner: str) -> None:
    run = tried[manner].run
    assert all(delivery.lost == 0 for delivery in run.delivery)
    assert run.outcome in {Outcome.INVALID, Outcome.FAIL}
    assert any("actions were not over when the run had to end" in note for note in run.notes)


@pytest.mark.parametrize(
    ("manner", "metric"), [("invalid", "invalid"), ("floods", "leaked"), ("floods-with-names", "unknown")]
)
def test_what_no_contract_allows_fails_a_run_whatever_its_objectives_are(
    tried: Mapping[str, Tried], manner: str, metric: str
) -> None:
    run = tried[manner].run
    assert run.outcome is Outcome.FAIL
    assert any(one.expression == f"{metric} == 0" and one.verdict is Verdict.FAIL for one in run.objectives)
    assert run.notes[0].startswith("failed: events received")


@pytest.mark.parametrize(
    ("manner", "words"),
    [
        ("refuses-half", "a session could not be opened: refused: We are full."),
        ("megabyte", "the session ended without a ban: a larger message than we take"),
        ("hundred-thousand", "failed: events received by someone whom they were not for"),
        ("stops", "actions were not over when the run had to end"),
    ],
)
def test_what_a_target_does_is_said_in_words(tried: Mapping[str, Tried], manner: str, words: str) -> None:
    run = tried[manner].run
    assert run.outcome in {Outcome.INVALID, Outcome.FAIL}
    assert any(words in note for note in run.notes), run.notes


def _refusal(manner: str, folder: Path) -> EventproofError:
    with serving(_PROGRAM, manner) as url, pytest.raises(EventproofError) as refused:
        swarm("ban_storm", _profile(url, folder), _USERS, 50, 3, 1, (), folder / "results", admins=1)
    return refused.value


@contextmanager
def _accepts_and(does: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does this with every connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                does(connection)

        Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


_KEPT: list[socket.socket] = []
_UNREACHED: Mapping[str, tuple[Callable[[socket.socket], None], str]] = {
    "silent": (_KEPT.append, "did not answer within 4 s"),
    "garbage": (lambda connection: connection.sendall(bytes(range(256)) * 64), "is no Socket.IO server"),
    "closing": (lambda connection: connection.close(), "closed the connection without an answer|Connection reset"),
}


@pytest.mark.parametrize("manner", _UNREACHED)
def test_a_target_that_does_not_answer_is_unavailable(manner: str, tmp_path: Path) -> None:
    does, words = _UNREACHED[manner]
    with _accepts_and(does) as url, pytest.raises(TargetUnavailable, match=words):
        swarm("ban_storm", _profile(url, tmp_path), _USERS, 50, 3, 1, (), tmp_path / "results", admins=1)


_LOGINS: Mapping[str, tuple[type[EventproofError], str]] = {
    "login-401": (UsageError, "is the password right"),
    "login-429": (Inconclusive, "too many logins"),
    "login-503": (TargetUnavailable, "answers with status 503"),
    "drips": (TargetUnavailable, "did not answer within 4 s|was not answered"),
}


def test_a_login_that_gives_no_token_says_why(tmp_path: Path) -> None:
    folders = [tmp_path / manner for manner in _LOGINS]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor(2) as pool:
        refusals = dict(zip(_LOGINS, pool.map(_refusal, _LOGINS, folders), strict=True))
    for manner, (error, words) in _LOGINS.items():
        assert type(refusals[manner]) is error, manner
        assert any(word in str(refusals[manner]) for word in words.split("|")), str(refusals[manner])


def test_ctrl_c_ends_a_swarm_whose_target_hangs_and_a_second_one_at_once(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib; from eventproof.load.run import swarm\n"
        "try:\n"
        "    run = swarm('ban_storm', sys.argv[1], 6, 50, 60, results=pathlib.Path(sys.argv[2]), admins=1,\n"
        "        options=['--deadline=60'])\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', flush=True)"
    )
    with serving(_PROGRAM, "hangs") as url:
        arguments = [sys.executable, "-c", script, _profile(url, tmp_path), str(tmp_path / "results")]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, start_new_session=True) as child:
            generator = _generator_of(child.pid, connections=7)
            os.kill(child.pid, signal.SIGINT)
            # Two signals at once are one.
            _until(lambda: _is_pressed_again(child))
            output, _ = child.communicate(timeout=20)
    assert output.split()[-1] == b"interrupted"
    assert not psutil.pid_exists(generator.pid)


def _generator_of(pid: int, *, connections: int) -> psutil.Process:
    found: list[psutil.Process] = []

    def has_begun() -> bool:
        found[:] = psutil.Process(pid).children()
        return bool(found) and len(found[0].net_connections("tcp")) >= connections

    _until(has_begun)
    return found[0]


def _is_pressed_again(child: "subprocess.Popen[bytes]") -> bool:
    if child.poll() is None:
        os.kill(child.pid, signal.SIGINT)
    return child.poll() is not None


def _until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end
        time.sleep(0.1)
