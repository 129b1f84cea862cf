"""What editors know of somebody's own contracts: their events, their calls and what can be said of each."""

import json
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from eventproof import catalog, cli, profile, profile_schema
from eventproof.documents.overlay import CALL_WORDS, EVENT_WORDS
from eventproof.settings import Table
from eventproof.verdict import ExitCode

EXAMPLES = Path(__file__).parents[2] / "examples"
PROFILES = sorted(EXAMPLES.glob("*/*.toml"))
SCHEMA = profile_schema.schema(catalog.load())
CONTRACT = SCHEMA["definitions"]["contract"]


def own(path: Path) -> dict[str, Any]:
    return profile_schema.schema(catalog.load().with_own(profile.own_contracts(path, env={})))


def faults(schema: Any, text: str) -> list[str]:
    return [error.message for error in Draft7Validator(schema).iter_errors(tomllib.loads(text))]


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: f"{path.parent.name} {path.stem}")
def test_the_profiles_of_the_examples_fit_what_is_known_of_their_contracts(path: Path) -> None:
    schema = own(path)
    Draft7Validator.check_schema(schema)
    assert faults(schema, path.read_text("utf-8")) == []
    assert faults(SCHEMA, path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("here", "instead", "message"),
    [
        ('events."message:new"', 'events."message:neu"', "'message:neu' was unexpected"),
        ('trigger = ["message:post"]', 'trigger = ["message:past"]', "is not valid under any"),
        ('joins = "room:{roomId}"', 'audience = ["everyone"]', "'audience' was unexpected"),
        ("sessions = true", 'sessions = true\nvalues.roomID = ["a"]', "'roomID' was unexpected"),
        ('asyncapi = "chat.yaml"', "", "is not valid under any"),
    ],
)
def test_what_the_contract_does_not_have_is_refused_beside_what_it_has(here: str, instead: str, message: str) -> None:
    path = EXAMPLES / "chat" / "eventproof.toml"
    text = path.read_text("utf-8")
    assert here in text
    (fault,) = faults(own(path), text.replace(here, instead, 1))
    assert message in fault


def test_an_event_is_completed_with_its_words_its_causes_and_what_holds_without_them() -> None:
    schema = own(EXAMPLES / "chat" / "eventproof.toml")
    events = schema["properties"]["contracts"]["properties"]["chat"]["properties"]["events"]["properties"]
    told = events["message:new"]["properties"]
    assert "joins" not in told
    assert {"room:join", "message:post"} <= set(told["trigger"]["anyOf"][0]["enum"])
    assert told["order_by"]["description"].endswith(" Unsaid: no order is promised.")
    assert "/roomId" in told["order_by"]["examples"]
    assert "audience" not in events["room:join"]["properties"]


def test_the_reader_and_the_schema_know_the_same_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, set[str]] = defaultdict(set)
    finish = Table.finish

    def finished(table: Table) -> None:
        asked[table.name] |= table._asked
        finish(table)

    monkeypatch.setattr(Table, "finish", finished)
    profile.own_contracts(EXAMPLES / "feed" / "eventproof.toml", env={})
    properties = CONTRACT["properties"]
    assert asked["contracts.feed"] == set(properties)
    assert set(properties["events"]["additionalProperties"]["properties"]) == {*EVENT_WORDS, "direction"}
    assert set(properties["calls"]["additionalProperties"]["properties"]) == set(CALL_WORDS)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "feed.yaml").write_bytes((EXAMPLES / "feed" / "feed.yaml").read_bytes())
    return tmp_path


def test_init_writes_and_prints_the_schema_of_the_profile_that_is_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["init", "--schema"]) == ExitCode.PASS
    assert "properties" not in json.loads(capsys.readouterr().out)["properties"]["contracts"].get("properties", {})
    assert cli.run(["init", "--asyncapi", "feed.yaml"]) == ExitCode.PASS
    written = json.loads((folder / "eventproof.schema.json").read_text("utf-8"))
    assert set(written["properties"]["contracts"]["properties"]) == {"feed"}
    capsys.readouterr()
    assert cli.run(["init", "--schema"]) == ExitCode.PASS
    assert json.loads(capsys.readouterr().out) == written
