from dataclasses import replace
from pathlib import Path

import pytest

from eventproof import catalog, layout, profile
from eventproof.conform import run
from eventproof.conform.attempts import aimed_at
from eventproof.conform.rest import Rest, document_of
from eventproof.conform.verdicts import NotTestable
from eventproof.errors import UsageError
from eventproof.reference import Reference
from eventproof.report.records import RequirementResult
from eventproof.target import Call, Target
from eventproof.verdict import Outcome, Verdict

SYSTEM = catalog.load().system("user-state")


@pytest.fixture
def target() -> Target:
    return profile.for_url("http://127.0.0.1:8080", {})


def test_our_document_is_the_contract_where_the_profile_changes_nothing(target: Target) -> None:
    assert document_of(target, SYSTEM) is SYSTEM.openapi


def test_other_paths_need_the_servers_own_document(target: Target) -> None:
    ban = target.operations["banUser"]
    assert isinstance(ban, Call)
    elsewhere = replace(target, operations={**target.operations, "banUser": replace(ban, path="/v2/ban/{userId}")})
    with pytest.raises(NotTestable, match="banUser is not here what our OpenAPI document says"):
        document_of(elsewhere, SYSTEM)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[1, 2]", "it is no table"),
        ("openapi: 3.1.0", "it has no paths"),
        ("a: [", "cannot be read"),
        (None, "cannot be read"),
    ],
)
def test_a_document_that_is_none_is_a_usage_error(
    target: Target, tmp_path: Path, text: str | None, sentence: str
) -> None:
    path = tmp_path / "openapi.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=sentence):
        document_of(replace(target, openapi=str(path)), SYSTEM)


def test_a_document_is_read_as_json_would_be(target: Target, tmp_path: Path) -> None:
    path = tmp_path / "openapi.yaml"
    path.write_text(
        "openapi: 3.1.0\npaths: {/on: {get: {responses: {200: {description: off}}}}}\n"
        "components: {parameters: {no: {}}}"
    )
    document = document_of(replace(target, openapi=str(path)), SYSTEM)
    assert document["paths"]["/on"]["get"]["responses"] == {"200": {"description": "off"}}
    assert list(document["components"]["parameters"]) == ["no"]


def test_a_document_with_a_reference_to_nothing_is_a_usage_error(target: Target) -> None:
    lost = {"$ref": "#/components/parameters/no"}
    document = {"openapi": "3.0.3", "info": {}, "paths": {"/api/me": {"parameters": [lost], "get": {"responses": {}}}}}
    rest = Rest(replace(target, openapi="theirs.yaml"), document, {}, {"userId": 17}, 18)
    with pytest.raises(UsageError, match=r"the OpenAPI document theirs\.yaml is wrong: .*#/components/parameters/no"):
        list(rest.operations())


@pytest.mark.parametrize(
    ("body", "template", "aimed"),
    [
        ({"member": 3, "why": "x"}, {"member": "{userId}", "why": "{reason}"}, {"member": 17, "why": "x"}),
        ({"to": {"no": 3}}, {"to": {"no": "{userId}"}}, {"to": {"no": 17}}),
        ({"why": "x"}, {"member": "{userId}"}, {"why": "x"}),
        ({"to": []}, {"to": {"no": "{userId}"}}, {"to": []}),
        (3, "{userId}", 17),
        ("x", None, "x"),
    ],
)
def test_a_generated_body_is_aimed_at_whom_the_profile_lends(body: object, template: object, aimed: object) -> None:
    assert aimed_at(body, template, 17) == aimed


def judged(target: Target, system: str) -> RequirementResult:
    ran = run.check(target, only=["ALL-REST-1"], systems=[system])
    return next(line for line in ran.requirements if line.id == "ALL-REST-1")


def test_a_document_that_cannot_be_used_ends_a_check_before_its_first_case(server: Reference, tmp_path: Path) -> None:
    path = tmp_path / "openapi.yaml"
    path.write_text("openapi: 3.1.0\npaths: []")
    with pytest.raises(UsageError, match=r"openapi\.yaml is no OpenAPI document: its paths are no table"):
        run.check(replace(profile.load(server.profile), openapi=str(path)), only=["UST-CONN-1"])


def test_what_a_published_document_lacks_cannot_be_tested(server: Reference) -> None:
    ours = layout.CONTRACTS / "user_state" / "openapi.yaml"
    line = judged(replace(profile.load(server.profile), openapi=str(ours)), "shield")
    assert line.verdict is Verdict.NOT_TESTABLE
    assert "openapi.yaml has no advanceTime, approveClaim, cancelSubscription" in line.reason
    assert "which the profile maps: describe them there, or deny them" in line.reason


def test_a_published_document_is_what_answers_are_held_to(server: Reference, tmp_path: Path) -> None:
    ours = (layout.CONTRACTS / "user_state" / "openapi.yaml").read_text()
    published = tmp_path / "openapi.yaml"
    published.write_text(ours)
    target = replace(profile.load(server.profile), openapi=str(published))
    assert run.check(target, only=["ALL-REST-1"], systems=["user-state"]).outcome is Outcome.PASS

    published.write_text(
        ours.replace("'405':", "'418':").replace("required: [id, email, role, tier]", "required: [age]")
    )
    line = judged(target, "user-state")
    assert line.verdict is Verdict.FAIL
    assert "does not answer as its OpenAPI document says" in line.reason
    (check,) = line.checks
    assert "age" in check.expected
    assert "Bearer ey" not in check.observed
