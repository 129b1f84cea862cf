import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import pytest
from aiohttp import web

from eventproof import profile
from eventproof.errors import EventproofError, Inconclusive, TargetUnavailable, UsageError
from eventproof.load.calls import Calls, Login
from eventproof.target import Call, Command, Identity, Jwt, Target

_T = TypeVar("_T")
_SOMEBODY = Identity("user", id="u1", email="a@example.com", password="right")


class Server:
    """A server of a few calls that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.connections: set[Any] = set()
        self.logins: list[tuple[int, dict[str, str]]] = []
        """The status and the headers of the next answers to a login; status 0: none comes."""
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body: Any = await request.json() if request.can_read_body else None
        self.asked.append((request.method, request.path, body))
        self.connections.add(request.transport)
        if request.path == "/api/auth/login" and self.logins:
            status, headers = self.logins.pop()
            if not status:
                assert request.transport is not None
                request.transport.abort()
            return web.json_response({"token": 7, "user": {"id": "u1"}}, status=status or 200, headers=headers)
        if request.path == "/api/auth/login":
            if body["password"] != "right":
                return web.json_response({"error": {"code": "invalid_credentials"}}, status=401)
            return web.json_response({"token": "fresh", "user": {"id": "u1", "tier": "basic"}})
        if request.path.endswith("/ban"):
            assert request.transport is not None
            request.transport.abort()
        if request.headers.get("Authorization") != "Bearer good":
            return web.json_response({"error": {"code": "token_invalid"}}, status=401)
        return web.Response(text="no JSON")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server, application = Server(), web.Application()
    application.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


@pytest.fixture
def target(server: Server) -> Target:
    return profile.for_url(server.url, env={})


async def _with(target: Target, work: Callable[[Calls], _T]) -> _T:
    """Calls wait, so they run in another thread than the server."""

    def run() -> _T:
        with closing(Calls(target)) as calls:
            return work(calls)

    return await asyncio.to_thread(run)


async def test_calls_follow_one_another_on_one_connection(server: Server, target: Target) -> None:
    answers = await _with(target, lambda calls: [calls.perform("getMe", {}, "good") for _ in range(3)])
    assert [(answer.status, answer.done, answer.body) for answer in answers] == [(200, True, None)] * 3
    assert len(server.connections) == 1


async def test_a_connection_is_not_used_again_once_a_server_may_be_closing_it(
    server: Server, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gunicorn closes after 2 idle seconds: a ban that meets such a connection would count as not answered."""
    now = monotonic()
    with closing(Calls(target)) as calls:
        await asyncio.to_thread(calls.perform, "getMe", {}, "good")
        monkeypatch.setattr("eventproof.load.calls.monotonic", lambda: now + 2.0)
        await asyncio.to_thread(calls.perform, "getMe", {}, "good")
    assert len(server.connections) == 2


async def test_a_token_that_is_not_taken_is_told_from_a_call_that_is_refused_otherwise(target: Target) -> None:
    answer = await _with(target, lambda calls: calls.perform("getMe", {}, "bad"))
    assert (answer.done, answer.refused, str(answer)) == (False, True, "status 401")


async def test_parameters_go_where_the_operation_has_them(server: Server, target: Target) -> None:
    await _with(target, lambda calls: calls.perform("updateUserTier", {"userId": "a b", "tier": "premium"}, "good"))
    assert server.asked == [("PUT", "/api/admin/users/a b/tier", {"tier": "premium"})]


async def test_a_call_without_an_answer_leaves_unknown_what_happened(server: Server, target: Target) -> None:
    answer = await _with(target, lambda calls: calls.perform("banUser", {"userId": "u1"}, "good"))
    assert (answer.status, answer.done, answer.refused) == (0, False, False)
    assert "banUser was not answered" in str(answer)
    assert len(server.asked) == 1


async def test_a_login_gives_a_token_and_what_it_was_answered_with(target: Target) -> None:
    assert await _with(target, lambda calls: calls.log_in(_SOMEBODY)) == Login("fresh", _SOMEBODY.id)


async def test_a_call_that_the_profile_lacks_something_for_is_not_made(server: Server, target: Target) -> None:
    answer = await _with(target, lambda calls: calls.perform("banUser", {}, "good"))
    assert (answer.status, answer.done) == (0, False)
    assert "userId" in str(answer)
    assert server.asked == []


async def test_whoever_cannot_log_in_has_no_token(target: Target) -> None:
    wrong = replace(_SOMEBODY, password="wrong")
    assert await _with(target, lambda calls: calls.log_in(wrong)) == Login()
    with pytest.raises(UsageError, match=r"a@example\.com cannot log in"):
        await _with(target, lambda calls: calls.token_of(wrong))


_REASONS: list[tuple[int, dict[str, str], type[EventproofError], str]] = [
    (401, {}, UsageError, "is the password right"),
    (404, {}, UsageError, r"is the path right\? See \[operations.login\]"),
    (301, {"Location": "https://elsewhere.example/"}, UsageError, "points to https://elsewhere.example/"),
    (429, {"Retry-After": "0"}, Inconclusive, "too many logins"),
    (503, {}, TargetUnavailable, "answers with status 503"),
    (0, {}, TargetUnavailable, "was not answered"),
    (200, {}, UsageError, "the answer has no token"),
]


@pytest.mark.parametrize(("status", "headers", "error", "words"), _REASONS)
async def test_a_login_without_a_token_says_what_it_was_answered_with(
    server: Server, target: Target, status: int, headers: dict[str, str], error: type[EventproofError], words: str
) -> None:
    server.logins = [(status, headers)] * 3
    with pytest.raises(error, match=words):
        await _with(target, lambda calls: calls.token_of(_SOMEBODY))


async def test_too_many_logins_are_tried_again_when_the_target_says(server: Server, target: Target) -> None:
    server.logins = [(429, {"Retry-After": "0"})] * 2
    assert await _with(target, lambda calls: calls.token_of(_SOMEBODY)) == "fresh"
    assert len(server.asked) == 3


async def test_the_profiles_token_is_taken_where_there_is_one(server: Server, target: Target) -> None:
    assert await _with(target, lambda calls: calls.token_of(replace(_SOMEBODY, token="given"))) == "given"
    assert server.asked == []


async def test_without_a_password_a_token_is_minted(target: Target) -> None:
    minting = replace(target, jwt=Jwt("a secret of at least thirty-two bytes", claims={"sub": "{id}"}))
    token = (await _with(minting, lambda calls: calls.log_in(replace(_SOMEBODY, password=None)))).token
    assert token is not None
    assert token.count(".") == 2


@pytest.mark.parametrize(
    ("script", "status", "body"), [("print('{\"ok\": 1}')", 200, {"ok": 1}), ("exit(3)", 500, None)]
)
async def test_an_operation_may_be_a_program(target: Target, script: str, status: int, body: Any) -> None:
    command = Command("banUser", (sys.executable, "-c", script), "admin")
    able = replace(target, operations={**target.operations, "banUser": command})
    answer = await _with(able, lambda calls: calls.perform("banUser", {"userId": "u1"}))
    assert (answer.status, answer.body) == (status, body)


async def test_a_program_that_is_not_there_is_told(target: Target, tmp_path: Path) -> None:
    command = Command("banUser", (str(tmp_path / "nothing"),), "admin")
    able = replace(target, operations={**target.operations, "banUser": command})
    answer = await _with(able, lambda calls: calls.perform("banUser", {"userId": "u1"}))
    assert answer.status == 0
    assert isinstance(target.operations["banUser"], Call)
