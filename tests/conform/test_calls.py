"""What an answer proves; a call that the target puts off is made again; a program can refuse."""

import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from eventproof.checks.answering import calls
from eventproof.conform.calls import Answer, Caller
from eventproof.conform.patience import MOST_SECONDS
from eventproof.errors import ContractViolation, Inconclusive
from eventproof.history import History, Kind
from eventproof.refusal import COMMAND, Refusal
from eventproof.target import Call, Command, Rest, Target

OPERATIONS = {
    "login": Call("login", "POST", "/login", "anyone"),
    "getMe": Call("getMe", "GET", "/me", "user"),
}


def target(url: str = "http://127.0.0.1:9", **rest: Any) -> Target:
    return Target("p", url, ("user-state",), Rest(url, **rest), OPERATIONS)


def answer(status: int, **rest: Any) -> Answer:
    return Answer(target(**rest), "getMe", status, None, 0.0)


ACCEPTED, FAILED = answer(200), answer(500)


@pytest.mark.parametrize("status", [401, 403])
def test_who_may_not_is_refused(status: int) -> None:
    assert answer(status).must_be_refused("to a user").status == status


@pytest.mark.parametrize("status", [404, 405, 415, 426, 429, 302])
def test_what_says_no_to_something_else_is_inconclusive_and_says_what_was_expected(status: int) -> None:
    with pytest.raises(Inconclusive, match=rf"{status} may say .*; 401 or 403 was expected"):
        answer(status).must_be_refused("to a user", beside=ACCEPTED)


@pytest.mark.parametrize("status", [200, 204, 500, 503])
def test_what_was_done_or_failed_is_a_violation(status: int) -> None:
    with pytest.raises(ContractViolation, match="was not refused to a user"):
        answer(status).must_be_refused("to a user")


@pytest.mark.parametrize(
    ("status", "refusal", "rest"),
    [(400, Refusal.CALLER, {}), (404, Refusal.VALUE, {}), (404, Refusal.CALLER, {"refused_with": frozenset({404})})],
)
def test_what_may_mean_two_things_needs_an_accepted_call_beside_it(
    status: int, refusal: Refusal, rest: dict[str, Any]
) -> None:
    given = answer(status, **rest)
    given.must_be_refused("to a user", refusal, beside=ACCEPTED)
    with pytest.raises(Inconclusive, match="no call beside it"):
        given.must_be_refused("to a user", refusal)
    with pytest.raises(Inconclusive, match="the call beside it was answered 500"):
        given.must_be_refused("to a user", refusal, beside=FAILED)


async def test_the_call_beside_it_is_made_only_where_it_tells() -> None:
    made = []

    async def twin() -> Answer:
        made.append(1)
        return ACCEPTED

    await answer(401).must_be_refused_beside(twin, "to a user")
    assert not made
    await answer(422).must_be_refused_beside(twin, "to a user")
    assert made


Handler = Callable[[web.Request], Awaitable[web.Response]]


async def called(handler: Handler, operation: str = "getMe") -> tuple[Answer | None, History, str]:
    app = web.Application()
    app.router.add_route("*", "/{any}", handler)
    history = History(time.monotonic)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        caller = Caller(target(str(server.make_url("")).rstrip("/")), history, http)
        try:
            return await caller.call("user-1", operation, {}, "t"), history, ""
        except Inconclusive as error:
            return None, history, str(error)


def limiting(times: int, status: int = 429, after: str | None = "0", then: int = 403) -> tuple[Handler, list[float]]:
    """So many answers that put the call off, then another one; and when each call came."""
    came: list[float] = []

    async def handler(_: web.Request) -> web.Response:
        came.append(time.monotonic())
        if len(came) <= times:
            return web.json_response({}, status=status, headers={} if after is None else {"Retry-After": after})
        return web.json_response({}, status=then)

    return handler, came


