"""What a mock answers to the calls of a contract."""

import json
from pathlib import Path
from typing import Any

import pytest

from eventproof import catalog, profile, samples
from eventproof.catalog import Operation, System
from eventproof.catalog.pointer import reached
from eventproof.catalog.schema import Schema
from eventproof.mock.calls import Calls, Found

_SHIELD = catalog.load().system("shield")


def _found(calls: Calls, method: str, path: str) -> Found:
    found = calls.find(method, path)
    assert found is not None
    return found


@pytest.mark.parametrize("system", catalog.load().systems)
def test_every_call_of_a_contract_is_answered_as_its_document_has_it(system: str) -> None:
    known = catalog.load().system(system)
    calls = Calls(known)
    for operation in known.operations:
        path = operation.path.replace("{", "").replace("}", "-1")
        elsewhere = {*operation.in_path, *operation.headers.values()}
        given = {name: value for name, value in operation.example.items() if name not in elsewhere}
        given |= {name: "x" for name in operation.required if name not in elsewhere and name not in given}
        body = b"" if operation.method in ("GET", "DELETE") else json.dumps(given).encode()
        for turn in range(3):
            reply = _found(calls, operation.method, path).answer(body, turn)
            assert (reply.wrong, reply.status // 100) == ("", 2), operation.id
            assert reply.body is samples.NONE or _published(known, operation, reply.status).is_valid(reply.body)


def _published(system: System, operation: Operation, status: int) -> Schema:
    document: Any = system.openapi
    response = document["paths"][operation.path][operation.method.lower()]["responses"][str(status)]
    if "$ref" in response:
        response = reached(document, response["$ref"].removeprefix("#"))
    return Schema({**response["content"]["application/json"]["schema"], "components": document["components"]})


def test_an_answer_is_about_what_was_asked_for() -> None:
    reply = _found(Calls(_SHIELD), "GET", "/api/shield/claims/clm_77").answer(b"", 1)
    assert (reply.body["claimId"], reply.known["claimId"]) == ("clm_77", "clm_77")


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [(b"{", 400, "no JSON"), (b"", 422, "no body"), (b'{"amount": "much"}', 422, "at /amount expected")],
)
def test_what_does_not_fit_is_refused_with_the_reason(body: bytes, status: int, words: str) -> None:
    reply = _found(Calls(_SHIELD), "POST", "/api/shield/claims").answer(body, 0)
    assert reply.status == status
    assert words in reply.wrong


def test_a_path_that_is_not_there_is_no_call_and_one_that_is_names_its_methods() -> None:
    calls = Calls(_SHIELD)
    assert (calls.find("GET", "/api/none"), calls.methods("/api/none")) == (None, ())
    assert (calls.find("PATCH", "/api/shield/claims"), calls.methods("/api/shield/claims")) == (None, ("GET", "POST"))


def test_of_a_call_that_only_a_profile_describes_the_ids_are_made_up() -> None:
    feed = Path(__file__).parents[2] / "examples" / "feed" / "eventproof.toml"
    system = profile.own_contracts(feed, env={"FEED_PORT": "1"})[0]
    reply = _found(Calls(system), "POST", "/items").answer(b'{"topic": "weather", "title": "Rain"}', 0)
    assert (reply.status, reply.body) == (200, {"id": "id-1"})
    assert reply.known == {"topic": "weather", "title": "Rain", "id": "id-1"}
