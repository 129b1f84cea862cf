"""What is sent for an operation of a document that others wrote, and what of its answers is held against a server."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
import requests
from aiohttp import web

from eventproof import catalog, profile
from eventproof.conform import rest, run
from eventproof.conform.attempts import Attempt, aimed_at
from eventproof.conform.rest import Rest, Tried, Undocumented, document_of
from eventproof.conform.verdicts import NotApplicable, NotTestable
from eventproof.errors import ContractViolation, Inconclusive
from eventproof.reference import Reference
from eventproof.target import Budgets, Call, Command, Target
from eventproof.target import Rest as RestPlace
from eventproof.verdict import Verdict
from tests.hostile.server import BEHAVIOURS, running

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MEMBER = {"name": "no", "in": "path", "required": True, "schema": {"type": "integer"}}
STANDING = {
    "type": "object",
    "required": ["to"],
    "properties": {"to": {"enum": ["banned", "active"]}, "why": {"type": "string", "maxLength": 9}},
}
REFUSAL = {"4XX": {"description": "No.", "content": {"application/json": {}}}}


def document(path: str, method: str, responses: dict[str, Any] | None = None, **operation: Any) -> dict[str, Any]:
    found = {"200": {"description": "Yes."}, **REFUSAL} if responses is None else responses
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {path: {method: {"responses": found, **operation}}},
    }


STANDINGS = document(
    "/members/{no}/standing",
    "put",
    parameters=[MEMBER],
    requestBody={"required": True, "content": {"application/json": {"schema": STANDING}}},
)
BAN = Call("banUser", "PUT", "/members/{userId}/standing", "admin", {"to": "banned", "why": "{reason}"})
UNBAN = replace(BAN, operation="unbanUser", body={"to": "active"})
GET = Call("getMe", "GET", "/me", "user")
ME = document("/me", "get")


def made(url: str, doc: dict[str, Any], *calls: Call, seconds: float = 5.0) -> Rest:
    target = Target(
        "p.toml",
        url,
        ("user-state",),
        RestPlace(url),
        {call.operation: call for call in calls},
        openapi="theirs.yaml",
        budgets=Budgets(call=seconds),
    )
    return Rest(target, doc, {"user": "u", "admin": "a"}, {"userId": 17}, 18)


def attempts(rest_: Rest) -> dict[str, list[Attempt]]:
    return {call.operation: rest_.attempts(call, operation) for call, operation in rest_.operations()}


async def tried(url: str, doc: dict[str, Any], call: Call, share: float = 20.0, seconds: float = 5.0) -> Tried:
    rest_ = made(url, doc, call, seconds=seconds)
    ((found, operation),) = rest_.operations()
    return await rest_.try_out(found, operation, share)


def test_several_operations_on_one_path_are_each_tried_with_the_body_that_tells_them_apart() -> None:
    found = attempts(made("http://x", STANDINGS, BAN, UNBAN))
    assert found.keys() == {"banUser", "unbanUser"}
    for operation, to in (("banUser", "banned"), ("unbanUser", "active")):
        bodies = [attempt.case.body for attempt in found[operation] if isinstance(attempt.case.body, dict)]
        assert len(bodies) > 4
        assert {body["to"] for body in bodies} == {to}


def test_an_admin_acts_on_the_lent_user_and_on_nobody_else_whatever_the_parameter_is_called() -> None:
    well_formed = [
        (attempt.request.url or "").split("/")[4]
        for found in attempts(made("http://x", STANDINGS, BAN)).values()
        for attempt in found
        if not attempt.is_elsewhere
    ]
    assert set(well_formed) == {"17", "18"}


def test_a_query_and_a_path_that_the_profile_writes_out_are_sent_as_written() -> None:
    action = {"name": "action", "in": "query", "schema": {"enum": ["ban", "delete"]}}
    doc = document("/{org}/transitions", "post", parameters=[{**MEMBER, "name": "org"}, action])
    call = Call("banUser", "POST", "/7/transitions?action=ban&member={userId}", "admin")
    (found,) = attempts(made("http://x/v1", doc, call)).values()
    assert len(found) > 6
    for attempt in found:
        assert (attempt.request.url or "").startswith("http://x/v1/7/transitions?")
        sent = requests.utils.urlparse(attempt.request.url or "").query  # type: ignore[attr-defined]
        assert sent.count("action=") == 1
        assert "action=ban" in sent
        assert "member=17" in sent or "member=18" in sent


@pytest.mark.parametrize(
    ("body", "template", "aimed"),
    [
        ({"to": "deleted", "why": "x"}, {"to": "banned"}, {"to": "banned", "why": "x"}),
        ({}, {"to": "banned", "member": "{userId}"}, {"to": "banned"}),
        ({"a": {"b": 3}}, {"a": {"b": 1, "c": True}}, {"a": {"b": 1, "c": True}}),
        ({"ids": [3, 4]}, {"ids": ["{userId}"]}, {"ids": [17, 17]}),
        ({"room": "user:3"}, {"room": "user:{userId}"}, {"room": "user:17"}),
        ({"kinds": ["x"]}, {"kinds": ["all"]}, {"kinds": ["all"]}),
        ([], {"to": "banned"}, []),
    ],
)
def test_what_a_template_writes_out_stays(body: object, template: object, aimed: object) -> None:
    assert aimed_at(body, template, 17) == aimed


def test_where_nobody_is_named_a_body_keeps_whom_it_names() -> None:
    assert aimed_at({"to": "x", "member": 3}, {"to": "banned", "member": "{userId}"}, None) == {
        "to": "banned",
        "member": 3,
    }


async def serve(serving: Any, handle: Handler, doc: dict[str, Any], call: Call, share: float = 20.0) -> Tried:
    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", handle)
    async with serving(application) as url:
        return await tried(url, doc, call, share)


async def test_each_kind_of_undocumented_answer_is_told_once_and_all_together(serving: Any) -> None:
    answers = iter([200, 203, 202, 203, 200])

    async def handle(_request: web.Request) -> web.Response:
        return web.json_response({"id": 1}, status=next(answers, 200))

    with pytest.raises(Undocumented) as found:
        await serve(serving, handle, ME, GET)
    kinds = ("Undocumented status code (203)", "Undocumented status code (202)")
    assert found.value.kinds == kinds
    assert str(found.value).endswith(", ".join(kinds))
    assert found.value.expected == "one of 200, 4XX"
    assert found.value.made[:2] == ({"id": 1}, {"id": 1})
    assert "; logout: x (500)" in str(found.value.beside([Undocumented("logout", ("x (500)",), "", "")]))


async def test_requests_that_no_client_can_send_are_counted(serving: Any) -> None:
    async def handle(_request: web.Request) -> web.Response:
        return web.json_response({})

    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", handle)
    async with serving(application) as url:
        rest_ = replace(made(url, ME, GET), tokens={"user": "a\0b", "admin": "a"})
        ((call, operation),) = rest_.operations()
        found = await rest_.try_out(call, operation, 20.0)
    assert found.unsendable
    assert found.unsendable + found.answered == len(rest_.attempts(call, operation))


async def test_too_many_requests_are_waited_for_and_are_no_undocumented_answer(serving: Any) -> None:
    seen = 0

    async def handle(_request: web.Request) -> web.Response:
        nonlocal seen
        seen += 1
        return web.json_response({}, status=429 if seen % 2 else 200, headers={"Retry-After": "0"})

    found = await serve(serving, handle, ME, GET)
    assert found.left_out == 0
    assert found.limited == found.answered > 2
    assert seen == 2 * found.answered


async def test_a_limit_that_never_ends_leaves_all_out_in_time(serving: Any) -> None:
    async def handle(_request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "3600"})

    began = time.monotonic()
    found = await serve(serving, handle, ME, GET, 1.0)
    assert (found.answered, found.limited) == (0, 1)
    assert found.left_out > 2
    assert time.monotonic() - began < 5


async def test_a_slow_server_is_tried_for_its_share_of_the_time_and_what_is_left_out_is_counted(serving: Any) -> None:
    async def handle(_request: web.Request) -> web.Response:
        await asyncio.sleep(0.5)
        return web.json_response({})

    found = await serve(serving, handle, STANDINGS, BAN, 4.0)
    assert found.answered > 0
    assert found.left_out > 0


@pytest.mark.parametrize("behaviour", ["breaking_a_chunk", "pretending_gzip", "flooding_body", "bombing", "babbling"])
async def test_an_answer_that_nobody_can_read_is_the_servers_failure(behaviour: str) -> None:
    with running(BEHAVIOURS[behaviour]) as server, pytest.raises(ContractViolation, match="does not answer as its"):
        await tried(server.url, ME, GET, 60.0, 30.0)


@pytest.mark.parametrize("behaviour", ["nesting_deeper", "halving_pairs", "inventing_charsets", "failing"])
async def test_an_answer_of_another_shape_is_the_servers_failure(behaviour: str) -> None:
    told = {"type": "object", "properties": {"error": {"type": "object", "properties": {"code": {"type": "integer"}}}}}
    shaped = {"default": {"description": "x", "content": {"application/json": {"schema": told}}}}
    with running(BEHAVIOURS[behaviour]) as server, pytest.raises(ContractViolation, match="does not answer as its"):
        await tried(server.url, document("/me", "get", shaped), GET, 60.0, 30.0)


@pytest.mark.parametrize("behaviour", ["closing", "resetting", "promising_more", "dripping", "silent"])
async def test_an_answer_that_breaks_off_or_does_not_come_proves_nothing(behaviour: str) -> None:
    with running(BEHAVIOURS[behaviour]) as server, pytest.raises(Inconclusive):
        await tried(server.url, ME, GET, 20.0, 0.5)


@pytest.mark.parametrize("behaviour", ["closing", "pretending_gzip", "breaking_a_chunk", "flooding_body"])
def test_one_answer_by_itself_is_bounded_too(behaviour: str) -> None:
    with running(BEHAVIOURS[behaviour]) as server, pytest.raises(Inconclusive):
        rest._answer(requests.Session(), GET, {"method": "GET", "url": server.url})


async def test_a_router_that_tidies_a_malformed_path_by_a_redirect_is_not_blamed(serving: Any) -> None:
    doc = document("/members/{no}", "get", parameters=[MEMBER])

    async def handle(request: web.Request) -> web.Response:
        name = request.path.rpartition("/")[2]
        return web.json_response({}) if name == "17" else web.Response(status=301, headers={"Location": "/"})

    found = await serve(serving, handle, doc, replace(GET, path="/members/{userId}"))
    assert found.answered > 6


@pytest.mark.parametrize(("content_type", "is_blamed"), [("text/html", False), ("application/problem+json", True)])
async def test_a_page_that_refuses_a_malformed_path_is_a_front_servers_and_an_undocumented_refusal_is_not(
    serving: Any, content_type: str, is_blamed: bool
) -> None:
    doc = document("/members/{no}", "get", {"200": {"description": "Yes."}}, parameters=[MEMBER])

    async def handle(request: web.Request) -> web.Response:
        if request.path.rpartition("/")[2] == "17":
            return web.json_response({})
        return web.Response(status=400, text="<h1>Bad Request</h1>", content_type=content_type)

    trying = serve(serving, handle, doc, replace(GET, path="/members/{userId}"))
    with pytest.raises(ContractViolation) if is_blamed else nullcontext():
        assert (await trying).answered > 6


async def test_what_is_sent_without_a_token_has_the_other_headers_of_the_profile(serving: Any) -> None:
    seen: list[tuple[bool, str | None, str | None]] = []

    async def handle(request: web.Request) -> web.Response:
        tenant, accept = (request.headers.get(name) for name in ("X-Tenant", "Accept"))
        seen.append(("Authorization" in request.headers, tenant, accept))
        return web.json_response({})

    await serve(serving, handle, ME, replace(GET, headers={"X-Tenant": "acme"}))
    assert {is_signed for is_signed, _, _ in seen} == {True, False}
    assert {(tenant, accept) for _, tenant, accept in seen} == {("acme", "application/json, */*;q=0.5")}


async def test_a_redirect_to_the_same_path_with_a_slash_says_what_to_correct(serving: Any) -> None:
    async def handle(request: web.Request) -> web.Response:
        return web.Response(status=308, headers={"Location": f"{request.path}/"})

    with pytest.raises(NotTestable, match=r"getMe is redirected to /me/: correct path in \[operations\.getMe\]"):
        await serve(serving, handle, ME, GET)


async def test_another_redirect_that_no_document_names_is_a_violation(serving: Any) -> None:
    async def handle(_request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/login"})

    with pytest.raises(ContractViolation, match="Undocumented"):
        await serve(serving, handle, ME, GET)


@pytest.mark.parametrize(
    ("responses", "documented"),
    [
        ({"default": {"description": "x"}}, True),
        ({"4XX": {"description": "x"}}, True),
        ({"401": {"description": "x"}}, False),
    ],
)
async def test_a_status_is_documented_by_its_number_its_range_or_default(
    serving: Any, responses: dict[str, Any], documented: bool
) -> None:
    async def handle(_request: web.Request) -> web.Response:
        return web.Response(status=400, text="Bad Request")

    if documented:
        assert (await serve(serving, handle, document("/me", "get", responses), GET)).answered > 2
    else:
        with pytest.raises(ContractViolation, match="Undocumented"):
            await serve(serving, handle, document("/me", "get", responses), GET)


SYSTEM = catalog.load().system("user-state")


def test_a_server_that_publishes_no_document_is_not_judged_by_one(server: Reference) -> None:
    target = replace(profile.load(server.profile), openapi=False)
    with pytest.raises(NotApplicable, match="openapi = false"):
        document_of(target, SYSTEM)
    ran = run.check(target, only=["ALL-REST-1"], systems=["user-state"])
    (line,) = [line for line in ran.requirements if line.id == "ALL-REST-1"]
    assert line.verdict is Verdict.NOT_APPLICABLE
    assert line.reason == "the profile says that the server publishes no OpenAPI document: openapi = false"


def test_what_a_program_does_is_in_no_document_and_a_query_makes_no_other_path() -> None:
    target = profile.for_url("http://127.0.0.1:8080", {})
    me = target.operations["getMe"]
    assert isinstance(me, Call)
    mixed = {
        **target.operations,
        "banUser": Command("banUser", ("ban",), "admin"),
        "getMe": replace(me, path=f"{me.path}?expand=1"),
    }
    assert document_of(replace(target, operations=mixed), SYSTEM) is SYSTEM.openapi


def test_other_paths_and_no_document_name_both_remedies() -> None:
    target = profile.for_url("http://127.0.0.1:8080", {})
    me = target.operations["getMe"]
    assert isinstance(me, Call)
    with pytest.raises(NotTestable, match=r"name the server's own with openapi, or write openapi = false"):
        document_of(replace(target, operations={**target.operations, "getMe": replace(me, path="/x")}), SYSTEM)


def test_hypothesis_and_schemathesis_are_loaded_by_no_other_case() -> None:
    source = (
        "import json, sys; from eventproof.conform import launch, run, listing\n"
        "listing.collected(('user-state', 'shield'))\n"
        "print(json.dumps(sorted({'schemathesis', 'hypothesis', 'requests'} & sys.modules.keys())))"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []
