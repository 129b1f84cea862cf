"""Whoever ends a run gets what was found until then, and nothing that we started stays."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from eventproof.verdict import ExitCode


def started(*arguments: str, cwd: Path) -> "subprocess.Popen[bytes]":
    """A command whose first case is over."""
    command = [sys.executable, "-m", "eventproof", *arguments, "--results", "out"]
    child = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert child.stderr is not None
    next(line for line in child.stderr if line.startswith(b"["))
    return child


def interrupted(*arguments: str, by: signal.Signals, cwd: Path) -> dict[str, Any]:
    """The results of a command that gets the signal, once, when its first case is over."""
    with started(*arguments, cwd=cwd) as child:
        child.send_signal(by)
        child.communicate(timeout=60)
        assert child.returncode == ExitCode.INTERRUPTED
    results: dict[str, Any] = json.loads((cwd / "out" / "results.json").read_text())
    assert results["verdict"] == "interrupted"
    return results


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda by: by.name)
def test_an_ended_check_writes_its_results_and_stops_the_server(tmp_path: Path, by: signal.Signals) -> None:
    target = urlsplit(interrupted("check", "--reference", by=by, cwd=tmp_path)["target"])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((target.hostname, target.port))


def test_a_demo_that_is_ended_in_its_check_lets_no_swarm_loose(tmp_path: Path) -> None:
    interrupted("demo", "--users", "4", "--run-time", "5s", by=signal.SIGINT, cwd=tmp_path)
    assert (tmp_path / "out" / "check" / "results.json").is_file()
    assert not (tmp_path / "out" / "swarm").exists()


def test_whoever_interrupts_twice_waits_for_nothing(tmp_path: Path) -> None:
    with started("check", "--reference", cwd=tmp_path) as child:
        child.send_signal(signal.SIGINT)
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=30)
        assert child.returncode == ExitCode.INTERRUPTED


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM], ids=lambda by: by.name)
def test_an_end_while_the_server_starts_leaves_nothing_behind(tmp_path: Path, by: signal.Signals) -> None:
    command = [sys.executable, "-m", "eventproof", "check", "--reference"]
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(temporary)},
    ) as child:
        while not list(temporary.glob("eventproof-*/server.log")):
            assert child.poll() is None
        child.send_signal(by)
        _, said = child.communicate(timeout=60)
        assert (child.returncode, said.splitlines()[-1]) == (ExitCode.INTERRUPTED, b"eventproof: interrupted")
    assert not list(temporary.iterdir())
    assert not (tmp_path / "eventproof-results").exists()
