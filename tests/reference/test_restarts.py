"""Who asks for a restart waits until it is done, and is told why it could not be."""

import subprocess
import sys
from pathlib import Path

from eventproof import restarts
from eventproof.load.program import run


def _asked(place: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(restarts.command(place), capture_output=True, text=True, check=False)


def test_a_restart_is_done_once_it_returns(tmp_path: Path) -> None:
    done: list[int] = []
    with restarts.listening(tmp_path / "restart", lambda: done.append(1)):
        assert [_asked(tmp_path / "restart").returncode for _ in range(2)] == [0, 0]
    assert done == [1, 1]


def test_a_restart_that_fails_says_why(tmp_path: Path) -> None:
    def fails() -> None:
        raise OSError("the port is taken")

    with restarts.listening(tmp_path / "restart", fails):
        asked = _asked(tmp_path / "restart")
    assert (asked.returncode, asked.stderr.strip()) == (1, "the port is taken")


def test_where_nobody_listens_the_place_is_named(tmp_path: Path) -> None:
    asked = _asked(tmp_path / "none")
    assert asked.returncode == 1
    assert str(tmp_path / "none") in asked.stderr


def test_a_program_knows_which_node_it_is_about() -> None:
    source = "import os; print(os.environ['EVENTPROOF_NODE'], 'PATH' in os.environ)"
    code, said = run([sys.executable, "-c", source], folder=None, timeout=30, variables={"EVENTPROOF_NODE": "2"})
    assert (code, said.split()) == (0, [b"2", b"True"])
