"""Whoever ends a run gets what was found until then, and nothing that we started stays."""

import json
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from eventproof.verdict import ExitCode

_TIMES, _PATIENCE = 3, 12
"""How often, and after how many seconds, a person presses Ctrl-C again: one may be swallowed."""


def interrupted(*arguments: str, by: signal.Signals, cwd: Path) -> dict[str, Any]:
    """The results of a command that gets the signal when its first case is over."""
    command = [sys.executable, "-m", "eventproof", *arguments, "--results", "out"]
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
        assert child.stderr is not None
        next(line for line in child.stderr if line.startswith(b"["))
        for _ in range(_TIMES):
            child.send_signal(by)
            with suppress(subprocess.TimeoutExpired):
                child.communicate(timeout=_PATIENCE)
                break
        assert child.wait(60) == ExitCode.INTERRUPTED
    results: dict[str, Any] = json.loads((cwd / "out" / "results.json").read_text())
    assert results["verdict"] == "interrupted"
    return results


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM], ids=lambda by: by.name)
def test_an_ended_check_writes_its_results_and_stops_the_server(tmp_path: Path, by: signal.Signals) -> None:
    target = urlsplit(interrupted("check", "--reference", by=by, cwd=tmp_path)["target"])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((target.hostname, target.port))


def test_a_demo_that_is_ended_in_its_check_lets_no_swarm_loose(tmp_path: Path) -> None:
    interrupted("demo", "--users", "4", "--run-time", "5s", by=signal.SIGINT, cwd=tmp_path)
    assert (tmp_path / "out" / "check" / "results.json").is_file()
    assert not (tmp_path / "out" / "swarm").exists()
