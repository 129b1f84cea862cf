"""`eventproof demo`: a server, its check of all five systems, a swarm, one verdict and one report.

It is the one test in which the reference server is checked whole, every system beside the others.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from eventproof import catalog

_PATIENT = "ban_to_logout: p(99) < 8s"
"""What a busy machine still meets, and the lag of the generator that goes with it."""


@pytest.mark.measured
@pytest.mark.timeout(1500)  # every case of every system, measured, beside other tests
def test_the_demo_passes_and_leaves_one_report_of_both_runs(tmp_path: Path) -> None:
    shape = ("--users", "12", "--run-time", "15s", "--results", "out", "--objective", _PATIENT)
    done = subprocess.run(
        [sys.executable, "-m", "eventproof", "demo", *shape],
        cwd=tmp_path,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=1480,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    first, *rest = done.stdout.splitlines()
    assert first.startswith("PASS")
    said = "\n".join(rest)
    for words in ("ban to logout", "user.banned", "Report: "):
        assert words in said
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert {line["id"] for line in results["requirements"]} == {line.id for line in catalog.load().requirements()}
    assert {line["id"]: line["reason"] for line in results["requirements"] if line["verdict"] != "pass"} == {}
    assert results["delivery"], "the swarm is in it"
    assert results["objectives"]
    for name in (
        "report.html",
        "junit.xml",
        "summary.md",
        "history.ndjson",
        "check/results.json",
        "swarm/results.json",
    ):
        assert (tmp_path / "out" / name).stat().st_size, name
