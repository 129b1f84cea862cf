"""What a locustfile says of itself, read: the same as what Locust gets to know when it runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from eventproof import cli
from eventproof.load import described
from eventproof.load.described import Pace, Setting
from eventproof.load.run import scenarios
from eventproof.verdict import ExitCode

ALL = {one.name: one for one in scenarios()}

RUN_IT = """
import importlib.util, json, sys
from eventproof.load import metrics, options, plugin
usual = {name: each["default"] for name, each in plugin._OPTIONS.items()}
before = set(metrics.LATENCIES), set(metrics.COUNTS)
spec = importlib.util.spec_from_file_location("given", sys.argv[1])
spec.loader.exec_module(importlib.util.module_from_spec(spec))
given = {
    name.removeprefix("--"): each["default"]
    for name, each in plugin._OPTIONS.items()
    if name not in usual or each["default"] != usual[name]
}
print(json.dumps([given, sorted(set(metrics.LATENCIES) - before[0]), sorted(set(metrics.COUNTS) - before[1])]))
"""


@pytest.mark.parametrize("name", ["mixed", "connection_scale", "deploy"])
def test_what_is_read_is_what_holds_when_it_is_run(name: str) -> None:
    path = Path(__file__).parents[2] / "loadtests" / f"{name}.py"
    ran = subprocess.run([sys.executable, "-c", RUN_IT, path], check=True, timeout=60, capture_output=True, text=True)
    options, latencies, counts = json.loads(ran.stdout)
    assert {one.name: one.default for one in ALL[name].settings} == options
    assert sorted(ALL[name].latencies) == latencies
    assert sorted(ALL[name].counts) == counts


def test_what_is_no_plain_value_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(
        '"""Ours."""\nfrom eventproof.load import plugin\n'
        "RUN_TIME = 90\nSPAWN_RATE: float = RATE\n"
        'plugin.option("--pace", default=2.5, type=float, help="How fast.")\n'
        "plugin.option(NAME, default=1)\n"
        'plugin.objectives("lost == 0", f"{x} == 0")\nprint("nobody runs it")\n'
    )
    found = described.described("own", file)
    assert (found.about, found.settings) == ("Ours.", (Setting("pace", 2.5, "How fast."),))
    assert found.objectives == ("lost == 0",)
    assert found.pace == Pace(run_time=90.0)


def test_a_scenario_may_have_a_pace_of_its_own() -> None:
    assert ALL["ban_storm"].pace == Pace() == Pace(50.0, 30.0)
    assert (ALL["connection_scale"].pace.spawn_rate, ALL["soak"].pace.run_time) == (500.0, 3600.0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["swarm", "claims", "--help"],
            ["--spawn-rate", "silent-share=0.05", "The share of members who never", "paid"],
        ),
        (["swarm", "--help"], ["swarm SCENARIO --help"]),
        (["swarm", "--list"], ["ban-rate=4", "ban_to_logout", "ban_to_logout: p(99) < 1s", "deadline=5", "loop_lag"]),
    ],
    ids=["of one", "of none", "of all"],
)
def test_the_command_line_tells_options_and_figures(
    words: list[str], said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(words) == ExitCode.PASS
    printed = capsys.readouterr().out
    assert [word for word in said if word not in printed] == []


def test_a_locustfile_that_is_no_python_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.py").write_text("def (:")
    for wish in (["--help"], ["http://127.0.0.1:9"]):
        assert cli.run(["swarm", str(tmp_path / "broken.py"), *wish]) == ExitCode.USAGE
        assert "broken.py cannot be read as Python" in capsys.readouterr().err
