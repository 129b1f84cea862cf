"""The links that follow from what answers say and what calls need."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from openapi_spec_validator import validate

from eventproof import catalog
from eventproof.catalog import Operation, System
from eventproof.catalog.linking import linked

SYSTEMS = catalog.load().systems.values()


def links(system: System, operation: str) -> Mapping[str, Any]:
    """The links of an operation's accepted answer, each by what it leads to, with its parameters."""
    call = system.operation(operation)
    responses = linked(system.openapi, system.operations)["paths"][call.path][call.method.lower()]["responses"]
    found = next(response for status, response in responses.items() if status.startswith("2"))
    return {name: link["parameters"] for name, link in found.get("links", {}).items()}


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_a_document_with_links_is_a_valid_one_and_leaves_the_contract_as_it_was(system: System) -> None:
    before = json.dumps(system.openapi)
    document = json.loads(json.dumps(linked(system.openapi, system.operations)))
    validate(document)
    assert json.dumps(system.openapi) == before
    assert document != system.openapi


def test_what_an_answer_says_leads_to_what_needs_it() -> None:
    shield = catalog.load().system("shield")
    found = links(shield, "submitClaim")
    assert found["approveClaim"] == {"path.claimId": "$response.body#/claimId"}
    assert "payClaim" not in found, "what comes between is left out"
    assert links(shield, "approveClaim")["payClaim"] == {
        "path.userId": "$request.path.userId",
        "path.claimId": "$request.path.claimId",
    }


def test_who_tells_every_id_of_a_path_leads_there_though_it_is_not_needed() -> None:
    assert links(catalog.load().system("user-state"), "getMe")["banUser"] == {"path.userId": "$response.body#/id"}


def test_what_is_told_of_the_items_of_a_list_has_no_place_of_its_own() -> None:
    plans = catalog.load().system("plan-sync")
    assert plans.operation("listPlans").answers["planId"] == "/id"
    assert links(plans, "listPlans") == {}


def _operation(identifier: str, path: str, **more: Any) -> Operation:
    given = {"role": "user", "summary": "s", "parameters": (), "refusals": (), **more}
    return Operation(system="s", id=identifier, method="PUT", path=path, **given)


def test_a_call_that_is_needed_tells_fields_of_a_body_too() -> None:
    body: dict[str, Any] = {"content": {"application/json": {"schema": {"properties": {"thing": {}, "note": {}}}}}}
    said: dict[str, Any] = {"content": {"application/json": {"schema": {"properties": {"all": {"items": {}}}}}}}
    document = {
        "paths": {
            "/a": {"put": {"responses": {"200": {"description": "a", **said}}}},
            "/b": {"put": {"requestBody": body, "responses": {"200": {"description": "b"}}}},
        }
    }
    source = _operation("a", "/a", answers={"thing": "/all/0", "other": "/all/id"})
    target = _operation("b", "/b", needs=("a",), example={"note": "as in the document"})
    (link,) = linked(document, [source, target])["paths"]["/a"]["put"]["responses"]["200"]["links"].values()
    assert link == {"operationId": "b", "requestBody": {"thing": "$response.body#/all/0", "note": "as in the document"}}


def test_a_header_of_an_answer_and_an_answer_elsewhere_in_the_document_are_followed() -> None:
    document = {
        "paths": {
            "/a/{id}": {
                "put": {"responses": {"200": {"$ref": "#/components/responses/A"}, "404": {"description": "n"}}}
            },
            "/b/{id}": {"put": {"responses": {"204": {"description": "b"}}}},
        },
        "components": {"responses": {"A": {"description": "a"}}},
    }
    source = _operation("a", "/a/{id}", answers={"version": "$response.header.ETag", "lost": "/lost"})
    target = _operation("b", "/b/{id}", needs=("a",), headers={"If-Match": "version"})
    responses = linked(document, [source, target])["paths"]["/a/{id}"]["put"]["responses"]
    assert responses == {
        "200": {
            "description": "a",
            "links": {
                "b": {
                    "operationId": "b",
                    "parameters": {"path.id": "$request.path.id", "header.If-Match": "$response.header.ETag"},
                }
            },
        },
        "404": {"description": "n"},
    }
