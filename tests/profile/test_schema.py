"""The schema of a profile says what the reader takes: neither knows a key that the other does not."""

import re
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from eventproof import catalog as contracts
from eventproof import contract_calls, profile, profile_schema
from eventproof.settings import Table

CATALOG = contracts.load()
SCHEMA = profile_schema.schema(CATALOG)
WHOLE = """
base_url = "http://127.0.0.1:8080"
systems = ["user-state", "shield", "plan-sync"]
capabilities = ["clock"]
[[identities.users]]
email = "a"
[jwt]
expired = "a"
[channels.shield]
address = "/x"
[channels.plan-sync.plan]
address = "/x"
[tiers.free]
[tiers.basic]
unlocks = { operation = "useFeature", feature = "a" }
[metrics]
gauges = ["a"]
[[other_channels]]
kind = "sse"
address = "/x"
[operations.login]
path = "/x"
[operations.banUser]
command = ["sh"]
[known_failures]
"UST-BAN-8" = "slow"
"""


def uncommented() -> str:
    lines = profile.template().splitlines()
    is_setting = re.compile(r'# (\[|[a-z_]+ = |"[A-Z])')
    return "\n".join(line.removeprefix("# ") if is_setting.match(line) else line for line in lines)


def test_it_is_a_schema() -> None:
    Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("text", [profile.template(), uncommented(), WHOLE], ids=["template", "all of it", "whole"])
def test_the_template_fits_it(text: str) -> None:
    assert not [error.message for error in Draft7Validator(SCHEMA).iter_errors(tomllib.loads(text))]


@pytest.mark.parametrize(
    "text",
    [
        "base_urll = 'x'",
        "systems = ['user-stat']",
        "[socketio]\ntransports = ['pooling']",
        "[operations.banuser]\npath = '/x'",
        "[operations]\nbanUser = true",
        "[operations.login.answers]\ntokn = '/x'",
        "[budgets]\ncall = '5 parsecs'",
        "[known_failures]\nUST-BAN-99 = 'x'",
        "[environments.staging]\nbase_ulr = 'x'",
    ],
)
def test_what_the_reader_refuses_it_refuses_too(text: str) -> None:
    whole = 'base_url = "http://x"\nsystems = ["user-state"]\n'
    values = tomllib.loads(text + "\n" + whole if not text.startswith("[") else whole + text) if "systems" not in text \
        else tomllib.loads(text + "\nbase_url = 'http://x'")  # fmt: skip
    assert not Draft7Validator(SCHEMA).is_valid(values)


def test_the_reader_and_the_schema_know_the_same_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, set[str]] = defaultdict(set)
    finish = Table.finish

    def finished(table: Table) -> None:
        asked[re.sub(r"\[\d+\]", "", table.name)] |= table._asked
        finish(table)

    monkeypatch.setattr(Table, "finish", finished)
    path = tmp_path / "eventproof.toml"
    path.write_text(WHOLE, encoding="utf-8")
    profile.load(path, env={}, catalog=CATALOG)
    asked["operations.login"] |= asked.pop("operations.banUser")
    asked["channels.plan-sync.plan"] |= asked["channels.shield"]
    named = {name for name in asked if not name.startswith("operations.") or name == "operations.login"}
    named -= {"tiers", "known_failures", "tiers.free.unlocks"}
    assert {"", "socketio", "rest", "jwt", "budgets", "identities.users", "metrics", "other_channels"} <= named
    for name in sorted(named):
        assert asked[name] - {"environments"} == _keys(name) - {"environments"}, name


def _keys(name: str) -> set[str]:
    """The keys that the schema has in the table of this dotted name."""
    here: Any = SCHEMA
    for part in name.split(".") if name else ():
        here = _resolved(here)
        here = here["properties"].get(part) or here["additionalProperties"] if "properties" in here else here[
            "additionalProperties"
        ]  # fmt: skip
    here = _resolved(here)
    return set(here["properties"])


def _resolved(here: Any) -> Any:
    while True:
        if "$ref" in here:
            place = here["$ref"].removeprefix("#/").split("/")
            here = SCHEMA[place[0]][place[1]]
        elif here.get("type") == "array":
            here = here["items"]
        elif "anyOf" in here:
            here = here["anyOf"][-1]
        else:
            return here


@pytest.mark.parametrize("name", [name for name in contract_calls.names(CATALOG) if "/" in name])
def test_the_example_of_every_call_loads_and_changes_nothing(tmp_path: Path, name: str) -> None:
    system, operation = contract_calls.names(CATALOG)[name]
    claimed = '"clock", "fault-injection", "subscriber-count", "analytics"'
    head = f'base_url = "http://x"\nsystems = ["{system.name}"]\ncapabilities = [{claimed}]\n'
    path = tmp_path / "eventproof.toml"
    path.write_text(head, encoding="utf-8")
    usual = profile.load(path, env={}, catalog=CATALOG).operations[operation.id]
    shown = contract_calls.shown(system, operation)
    path.write_text(head + shown["example"], encoding="utf-8")
    assert profile.load(path, env={}, catalog=CATALOG).operations[operation.id] == usual
    text = contract_calls.shown_text(shown)
    for word in (*operation.parameters, *operation.answers, operation.method, operation.role):
        assert word in text


def test_every_name_that_is_read_from_an_answer_can_be_said() -> None:
    root = Path(profile.__file__).parents[1]
    files = [file for name in ("eventproof", "conformance", "loadtests") for file in (root / name).rglob("*.py")]
    told = {found for file in files for found in re.findall(r'\.says\("(\w+)"\)', file.read_text("utf-8"))}
    told |= {found for file in files for found in re.findall(r'answered\(.*, "(\w+)"\)', file.read_text("utf-8"))}
    assert len(told) > 5
    calls = [operation for system in CATALOG.systems.values() for operation in system.operations]
    assert told <= {name for operation in calls for name in operation.answers}
