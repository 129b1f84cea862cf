"""The benchmark of servers, as its user runs it."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.server import main
from benchmarks.serving import contenders
from benchmarks.serving.process import NotStarted
from tests.benchmarks.refusing import is_refused

ROOT = Path(__file__).parents[2]


def test_a_few_connections_to_our_server_give_every_figure_of_a_scene() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "server.py")]
    options = ["--quick", "--servers", "ours", "--rows", "connects,vanish-crowd"]
    run = subprocess.run([*command, *options], capture_output=True, text=True, timeout=100, check=False)
    assert run.returncode == 0, run.stderr
    lines = [line for line in run.stdout.splitlines() if line.startswith("|")]
    assert [line.split(" | ")[0] for line in lines[2:]] == [
        "| connects/s with authentication, 64 at a time ↑",
        "| … for a second of the server's processor ↑",
        "| 20 clients vanish: longest wait of another, ms ↓",
    ]
    assert "–" not in "".join(lines), run.stdout


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--rounds", "0"], "'0' is no number of rounds"),
        (["--rows", "memory,speed"], "there is no row 'speed'"),
        (["--servers", "ours,theirs"], "there is no server 'theirs'"),
        (["--checkout", "before=/nowhere"], "--checkout before=/nowhere: write it like"),
        (["--add-to", __file__], "these are no results of a benchmark: name another file"),
    ],
)
def test_an_option_that_means_nothing_is_refused_in_a_sentence(
    options: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    is_refused(main, options, problem, capsys)


def test_a_server_that_was_asked_for_and_cannot_be_measured_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit) as ended:
        main(["--quick", "--servers", "node"])
    said = capsys.readouterr()
    assert ended.value.code == 2
    assert "--servers node: node cannot be measured: Node is not installed" in said.err
    assert not said.out


def test_where_nothing_could_be_measured_the_run_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise NotStarted("it did not start: somebody is in the way")

    monkeypatch.setattr(contenders, "running", fail)
    assert main(["--quick", "--servers", "floor", "--rows", "room", "--add-to", str(tmp_path / "figures")]) == 1
    said = capsys.readouterr()
    assert "- ✗ floor, round 1: one event to a room of 20, messages/s" in said.out
    assert "Traceback" not in said.err
