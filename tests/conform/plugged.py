"""Cases of a test's own, run by the plugin: in a process of their own as a team does, or in this one."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eventproof import profile
from eventproof.conform import run
from eventproof.reference import Reference
from eventproof.report.records import RequirementResult, Run


@dataclass(frozen=True)
class Ran:
    code: int
    output: str
    folder: Path

    @property
    def results(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "results.json").read_text())
        return found

    def requirement(self, name: str) -> dict[str, Any]:
        (found,) = [line for line in self.results["requirements"] if line["id"] == name]
        return dict(found)


def run_pytest(folder: Path, profile: Path, cases: str, *options: str) -> Ran:
    """Run these cases in an empty project, with the plugin found as an installed one is."""
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    (folder / "test_cases.py").write_text(cases)
    results = folder / "results"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "test_cases.py",
        "-p",
        "no:cacheprovider",
        f"--eventproof-target={profile}",
    ]
    finished = subprocess.run(
        [*command, f"--eventproof-results={results}", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    return Ran(finished.returncode, finished.stdout + finished.stderr, results)


def profile_of(server: Reference, folder: Path, more: str = "") -> Path:
    """A profile for the server that claims no capability, and says more."""
    text = re.sub("capabilities = .*", "", server.profile.read_text())
    text = text.replace('systems = ["user-state", "shield"]', 'systems = ["user-state"]')
    text = text.replace('"credentials.ndjson"', json.dumps(str(server.profile.parent / "credentials.ndjson")))
    path = folder / "eventproof.toml"
    path.write_text(text + more)
    return path


def check(server: Reference, folder: Path, cases: str, *only: str) -> Run:
    """Run these cases in this process."""
    path = folder / "test_cases.py"
    path.write_text(cases)
    return run.check(profile.load(profile_of(server, folder)), cases=[path], only=only, seed=1)


def result(ran: Run, name: str) -> RequirementResult:
    return next(line for line in ran.requirements if line.id == name)
