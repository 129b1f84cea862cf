"""The hook for pre-commit: its command, with the arguments and the files that pre-commit adds."""

import json
from pathlib import Path

import pytest
import yaml

from eventproof import cli, layout
from eventproof.verdict import ExitCode

BANNED = {"message": "Your account has been banned by an administrator."}


@pytest.mark.parametrize(
    ("payloads", "code"), [([BANNED, BANNED], ExitCode.PASS), ([BANNED, {}], ExitCode.FAIL), ([{}], ExitCode.FAIL)]
)
def test_the_hook_takes_several_files_and_fails_for_one_that_does_not_fit(
    payloads: list[object], code: ExitCode, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [hook] = yaml.safe_load((layout.CONTRACTS.parent / ".pre-commit-hooks.yaml").read_text("utf-8"))
    files = [tmp_path / f"{number}.json" for number in range(len(payloads))]
    for file, payload in zip(files, payloads, strict=True):
        file.write_text(json.dumps(payload))
    program, *arguments = hook["entry"].split()
    assert program == "eventproof"
    assert cli.run([*arguments, "user.banned", *map(str, files)]) == code
    said = capsys.readouterr().out
    assert said.count("invalid: ") == payloads.count({})
    assert len(files) == 1 or all(f"{file}: " in said for file in files)
