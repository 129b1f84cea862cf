"""Who cannot log in is told why, and not tried until a limit hides it."""

import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from eventproof.catalog import OfSession
from eventproof.conform.calls import Caller
from eventproof.conform.dialer import Dialer
from eventproof.conform.person import Person
from eventproof.errors import Inconclusive
from eventproof.history import History
from eventproof.target import Call, Identity, Rest, Target

_LOGIN = Call(
    "login",
    "POST",
    "/login",
    "anyone",
    answers={"token": "/token", "userId": "/id"},
    session=OfSession.BEGINS,
)


@asynccontextmanager
async def _logging_in(*statuses: int) -> Any:
    """Somebody of a server whose logins are answered so, and what is left of these answers."""
    left: Iterator[int] = iter(statuses)

    async def login(_: web.Request) -> web.Response:
        return web.json_response({"token": "t", "id": "u1"}, status=next(left), headers={"Retry-After": "600"})

    app = web.Application()
    app.router.add_post("/login", login)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        url = str(server.make_url("")).rstrip("/")
        target = Target("p", url, ("user-state",), Rest(url), {"login": _LOGIN})
        caller = Caller(target, History(time.monotonic), http)
        yield Person("admin-1", Identity("admin", email="a@b.c", password="p"), caller, cast(Dialer, None)), left


async def test_a_wrong_password_is_told_again_and_not_tried_again() -> None:
    async with _logging_in(401, 429) as (admin, left):
        for _ in range(2):
            with pytest.raises(Inconclusive, match=r"admin-1 could not log in: 401 .* the password of a@b\.c"):
                await admin.another_token()
        assert list(left) == [429]


async def test_who_was_let_in_before_or_is_refused_otherwise_is_tried_again() -> None:
    async with _logging_in(403, 200, 401, 200) as (admin, left):
        for _ in range(2):
            with pytest.raises(Inconclusive, match="could not log in"):
                await admin.another_token()
            assert await admin.another_token() == "t"
        assert list(left) == []
