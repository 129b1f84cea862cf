"""`[session]` of a profile: what it may say, and what is said of what it may not."""

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from eventproof import catalog, cli, profile, profile_schema, session_pack
from eventproof.catalog import Catalog
from eventproof.conform.undoing import Undo
from eventproof.ending import Endings, Whose
from eventproof.errors import UsageError
from eventproof.history import Kind, Record
from eventproof.target import Target
from eventproof.verdict import ExitCode

HEAD = """base_url = "http://127.0.0.1:3000"
identities.users = [{ email = "a", password = "x" }, { email = "b", password = "x" }]
"""
TEN_LINES = (
    HEAD
    + """
[session]
begins = { path = "/login", body = { user = "{email}", pass = "{password}" }, answers = { token = "/token" } }
shows = { path = "/me" }
channels.main = { kind = "socketio" }
ends.leaving = { path = "/logout" }
"""
)


def load(folder: Path, text: str) -> tuple[Target, Catalog]:
    path = folder / "eventproof.toml"
    path.write_text(text, encoding="utf-8")
    return session_pack.load(path, env={"TESTER_PASSWORD": "secret-of-testers"})


def test_ten_lines_are_enough(tmp_path: Path) -> None:
    target, known = load(tmp_path, TEN_LINES)
    assert len(TEN_LINES.strip().splitlines()) <= 10
    assert target.endings.known["leaving"].whose is Whose.THIS
    about = {line.id for line in known.requirements() if line.includes}
    assert {"SESSION-CLOSE-1", "SESSION-TOKEN-1", "SESSION-OTHERS-1"} <= about


def test_the_template_is_such_a_profile_and_fits_the_schema(tmp_path: Path) -> None:
    target, _ = load(tmp_path, session_pack.template())
    assert list(target.endings.known) == ["leaving"]
    schema = Draft7Validator(profile_schema.schema(catalog.load()))
    lines = session_pack.template().splitlines()
    further = ("# ends.", "# calls", "# tells")
    whole = "\n".join(line.removeprefix("# ") if line.startswith(further) else line for line in lines)
    for text in (session_pack.template(), whole):
        assert [error.message for error in schema.iter_errors(tomllib.loads(text))] == []


def test_a_requirement_that_the_profile_has_nothing_for_is_excluded_and_says_so(tmp_path: Path) -> None:
    _, known = load(tmp_path, TEN_LINES.replace('"/logout"', '"/logout", ends = "all"'))
    assert "ends = " in str(known.requirement("SESSION-OTHERS-1").excluded)
    assert known.requirement("SESSION-CLOSE-1").excluded is None


@pytest.mark.parametrize(
    ("here", "instead", "says"),
    [
        ("[session]", "[sessions]", 'unknown key "sessions"|"session" is missing: `eventproof init --pack session`'),
        ('shows = { path = "/me" }', "shows = {}", "session.shows.path. is missing"),
        ('ends.leaving = { path = "/logout" }', "", "session.ends. names nothing"),
        ('channels.main = { kind = "socketio" }', "", "session.channels.main. is missing"),
        ('kind = "socketio"', 'kind = "sockets"', 'must be one of socketio, sse, websocket, not "sockets"'),
        ('"socketio"', '"websocket", address = "/ws?t={token}"', r"written as query = \{ token = \"\{token\}\" \}"),
        (
            '"socketio"',
            '"websocket", address = "/ws", token = "query"',
            r"unknown key \"token\".*there are address, .*query",
        ),
        ('kind = "socketio"', 'kind = "socketio", auth = { a = "b" }', "whose session is it"),
        ('answers = { token = "/token" }', "answers = {}", "session.begins.answers.token. is missing"),
        ('"/logout"', '"/users/{userId}/end"', r"needs \{userId\}, which nobody tells"),
        ('"/logout"', '"/end/{sesionId}"', r"needs \{sesionId\}, which is never known"),
        ('"/logout"', '"/logout", ends = "most"', "must be one of this, others, all"),
        ('"/logout"', '"/logout", identity = "admin", ends = "others"', "only where a user calls it"),
        ('{ path = "/logout" }', "{ again = true }", "where time does, after"),
        ('{ path = "/logout" }', '{ after = "5min" }', "no more than 60 s"),
        ('"/logout"', '"/p", body = { p = "{newPassword}" }', "gives them their password back"),
        ('"/logout"', '"/logout", forever = true', 'unknown key "forever"'),
        (', { email = "b", password = "x" }', "", "two at least"),
        ("begins =", "#", "call that begins a session"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(tmp_path: Path, here: str, instead: str, says: str) -> None:
    assert here in TEN_LINES
    with pytest.raises(UsageError, match=says):
        load(tmp_path, TEN_LINES.replace(here, instead))


def test_a_check_of_systems_says_which_check_a_profile_without_any_is_for(tmp_path: Path) -> None:
    (tmp_path / "eventproof.toml").write_text(TEN_LINES, encoding="utf-8")
    with pytest.raises(UsageError, match="eventproof check --pack session"):
        profile.load(tmp_path / "eventproof.toml")


def test_what_gives_a_password_back_is_not_left_behind(tmp_path: Path) -> None:
    change = 'body = { password = "{newPassword}" }, undo = { identity = "user", path = "/me/password" }'
    ending = f'ends.password = {{ path = "/me/password", {change} }}'
    target, known = load(tmp_path, TEN_LINES.replace('ends.leaving = { path = "/logout" }', ending))
    back = [Record(0.0, Kind.ANSWERED, "user-1", name=name, payload={"status": 200}) for name in ("undo-password",)]
    assert Undo(known.systems.values()).left_behind(back, target) == {}
    assert Undo(known.systems.values()).left_behind(back, replace(target, endings=Endings())) == {"undo-password": 1}


def test_a_profile_may_be_for_both_checks(tmp_path: Path) -> None:
    text = f'systems = ["user-state"]\nknown_failures = {{ "SESSION-CLOSE-1" = "ticket 12" }}\n{TEN_LINES}'
    target, _ = load(tmp_path, text)
    assert target.known_failures == profile.load(tmp_path / "eventproof.toml").known_failures


def test_its_requirements_are_listed_and_explained_without_a_target(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["check", "--pack", "session", "--list", "--json"]) == ExitCode.PASS
    entries = json.loads(capsys.readouterr().out)
    assert {entry["requirement"]["id"] for entry in entries} == {line.id for line in catalog.pack("session")}
    assert [entry["requirement"]["id"] for entry in entries if not entry["cases"]] == []
    assert cli.run(["check", "--explain", "SESSION-CLOSE-1"]) == ExitCode.PASS
    assert "every_connection_closes_after[session-NAME]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check", "--pack", "session", "http://127.0.0.1:1"], "is a URL, which does not tell what ends a session"),
        (["check", "--pack", "session", "--dry-run"], "leave --system and --dry-run out"),
        (["check", "--pack", "sesion"], "is not 'session'"),
    ],
)
def test_a_wrong_command_is_refused_in_words(
    capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert cli.run(arguments) == ExitCode.USAGE
    assert says in capsys.readouterr().err


def test_init_writes_the_profile_of_the_pack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["init", "--pack", "session", str(tmp_path / "eventproof.toml")]) in (None, ExitCode.PASS)
    assert (tmp_path / "eventproof.toml").read_text(encoding="utf-8") == session_pack.template()
    assert "check --pack session" in capsys.readouterr().out
