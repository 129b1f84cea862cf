"""The GitHub Action and the GitLab component, without their services: their steps run as they stand, as scripts."""

import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from eventproof import layout, reference

ROOT = layout.CONTRACTS.parent
EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")
BROKEN = ("UST-BAN-4", "token-not-revoked")
"""A requirement, and the fault that breaks it."""
HELD = "UST-BAN-1"


@pytest.fixture(scope="module")
def server() -> Iterator[reference.Reference]:
    with reference.start(systems=("user-state",), seed_users=64, fault=BROKEN[1]) as running:
        yield running


@pytest.fixture(scope="module")
def action() -> Any:
    return yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))


class Job:
    """A job of GitHub: its temporary folder and the files by which a step tells what came of it."""

    def __init__(self, action: Any, folder: Path) -> None:
        self.action = action
        self.folder = folder
        self.summary = folder / "summary.md"
        self.output = folder / "output.txt"

    def another(self, folder: Path) -> "Job":
        """A job beside this one, in which the same is installed."""
        (folder / "eventproof").symlink_to(self.folder / "eventproof")
        return Job(self.action, folder)

    def step(self, name: str) -> Any:
        return next(step for step in self.action["runs"]["steps"] if step["name"] == name)

    def run(self, name: str, cwd: Path, **inputs: str) -> "subprocess.CompletedProcess[str]":
        """Run a step as the runner does: its expressions filled in, its variables set, its script in bash -eo."""
        step = self.step(name)
        given = {key: entry["default"] for key, entry in self.action["inputs"].items()} | inputs
        known = {f"inputs.{key}": value for key, value in given.items()}
        known |= {"github.action_path": str(ROOT), "runner.temp": str(self.folder)}
        known["inputs.verb == 'swarm' && '[swarm]' || ''"] = "[swarm]" if given["verb"] == "swarm" else ""
        filled = {key: EXPRESSION.sub(lambda one: known[one[1]], value) for key, value in step["env"].items()}
        self.summary.write_text("")
        self.output.write_text("")
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=cwd,
            env=clean() | filled | {"GITHUB_STEP_SUMMARY": str(self.summary), "GITHUB_OUTPUT": str(self.output)},
            capture_output=True,
            text=True,
            timeout=110,
        )

    @property
    def outputs(self) -> Mapping[str, str]:
        return dict(line.split("=", 1) for line in self.output.read_text().splitlines())


def clean() -> dict[str, str]:
    """This environment, in which pip takes nothing from an index and what is installed already serves."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GITHUB_", "CI"))}
    pip = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{outside['PATH']}"
    return outside | pip | {"PATH": path, "PYTHONPATH": sysconfig.get_path("purelib")}


@pytest.fixture(scope="module")
def job(action: Any, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A job in which the action has installed this checkout, in a folder with a space."""
    prepared = Job(action, tmp_path_factory.mktemp("runner temp"))
    installed = prepared.run("Install eventproof", prepared.folder)
    assert installed.returncode == 0, installed.stderr
    return prepared


def commands(printed: str) -> list[str]:
    """The workflow commands that GitHub would obey, which is deaf from `stop-commands` until its word is said."""
    obeyed, word = [], ""
    for line in printed.splitlines():
        if word:
            word = "" if line == f"::{word}::" else word
        elif line.startswith("::stop-commands::"):
            word = line.removeprefix("::stop-commands::")
        elif line.startswith("::"):
            obeyed.append(line)
    assert word == ""
    return obeyed


def test_a_failing_check_is_annotated_summed_up_and_red(job: Job, server: reference.Reference) -> None:
    folder = server.profile.parent
    done = job.run(
        "Run eventproof", folder, target="eventproof.toml", arguments=f"--only {HELD}   --only '{BROKEN[0]}'"
    )
    assert done.returncode == 1, done.stdout + done.stderr
    [command] = commands(done.stdout)
    line = next(number for number, text in enumerate(server.profile.read_text().splitlines(), 1) if "systems" in text)
    assert command.startswith(f"::error file=eventproof.toml,line={line},title={BROKEN[0]}::Once the ban call")
    assert "%0Arepeat: eventproof check eventproof.toml --seed" in command
    assert "❌ FAIL: 1 of 2 requirements does not hold" in job.summary.read_text()
    assert job.outputs["exit-code"] == "1"
    assert job.outputs["verdict"] == "fail"
    assert json.loads((Path(job.outputs["results"]) / "results.json").read_text())["verdict"] == "fail"


