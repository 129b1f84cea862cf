"""`eventproof contract …`: for a person and for a program."""

import json
from pathlib import Path

import pytest

from eventproof import cli
from eventproof.verdict import ExitCode

BANNED = {"message": "Your account has been banned by an administrator."}


def test_the_list_names_every_event(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["contract", "list", "--json"]) == ExitCode.PASS
    names = {row["name"] for row in json.loads(capsys.readouterr().out)}
    assert {"user.banned", "user.unbanned", "user.tier.updated"} <= names


def test_the_list_can_be_of_one_system(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["contract", "list", "--system", "user-state"]) == ExitCode.PASS
    assert all(line.startswith("user-state") for line in capsys.readouterr().out.splitlines())


def test_an_event_is_shown_with_its_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["contract", "show", "user.banned", "--json"]) == ExitCode.PASS
    shown = json.loads(capsys.readouterr().out)
    assert shown["triggers"] == ["banUser"]
    assert "message" in shown["schema"]["required"]


def test_a_payload_that_fits_is_valid(tmp_path: Path) -> None:
    (tmp_path / "payload.json").write_text(json.dumps(BANNED))
    assert cli.run(["contract", "validate", "user.banned", str(tmp_path / "payload.json")]) == ExitCode.PASS


def test_a_payload_that_does_not_fit_fails_and_says_where(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "payload.json").write_text('{"message": "Bye."}')
    arguments = ["contract", "validate", "user.banned", str(tmp_path / "payload.json"), "--json"]
    assert cli.run(arguments) == ExitCode.FAIL
    assert [problem["path"] for problem in json.loads(capsys.readouterr().out)["problems"]] == ["/message"]


def test_a_sample_fits_its_own_contract(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["contract", "sample", "user.tier.updated", "--seed", "7"]) == ExitCode.PASS
    (tmp_path / "payload.json").write_text(capsys.readouterr().out)
    assert cli.run(["contract", "validate", "user.tier.updated", str(tmp_path / "payload.json")]) == ExitCode.PASS
