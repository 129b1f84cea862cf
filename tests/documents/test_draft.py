"""What a draft takes from the documents, and what whoever fills it in is told by each sentence that refuses it."""

import json
from pathlib import Path

import pytest

from eventproof import actions, cli, profile
from eventproof.errors import UsageError
from eventproof.verdict import ExitCode

ORDERS = """asyncapi: 3.0.0
info: {title: Orders, version: '1'}
servers: {live: {host: '%s', protocol: ws}}
channels:
  live:
    address: /live
    bindings: {ws: {query: {type: object, properties: {access_token: {type: string}}}}}
    messages:
      placed:
        name: placed
        payload:
          type: object
          properties: {event: {const: placed}, data: {type: object, properties: {buyer: {type: string}}}}
operations: {tell: {action: send, channel: {$ref: '#/channels/live'}}}
"""
CALLS = {
    "openapi": "3.1.0",
    "info": {"title": "Orders", "version": "1"},
    "paths": {
        path: {
            "post": {
                "operationId": name,
                "responses": {"201": {}},
                "requestBody": {
                    "content": {"application/json": {"schema": {"required": [field], "properties": {field: {}}}}}
                },
            }
        }
        for path, name, field in (("/login", "enter", "pin"), ("/orders", "order", "item"))
    },
}
PROFILE = """base_url = "http://127.0.0.1:9"
[contracts.orders]
asyncapi = "orders.yaml"
openapi = "openapi.json"
[contracts.orders.events.placed]
trigger = ["order"]
audience = ["user:{buyer}"]
[contracts.orders.calls.order]
answers = { buyer = "/buyer" }
example = { item = "tea" }
[contracts.orders.calls.enter]
session = "begins"
answers = { token = "/token" }
[[identities.users]]
email = "tester-{n}"
password = "p"
count = 4
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("orders.yaml").write_text(ORDERS % "127.0.0.1:8123")
    Path("openapi.json").write_text(json.dumps(CALLS))
    return tmp_path


def _draft(folder: Path) -> str:
    assert cli.run(["init", "--asyncapi", "orders.yaml", "--openapi", "openapi.json"]) == ExitCode.PASS
    return (folder / "eventproof.toml").read_text("utf-8")


def test_a_draft_takes_the_address_and_the_place_of_the_token_from_the_document(folder: Path) -> None:
    text = _draft(folder)
    assert 'base_url = "http://127.0.0.1:8123"   # guess: the document has it\n' in text
    assert '[channels.orders]\nquery = { access_token = "{token}" }   # guess' in text
    assert profile.load("eventproof.toml", env={}).base_url == "http://127.0.0.1:8123"


def test_a_server_elsewhere_is_told_and_not_taken(folder: Path) -> None:
    Path("orders.yaml").write_text(ORDERS.replace("ws}}", "wss}}") % "orders.example.com")
    text = _draft(folder)
    assert 'base_url = "http://127.0.0.1:3000"   # the document has https://orders.example.com\n' in text


def test_a_draft_names_what_can_cause_an_event_and_the_call_that_seems_to_log_in(folder: Path) -> None:
    text = _draft(folder)
    assert "causes it? There are enter, order\n" in text
    assert '# [contracts.orders.calls.enter]   # which call logs in\n# session = "begins"\n' in text


def test_a_profile_that_says_it_all_loads(folder: Path) -> None:
    (folder / "eventproof.toml").write_text(PROFILE)
    target = profile.load("eventproof.toml", env={})
    assert target.login == "enter"
    assert actions.request_for(target, "order", {"item": "tea"}).json == {"item": "tea"}


@pytest.mark.parametrize(
    ("said", "instead", "told"),
    [
        (
            'session = "begins"\n',
            "",
            r"identities.password\" of tester-1 is of no use, .*\(there are enter, order\).*enter\] session",
        ),
        ('answers = { buyer = "/buyer" }\n', "", r"buyer.* top of its payload.*answer to order .* answers = \{ buyer"),
        ("[[identities.users]]", '[[identities.people]]\nrole = "cook"', r"cook\".*: role = … under \[contracts"),
        ("asyncapi =", 'kind = "x"\nasyncapi =', r"unknown key \"kind\" in \[contracts.orders\]"),
    ],
)
def test_what_is_not_said_is_asked_for_with_the_line(folder: Path, said: str, instead: str, told: str) -> None:
    assert PROFILE.count(said) == 1
    (folder / "eventproof.toml").write_text(PROFILE.replace(said, instead))
    with pytest.raises(UsageError, match=told):
        profile.load("eventproof.toml", env={})


def test_a_call_without_its_example_is_asked_for_with_the_table(folder: Path) -> None:
    (folder / "eventproof.toml").write_text(PROFILE)
    target = profile.load("eventproof.toml", env={})
    with pytest.raises(UsageError, match=r"needs \{item\}.*example = .* under \[contracts\.orders\.calls\.order\]"):
        actions.request_for(target, "order", {})
