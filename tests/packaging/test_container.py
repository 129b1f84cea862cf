"""The Containerfile, without a container: its instructions are read, and what they name is there."""

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

from eventproof import cli, layout

ROOT = layout.CONTRACTS.parent


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n\s*", "", (ROOT / "Containerfile").read_text("utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def last_stage() -> list[tuple[str, str]]:
    found = instructions()
    start = max(number for number, (word, _) in enumerate(found) if word == "FROM")
    return found[start:]


def test_it_runs_as_nobody_with_any_id() -> None:
    [user] = [rest for word, rest in last_stage() if word == "USER"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    [environment] = [rest for word, rest in last_stage() if word == "ENV"]
    assert "HOME=/tmp" in environment  # who runs it as somebody else has no home in it


def test_the_check_is_its_entry_point(capsys: pytest.CaptureFixture[str]) -> None:
    [entry] = [rest for word, rest in last_stage() if word == "ENTRYPOINT"]
    program, *arguments = shlex.split(entry.strip("[]").replace(",", " "))
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    assert program in scripts
    assert cli.run([*arguments, "--help"]) == 0
    assert "--system" in capsys.readouterr().out


def test_all_that_is_shipped_and_nothing_else_is_copied() -> None:
    copied = [rest.split()[:-1] for word, rest in instructions() if word == "COPY" and not rest.startswith("--from")]
    names = {name for line in copied for name in line}
    assert all((ROOT / name).exists() for name in names)
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert names >= {*wheel["only-include"], "pyproject.toml", "README.md", "LICENSE"}
    assert not names & {"tests", ".", ".git"}


def test_what_it_installs_is_pinned_by_our_lock(tmp_path: Path) -> None:
    [script] = [rest for word, rest in instructions() if word == "RUN" and "requirements.lock" in rest]
    (tmp_path / "requirements.lock").write_bytes((ROOT / "requirements.lock").read_bytes())
    script = script.replace("/constraints.txt", "constraints.txt")
    subprocess.run(["sh", "-ec", script], cwd=tmp_path, check=True, timeout=30)
    pinned = (tmp_path / "constraints.txt").read_text()
    assert "--hash" not in pinned
    assert "\\" not in pinned
    lines = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    for name in (re.split(r"[^\w.-]", line)[0] for line in lines):
        assert re.search(rf"^{re.escape(name)}(\[\w+\])?==", pinned, re.MULTILINE), name
