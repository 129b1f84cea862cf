"""What goes to standard output: JSON where a program asked for it, and an exit code that does not hang on who reads."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from eventproof import cli
from eventproof.cli import target
from eventproof.verdict import ExitCode

COMMAND = [sys.executable, "-m", "eventproof"]


@pytest.mark.parametrize(
    "asked",
    [("check", "--list"), ("check", "--explain", "UST-BAN-4"), ("swarm", "--list"), ("swarm", "ban_storm", "--list")],
)
def test_what_is_listed_for_a_program_is_json(asked: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([*asked, "--json"]) == ExitCode.PASS
    assert json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("payload", "code"),
    [('{"message": "Your account has been banned by an administrator."}', ExitCode.PASS), ("{}", ExitCode.FAIL)],
)
def test_a_reader_who_leaves_changes_no_exit_code(tmp_path: Path, payload: str, code: ExitCode) -> None:
    (tmp_path / "payload.json").write_text(payload)
    arguments = ["contract", "validate", "user.banned", str(tmp_path / "payload.json")]
    child = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.close()
    _, said = child.communicate(timeout=60)
    assert (child.returncode, said) == (code, b"")


def test_what_repeats_a_swarm_has_all_its_options() -> None:
    options = ["--users", "10", "--objective", "leaked == 0"]
    command = target.typed(["swarm", "ban_storm"], None, True, "leak", None, options)
    assert command == "eventproof swarm ban_storm --reference --fault leak --users 10 --objective 'leaked == 0'"


@pytest.mark.parametrize(
    ("ending", "code"), [(">&-", ExitCode.PASS), ("| head -1", ExitCode.PASS), (">/dev/full", ExitCode.UNAVAILABLE)]
)
def test_an_output_that_takes_nothing_makes_no_traceback(ending: str, code: ExitCode) -> None:
    line = f'set -o pipefail; PYTHONIOENCODING=ascii "{sys.executable}" -m eventproof check --list {ending}'
    child = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert child.returncode == code
    assert "Traceback" not in child.stderr
    assert "Exception ignored" not in child.stderr