def test_a_page_is_told_by_what_a_person_reads_on_it() -> None:
    page = replace(answer(404), body="<!DOCTYPE html>\n<title>Error</title><pre>Cannot POST /api/ban</pre>\n")
    assert str(page) == "404 Cannot POST /api/ban"
    assert str(replace(answer(404), body={"code": "<b>"})) == '404 {"code": "<b>"}'


async def test_what_a_failed_call_broke_is_shown_by_its_answer_in_the_history() -> None:
    handler, _ = limiting(0, then=200)
    answered, history, _ = await called(handler)
    assert answered is not None
    with pytest.raises(ContractViolation) as broken:
        answered.must_be_refused("with a token that has ended")
    assert broken.value.record is list(history)[-1]
    assert list(history)[-1].kind is Kind.ANSWERED


async def test_a_call_that_was_limited_is_made_again_and_its_answer_is_the_last_one() -> None:
    handler, came = limiting(2)
    answered, history, _ = await called(handler)
    assert answered is not None
    assert (answered.status, len(came)) == (403, 3)
    assert answered.began > next(iter(history)).at
    kinds = [record.kind for record in history]
    assert kinds == [Kind.CALLED, Kind.NOTE, Kind.NOTE, Kind.ANSWERED]
    assert [call.is_refused for call in calls(tuple(history))] == [True]


async def test_a_call_waits_as_long_as_it_is_told() -> None:
    handler, came = limiting(1, after="1")
    await called(handler)
    assert came[1] - came[0] >= 1.0


async def test_a_call_waits_until_a_date() -> None:
    handler, came = limiting(1, after=format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True))
    await called(handler)
    assert came[1] - came[0] >= 0.9


@pytest.mark.parametrize("after", [None, "soon", ""])
async def test_a_call_waits_shortly_where_it_is_not_told_how_long(after: str | None) -> None:
    handler, came = limiting(1, after=after)
    answered, _, _ = await called(handler)
    assert answered is not None
    assert 0.4 <= came[1] - came[0] < 5


async def test_a_call_that_stays_limited_is_inconclusive_and_refused_by_nobody() -> None:
    handler, came = limiting(99)
    answered, history, why = await called(handler)
    assert answered is None
    assert len(came) == 4
    assert "limited with 429" in why
    assert [record.kind for record in history][-1] is Kind.UNANSWERED
    assert not any(call.is_refused for call in calls(tuple(history)))


async def test_nobody_waits_longer_than_there_is_time() -> None:
    handler, came = limiting(1, after=str(int(MOST_SECONDS) + 1))
    answered, _, why = await called(handler)
    assert answered is None
    assert len(came) == 1
    assert "again in 31 s" in why


async def test_a_login_also_waits_for_a_server_that_is_busy_for_a_moment() -> None:
    busy, came = limiting(1, status=503)
    answered, _, _ = await called(busy, "login")
    assert answered is not None
    assert (answered.status, len(came)) == (403, 2)
    busy, came = limiting(1, status=503)
    answered, _, _ = await called(busy)
    assert answered is not None
    assert (answered.status, len(came)) == (503, 1)
    failing, came = limiting(1, status=503, after=None)
    answered, _, _ = await called(failing, "login")
    assert answered is not None
    assert answered.status == 503


@pytest.mark.parametrize(("code", "status"), [(0, 200), (3, COMMAND), (4, 500)])
async def test_a_program_refuses_with_the_exit_code_of_the_profile(code: int, status: int) -> None:
    command = Command("getMe", (sys.executable, "-c", f"raise SystemExit({code})"), "user", refused=3)
    async with aiohttp.ClientSession() as http:
        caller = Caller(replace(target(), operations={"getMe": command}), History(time.monotonic), http)
        answered = await caller.call("user-1", "getMe", {})
    assert answered.status == status
    assert answered.is_refused == (status == COMMAND)
    if status == COMMAND:
        for refusal in Refusal:
            answered.must_be_refused("to a user", refusal)
