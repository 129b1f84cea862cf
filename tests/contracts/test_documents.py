import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from eventproof import catalog, layout
from eventproof.catalog import Event
from eventproof.variants import broken
from eventproof.verdict import Level

pytestmark = pytest.mark.unmeasured

CONTRACTS = catalog.load()
SYSTEMS = tuple(CONTRACTS.systems.values())
EVENTS = tuple(event for system in SYSTEMS for event in system.events)
REQUIREMENTS = CONTRACTS.requirements()
FOREIGN = frozenset({"receivePaymentEvent"})
"""The calls whose bodies are another's to shape, whatever these hold; how large they may be is the server's to say."""
COUNTEREXAMPLES = tuple((event, case) for event in EVENTS for case in event.counterexamples)

every_system = pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
every_event = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)


@pytest.fixture(scope="module")
def asyncapi_schema(node_modules: Path) -> jsonschema_rs.Validator:
    path = node_modules / "@asyncapi" / "specs" / "schemas" / "3.1.0.json"
    return jsonschema_rs.validator_for(json.loads(path.read_text(encoding="utf-8")), offline=True)


def with_schemas_inside(value: Any, folder: Path) -> Any:
    """The document with each payload's file put in the place of its reference."""
    if isinstance(value, dict) and str(value.get("$ref", "")).endswith(".json"):
        return json.loads((folder / value["$ref"]).read_text(encoding="utf-8"))
    if isinstance(value, dict):
        return {key: with_schemas_inside(part, folder) for key, part in value.items()}
    return value


@every_system
def test_the_asyncapi_document_passes_the_official_schema(
    system: catalog.System, asyncapi_schema: jsonschema_rs.Validator
) -> None:
    assert [str(error) for error in asyncapi_schema.iter_errors(system.asyncapi)] == []


@every_system
def test_the_asyncapi_document_passes_the_official_schema_with_its_payloads_inside(
    system: catalog.System, asyncapi_schema: jsonschema_rs.Validator
) -> None:
    bundled = with_schemas_inside(system.asyncapi, system.events[0].schema_path.parents[1])
    assert bundled != system.asyncapi
    assert [str(error) for error in asyncapi_schema.iter_errors(bundled)] == []


def test_the_official_schema_refuses_what_is_no_asyncapi(asyncapi_schema: jsonschema_rs.Validator) -> None:
    assert not asyncapi_schema.is_valid({**SYSTEMS[0].asyncapi, "unknown": 1})


@every_system
def test_the_openapi_document_passes_the_official_schema(system: catalog.System) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(dict(system.openapi)).iter_errors()] == []


@every_system
def test_a_call_without_a_session_is_the_one_that_anyone_may_make(system: catalog.System) -> None:
    for operation in system.operations:
        entry = system.openapi["paths"][operation.path][operation.method.lower()]
        asked = entry.get("security", system.openapi.get("security", []))
        assert bool(asked) == (operation.role != "anyone"), operation.id


@every_system
def test_whatever_a_path_names_is_told_by_the_calls_before_or_is_somebody(system: catalog.System) -> None:
    for call in system.operations:
        known = {"userId", *call.example, *call.people}
        for before in system.before(call.id):
            known |= {*before.answers, *before.parameters}
        assert set(call.in_path) <= known, f"{call.id} lacks x-needs"


@every_system
def test_all_that_a_body_takes_is_bounded(system: catalog.System) -> None:
    document = json.loads(json.dumps(system.openapi))
    bodies = [
        document["paths"][operation.path][operation.method.lower()]["requestBody"]["content"]["application/json"][
            "schema"
        ]
        for operation in system.operations
        if "malformed_json" in operation.refusals and operation.id not in FOREIGN
    ]
    for body in bodies:
        schema = resolved(document, body)
        assert schema["additionalProperties"] is False
        for field in schema["properties"].values():
            field = resolved(document, field)
            assert field.keys() & {"enum", "maxLength", "maximum", "maxItems"}


def resolved(document: Any, schema: Any) -> Any:
    while "$ref" in schema:
        for part in schema["$ref"].split("/"):
            schema = document if part == "#" else schema[part]
    return schema


