"""The hooks for pre-commit: their commands, with the arguments and the files that pre-commit adds."""

import json
from pathlib import Path

import pytest
import yaml

from eventproof import cli, layout
from eventproof.verdict import ExitCode

BANNED = {"message": "Your account has been banned by an administrator."}


_DOCUMENT = """
asyncapi: 3.0.0
info: {title: News, version: '1'}
servers: {main: {host: localhost, protocol: ws}}
channels: {news: {address: /news, messages: {told: {name: told, payload: {type: object}}}}}
operations: {tell: {action: send, channel: {$ref: '#/channels/news'}}}
"""


def _entry(hook: str) -> list[str]:
    """What follows the program in the entry of a hook."""
    hooks = yaml.safe_load((layout.CONTRACTS.parent / ".pre-commit-hooks.yaml").read_text("utf-8"))
    program, *arguments = str(next(one["entry"] for one in hooks if one["id"] == hook)).split()
    assert program == "eventproof"
    return arguments


@pytest.mark.parametrize(
    ("document", "further", "code"),
    [
        (_DOCUMENT, [], ExitCode.PASS),
        (_DOCUMENT, ["--strict"], ExitCode.FAIL),
        (_DOCUMENT.replace("'#/channels/news'", "'#/channels/nws'"), [], ExitCode.USAGE),
    ],
    ids=["readable", "lacking", "broken"],
)
def test_the_hook_reads_the_documents_of_the_profile_without_any_file_name(
    document: str, further: list[str], code: ExitCode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("eventproof.toml").write_text('base_url = "http://127.0.0.1:9"\n[contracts.news]\nasyncapi = "news.yaml"\n')
    Path("news.yaml").write_text(document)
    assert cli.run([*_entry("eventproof-lint"), *further]) == code


@pytest.mark.parametrize(
    ("payloads", "code"), [([BANNED, BANNED], ExitCode.PASS), ([BANNED, {}], ExitCode.FAIL), ([{}], ExitCode.FAIL)]
)
def test_the_hook_takes_several_files_and_fails_for_one_that_does_not_fit(
    payloads: list[object], code: ExitCode, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tmp_path / f"{number}.json" for number in range(len(payloads))]
    for file, payload in zip(files, payloads, strict=True):
        file.write_text(json.dumps(payload))
    assert cli.run([*_entry("eventproof-validate"), "user.banned", *map(str, files)]) == code
    said = capsys.readouterr().out
    assert said.count("invalid: ") == payloads.count({})
    assert len(files) == 1 or all(f"{file}: " in said for file in files)