def test_a_check_that_holds_is_green_and_annotates_nothing(job: Job, server: reference.Reference) -> None:
    done = job.run("Run eventproof", server.profile.parent, arguments=f"--only {HELD}")
    assert (done.returncode, commands(done.stdout)) == (0, []), done.stdout + done.stderr
    assert job.summary.read_text().startswith("## ✅ PASS")
    assert job.outputs["verdict"] == "pass"


NEVER = {
    "100%25 missing.toml": {"target": "100% missing.toml"},
    "there is no scenario nonsense": {"verb": "swarm", "scenario": "nonsense", "target": "http://127.0.0.1:9"},
    "--only": {"arguments": "--only"},
}
"""Runs that cannot begin, by what is said of them."""


@pytest.fixture(scope="module")
def never(
    job: Job, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, tuple[Job, "subprocess.CompletedProcess[str]"]]:
    """Each of them in a job of its own, all at once."""
    jobs = [job.another(tmp_path_factory.mktemp("never")) for _ in NEVER]
    with ThreadPoolExecutor(len(jobs)) as pool:
        ended = pool.map(lambda one, inputs: one.run("Run eventproof", one.folder, **inputs), jobs, NEVER.values())
        return dict(zip(NEVER, zip(jobs, ended, strict=True), strict=True))


@pytest.mark.parametrize("said", NEVER)
def test_what_never_ran_is_one_annotation_and_exit_code_2(
    never: Mapping[str, tuple[Job, "subprocess.CompletedProcess[str]"]], said: str
) -> None:
    job, done = never[said]
    assert done.returncode == 2, done.stderr
    [command] = commands(done.stdout)
    assert command.startswith("::error title=eventproof::")
    assert said in command
    assert "exit code 2" in job.summary.read_text()
    assert job.outputs == {"exit-code": "2", "verdict": "", "results": f"{job.folder}/eventproof-results/ci"}


def test_another_verb_is_refused(job: Job, tmp_path: Path) -> None:
    done = job.run("Run eventproof", tmp_path, verb="serve")
    assert (done.returncode, commands(done.stdout)) == (2, ["::error title=eventproof::verb must be check or swarm"])


def test_no_input_is_pasted_into_a_script(action: Any) -> None:
    scripts = [step["run"] for step in action["runs"]["steps"] if "run" in step]
    assert len(scripts) == 2
    assert not any(EXPRESSION.search(script) for script in scripts)


def test_the_results_are_uploaded_whatever_came_of_the_run(action: Any) -> None:
    upload = action["runs"]["steps"][-1]
    assert upload["uses"].startswith("actions/upload-artifact@")
    assert upload["if"].startswith("always()")
    assert upload["with"]["path"] == "${{ steps.run.outputs.results }}"


def test_every_output_is_written_by_the_step_that_runs(action: Any, job: Job) -> None:
    script = job.step("Run eventproof")["run"]
    for name, output in action["outputs"].items():
        assert output["value"] == f"${{{{ steps.run.outputs.{name} }}}}"
        assert f'echo "{name}=' in script


def test_the_job_of_gitlab_ends_with_the_exit_code_and_leaves_its_reports(
    job: Job, server: reference.Reference
) -> None:
    spec, jobs = yaml.safe_load_all((ROOT / "templates/eventproof.yml").read_text("utf-8"))
    inputs = {name: entry.get("default") for name, entry in spec["spec"]["inputs"].items()}
    inputs["arguments"] = f"--only {BROKEN[0]}"
    fill: Callable[[str], str] = lambda text: re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda one: inputs[one[1]], text)  # noqa: E731
    [(name, described)] = jobs.items()
    assert fill(name) == "eventproof"
    done = subprocess.run(
        ["sh", "-ec", "\n".join(map(fill, described["script"]))],
        cwd=server.profile.parent,
        env=clean() | {"PATH": f"{job.folder}/eventproof/bin:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 1, done.stderr
    reports = {kind: server.profile.parent / path for kind, path in described["artifacts"]["reports"].items()}
    assert "<failure" in reports["junit"].read_text()
    [finding] = json.loads(reports["codequality"].read_text())
    assert finding["check_name"] == BROKEN[0]
    assert finding["location"]["path"] == "eventproof.toml"
    assert described["artifacts"]["when"] == "always"
