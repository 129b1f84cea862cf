"""A connection is refused where the server ends it before it says anything, and its twin stays."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest
import socketio

from eventproof import catalog, profile
from eventproof.catalog import OfSession, Wire
from eventproof.conform import run
from eventproof.conform.bad_tokens import must_refuse_token
from eventproof.conform.case import Case
from eventproof.conform.check_run import CheckRun
from eventproof.conform.line import EndedAtOnce
from eventproof.conform.verdicts import NotTestable
from eventproof.errors import ContractViolation, Inconclusive
from eventproof.reference import Reference
from eventproof.target import Budgets, Call, Command, Endpoint, Identity, Jwt, Rest, Target, Transport
from eventproof.verdict import Verdict
from tests.conform.refusing import Decide, back_end

SECRET = "0123456789" * 4
GOOD = jwt.encode({"sub": "u1", "exp": 9_999_999_999}, SECRET, headers={"kid": "k1"})
TRANSPORTS = (Transport.WEBSOCKET, Transport.POLLING)
ME = Call("getMe", "GET", "/api/me", "user", answers={"userId": "/id"}, session=OfSession.SHOWS)


@contextmanager
def case_against(decide: Decide, secret: str = SECRET) -> Iterator[Case]:
    with back_end(decide) as url:
        target = Target(
            source="p",
            base_url=url,
            systems=("user-state",),
            rest=Rest(url),
            operations={
                "getMe": Call("getMe", "GET", "/api/me", "user", answers={"userId": "/id"}, session=OfSession.SHOWS)
            },
            channels={("user-state", "user"): Endpoint(Wire.SOCKET_IO, "/", "/", TRANSPORTS, {"token": "{token}"})},
            admins=(Identity("admin", id="a1", token=GOOD),),
            users=(Identity("user", id="u1", token=GOOD),),
            jwt=Jwt(secret=secret),
            budgets=Budgets(connect=1.0),
        )
        check_run = CheckRun(target, catalog.load(), seed=1)
        case = check_run.case("a case")
        try:
            yield case
        finally:
            case.leave()
            check_run.close()


async def _right(sio: socketio.AsyncServer, sid: str, token: str | None) -> None:
    """Looks, as servers do, once the connection is there."""
    try:
        jwt.decode(token or "", SECRET, ["HS256"])
    except jwt.InvalidTokenError:
        await sio.disconnect(sid)


async def _talkative(sio: socketio.AsyncServer, sid: str, token: str | None) -> None:
    await sio.emit("user.tier.updated", {"message": "Your plan has been updated to Premium."}, to=sid)
    await _right(sio, sid, token)


async def _lax(_sio: socketio.AsyncServer, _sid: str, _token: str | None) -> None:
    """Takes everybody."""


async def _ends_all(sio: socketio.AsyncServer, sid: str, _token: str | None) -> None:
    await asyncio.sleep(0.2)
    await sio.disconnect(sid)


async def _blind_to_time(sio: socketio.AsyncServer, sid: str, token: str | None) -> None:
    try:
        jwt.decode(token or "", SECRET, ["HS256"], options={"verify_exp": False})
    except jwt.InvalidTokenError:
        await sio.disconnect(sid)


def present(decide: Decide, change: str, transport: Transport = Transport.WEBSOCKET, **given: Any) -> Any:
    found: list[Any] = []
    with case_against(decide, **given) as case:

        async def acts() -> None:
            found.append(await must_refuse_token(case, await case.user(), change, transport))

        case.perform(acts())
    return found[0]


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("change", ["forged", "expired", "alg-none"])
def test_who_is_let_in_and_put_out_before_a_word_is_refused(change: str, transport: Transport) -> None:
    assert isinstance(present(_right, change, transport), EndedAtOnce)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_who_is_told_something_first_is_not_refused(transport: Transport) -> None:
    with pytest.raises(ContractViolation) as caught:
        present(_talkative, "forged", transport)
    assert "with a token with a forged signature" in str(caught.value)
    assert "user.tier.updated" in caught.value.observed


def test_who_stays_is_not_refused_and_the_sentence_says_what_was_special() -> None:
    with pytest.raises(ContractViolation, match="opened with a token with a forged signature, was accepted"):
        present(_lax, "forged")


def test_a_server_that_never_looks_at_the_expiry_fails_for_that() -> None:
    with pytest.raises(ContractViolation, match="with an expired token, was accepted"):
        present(_blind_to_time, "expired")


def test_a_server_that_puts_everybody_out_refuses_nobody() -> None:
    with pytest.raises(Inconclusive, match="had to be accepted, and was refused as well"):
        present(_ends_all, "forged")


def test_a_secret_that_is_not_the_servers_is_named_and_nothing_is_tested() -> None:
    with pytest.raises(NotTestable, match=r"the secret in \[jwt\] is not the one .* correct secret_env"):
        present(_right, "expired", secret="another secret that is long enough, too")


def test_a_command_that_is_not_told_who_calls_cannot_be_tried_by_users(server: Reference, tmp_path: Path) -> None:
    """Whoever can run it may do so: no line fails for it, and the ban that it carries out is a ban."""
    target = profile.load(server.profile)
    program = tmp_path / "ban.py"
    program.write_text(_BAN, encoding="utf-8")
    admin = target.admins[0]
    arguments = (sys.executable, str(program), target.rest.url, str(admin.email), str(admin.password), "{userId}")
    command = Command("banUser", arguments, "admin", refused=3)
    by_hand = replace(target, operations={**target.operations, "banUser": command})
    found = run.check(by_hand, only=["UST-ADMIN-1", "UST-ADMIN-2"])
    verdicts = {line.id: line.verdict for line in found.requirements if line.id.startswith("UST-ADMIN")}
    assert verdicts == {"UST-ADMIN-1": Verdict.PASS, "UST-ADMIN-2": Verdict.PASS}
    reasons = [check.reason for line in found.requirements for check in line.checks if "banUser" in check.name]
    assert any("no user of the target can" in reason for reason in reasons)


_BAN = """
import json, sys, urllib.error, urllib.request
url, email, password, user = sys.argv[1:]
def call(path, body, token=""):
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url + path, json.dumps(body).encode(), headers, method="POST")
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or b"null")
token = call("/api/auth/login", {"email": email, "password": password})["token"]
try:
    call(f"/api/admin/users/{user}/ban", {}, token)
except urllib.error.HTTPError as refused:
    print(refused)
    sys.exit(3)
"""