@pytest.mark.parametrize("path", sorted((layout.CONTRACTS / "formats").glob("*.json")), ids=lambda path: path.name)
def test_every_format_is_itself_a_valid_schema(path: Path) -> None:
    jsonschema_rs.meta.validate(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", sorted(layout.CONTRACTS.rglob("*.yaml")), ids=lambda path: path.name)
def test_a_plain_yaml_reader_sees_the_same_as_ours(path: Path) -> None:
    json.dumps(yaml.safe_load(path.read_text(encoding="utf-8")), sort_keys=True)


@every_event
def test_every_schema_file_belongs_to_an_event(event: Event) -> None:
    described = {known.schema_path for known in EVENTS}
    assert set(event.schema_path.parent.glob("*")) <= described
    assert event.schema["title"] == event.name
    assert event.schema_path.stem == event.name.replace(":", "."), "Windows takes no colon in the name of a file"


@every_event
def test_every_example_is_valid(event: Event) -> None:
    for example in event.examples:
        assert event.is_valid(example)
        assert event.explain(example) == ()


@pytest.mark.parametrize(
    ("event", "case"), COUNTEREXAMPLES, ids=[f"{event.name}: {case.breaks}" for event, case in COUNTEREXAMPLES]
)
def test_every_counterexample_breaks_the_rule_that_it_names_and_no_other(
    event: Event, case: catalog.Counterexample
) -> None:
    assert not event.is_valid(case.payload)
    assert [problem.rule for problem in event.explain(case.payload)] == [case.rule]


@every_event
def test_every_rule_of_a_schema_is_broken_by_a_counterexample(event: Event) -> None:
    ruling = {"type", "required", "const", "enum", "pattern", "minLength", "maxLength", "format", "minimum", "maximum"}
    ruling.add("anyOf")

    def rules(schema: Any, place: str) -> set[str]:
        found = {f"{place}/{keyword}" for keyword in schema.keys() & ruling}
        if "pattern" in schema:
            found.discard(f"{place}/maxLength")  # nothing that is too long need fit the pattern
        if schema.get("additionalProperties") is False:
            found.add(f"{place}/additionalProperties")
        found |= {f"{place}/{branch}/{keyword}" for branch in ("then", "else") for keyword in schema.get(branch, {})}
        for name, part in schema.get("properties", {}).items():
            found |= rules(part, f"{place}/properties/{name}")
        return found

    def stated(rule: str) -> str:
        """Where a rule stands that is reached through references."""
        at, place = event.schema, ""
        for part in rule.split("/")[1:]:
            if "$ref" in at:
                place = at["$ref"].removeprefix("#")
                at = resolved(event.schema, at)
            at, place = at[part] if isinstance(at, dict) else at, f"{place}/{part}"
        return place

    shared = {f"/definitions/{name}": part for name, part in event.schema.get("definitions", {}).items()}
    every = rules(event.schema, "").union(*(rules(part, place) for place, part in shared.items()))
    assert every <= {stated(case.rule) for case in (*event.counterexamples, *broken(event))}


def test_every_requirement_has_an_id_of_its_own() -> None:
    assert [line for line, count in Counter(line.id for line in REQUIREMENTS).items() if count > 1] == []


@pytest.mark.parametrize("line", REQUIREMENTS, ids=lambda line: line.id)
def test_every_requirement_is_well_formed(line: catalog.Requirement) -> None:
    assert re.fullmatch(r"[A-Z]{3}-[A-Z]+-[1-9]\d*", line.id)
    assert line.level in Level
    assert line.sentence.strip()
    assert line.source.strip()


def test_the_user_state_events_are_those_of_the_specification() -> None:
    events = CONTRACTS.system("user-state").events
    assert [event.name for event in events] == ["user.banned", "user.unbanned", "user.tier.updated"]
    assert {channel.address for event in events for channel in event.channels} == {
        "/",
        "/me",
        "/api/me/stream",
        "/api/me/ws",
    }


def test_a_ban_says_the_specified_sentence_on_every_wire() -> None:
    sentence = "Your account has been banned by an administrator."
    banned = CONTRACTS.event("user-state", "/", catalog.Direction.SEND, "user.banned")
    assert banned is not None
    assert banned.is_valid({"message": sentence})
    assert CONTRACTS.errors["account_banned"].sentence == sentence


def test_the_shield_events_are_those_of_the_specification() -> None:
    events = CONTRACTS.system("shield").events
    told = [event.name for event in events if event.direction is catalog.Direction.SEND]
    assert len(told) == 20
    assert {"connected", "claim_paid", "payout_completed", "admin_action_required", "error", "ping"} <= set(told)
    assert [event.name for event in events if event.direction is catalog.Direction.RECEIVE] == [
        "claim_submitted_ack",
        "claim_approved_ack",
        "claim_denied_ack",
        "claim_paid_ack",
        "payout_completed_ack",
        "pong",
        "client_disconnect",
    ]
    assert {channel.address for event in events for channel in event.channels} == {"/shield/ws"}


@pytest.mark.parametrize("event", CONTRACTS.system("shield").events, ids=lambda event: event.name)
def test_every_shield_event_is_in_the_envelope_but_those_that_are_not(event: Event) -> None:
    bare = event.direction is catalog.Direction.RECEIVE or event.name in ("connected", "ping")
    assert bare == ("data" not in event.schema.get("properties", {}))
    if not bare:
        assert event.schema["required"] == ["event", "timestamp", "data"]
        assert event.schema["properties"]["event"] == {"const": event.name}


@pytest.mark.parametrize("event", CONTRACTS.system("shield").events, ids=lambda event: event.name)
def test_every_object_of_shield_is_closed_but_those_that_the_specification_leaves_open(event: Event) -> None:
    def open_ones(schema: Any, name: str) -> set[str]:
        found = {name} if schema.get("type") == "object" and "additionalProperties" not in schema else set()
        return found.union(*(open_ones(part, key) for key, part in schema.get("properties", {}).items()))

    assert open_ones(event.schema, "") <= {"metadata", "details"}


def test_the_codes_of_shields_errors_are_those_of_the_specification() -> None:
    error = CONTRACTS.event("shield", "/shield/ws", catalog.Direction.SEND, "error")
    assert error is not None
    codes = set(error.schema["properties"]["data"]["properties"]["code"]["examples"])
    assert codes == {code for code in CONTRACTS.errors if code.isupper()}


@pytest.mark.parametrize("code", [f"D{number:03}" for number in range(14)])
def test_a_denial_has_a_code_from_d001_to_d012(code: str) -> None:
    denied = CONTRACTS.event("shield", "/shield/ws", catalog.Direction.SEND, "claim_denied")
    assert denied is not None
    payload = json.loads(json.dumps(denied.examples[0]))
    payload["data"]["denialCode"] = code
    assert denied.is_valid(payload) == (code not in ("D000", "D013"))
