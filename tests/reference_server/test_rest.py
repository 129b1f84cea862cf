"""The border of REST: whatever comes in, what goes out is documented, has a code, and says what to do."""

import asyncio
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from yarl import URL

from eventproof.errors import ContractError
from reference_server.accounts.account import Account
from reference_server.limits import Limits
from reference_server.refusals import contracts
from reference_server.transport.http import Handler
from reference_server.transport.paths import Paths
from reference_server.transport.rest import Answer, Call, Rest
from tests.reference_server.house import BANNED, SECONDS, House, Person, keep_house

pytestmark = pytest.mark.asyncio(loop_scope="package")

LOGIN = "/api/auth/login"
JSON = {"Content-Type": "application/json"}
BAD_BODIES = [
    (b"", JSON, 400, "malformed_json"),
    (b"{", JSON, 400, "malformed_json"),
    (b"\xff\xfe", JSON, 400, "malformed_json"),
    (b'{"email": "\\ud800", "password": "x"}', JSON, 400, "malformed_json"),
    (b"[" * 20_000, JSON, 400, "malformed_json"),
    (b'{"email": NaN}', JSON, 400, "malformed_json"),
    (b"null", JSON, 422, "invalid_input"),
    (b"[]", JSON, 422, "invalid_input"),
    (b"{}", JSON, 422, "invalid_input"),
    (b'{"email": 1, "password": "x"}', JSON, 422, "invalid_input"),
    (b'{"email": "", "password": "x"}', JSON, 422, "invalid_input"),
    (b'{"email": "a@b", "password": "x", "admin": true}', JSON, 422, "invalid_input"),
    (json.dumps({"email": "a@b", "password": "secret" * 500}).encode(), JSON, 422, "invalid_input"),
    (json.dumps({"email": "a@b", "x" * 5000: 1}).encode(), JSON, 422, "invalid_input"),
    (b'{"email": "\\u0000", "password": "\\u0000"}', JSON, 401, "invalid_credentials"),
    (b'{"email": "a", "password": "x"}', {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
    (
        b'{"email": "a", "password": "x"}',
        {"Content-Type": "application/json;charset=utf-8"},
        401,
        "invalid_credentials",
    ),
    (b"x" * 70_000, JSON, 413, "payload_too_large"),
]


def _refused(body: Any, code: str) -> None:
    assert body["error"]["code"] == code
    assert body["error"]["message"].endswith(".")
    assert len(body["error"]["message"]) < 400
    assert "Traceback" not in body["error"]["message"]


@pytest.mark.parametrize(("body", "headers", "status", "code"), BAD_BODIES)
async def test_a_bad_login_is_refused_in_words(
    house: House, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    found, answer = await house.call("POST", LOGIN, data=body, headers=headers)
    assert found == status
    _refused(answer, code)
    assert "secret" not in answer["error"]["message"]


async def test_a_body_without_a_length_is_bounded_too(house: House) -> None:
    async def endless() -> Any:
        for _ in range(100):
            yield b"x" * 4096

    status, answer = await house.call("POST", LOGIN, data=endless(), headers=JSON)
    assert status == 413
    _refused(answer, "payload_too_large")


async def test_a_body_that_does_not_come_whole_is_given_up(tmp_path: Path) -> None:
    async with keep_house(tmp_path, limits=Limits(body_timeout=0.1)) as house:
        request = b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        head, body = await house.says(request + b"Connection: close\r\nContent-Length: 9\r\n\r\n{")
        assert head.split()[1] == b"400"
        _refused(json.loads(body), "malformed_request")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api",
        "/api/users",
        "/api/features/",
        "/api/features/x/y",
        "/api/admin/users/%00/extra",
        "//api//me",
        "/%2e%2e/etc/passwd",
        "/socket.io",
    ],
)
async def test_an_unknown_path_is_refused_in_words(house: House, path: str) -> None:
    status, answer = await house.call("GET", path)
    assert status == 404
    _refused(answer, "not_found")


@pytest.mark.parametrize(
    "name",
    ["nobody", "usr_" + "0" * 32, "x" * 65, "x" * 10_000, "%00", "%ED%A0%80", "%F0%9F%98%80", "..", "%2F"],
)
async def test_an_unknown_user_or_feature_is_not_found_however_it_is_spelt(house: House, name: str) -> None:
    async with asyncio.timeout(SECONDS):
        for path, code in (
            (f"/api/admin/users/{name}", "user_not_found"),
            (f"/api/features/{name}", "feature_not_found"),
        ):
            url = URL(house.url + path, encoded=True)
            async with house.http.get(url, headers=house.admin.headers) as answer:
                body = await answer.json()
            assert answer.status == 404
            _refused(body, body["error"]["code"])
            assert body["error"]["code"] in (code, "not_found")
    for method, call in (("POST", "ban"), ("POST", "unban")):
        assert (await house.call(method, f"/api/admin/users/nobody/{call}", house.admin))[0] == 404


@pytest.mark.parametrize("tier", ['"gold"', '"Premium"', '""', "null", "1", '["premium"]'])
async def test_an_unknown_tier_is_refused_and_nothing_is_sent(house: House, tier: str) -> None:
    user = await house.person()
    socket = await house.socket(user)
    path = f"/api/admin/users/{user.id}/tier"
    status, answer = await house.call("PUT", path, house.admin, data=f'{{"tier": {tier}}}', headers=JSON)
    assert status == 422
    _refused(answer, "invalid_input")
    assert await socket.is_open()


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/me", {"GET"}),
        ("GET", LOGIN, {"POST"}),
        ("HEAD", "/api/me", {"GET"}),
        ("PATCH", "/api/admin/users/x/tier", {"PUT"}),
        ("POST", "/api/me/stream", {"GET"}),
        ("TRACE", "/api/me", {"GET"}),
        ("PUT", "/api/admin/plans/subscribers", {"GET"}),  # not the plan `subscribers`
        ("DELETE", "/api/plans/subscribe", {"GET"}),
    ],
)
async def test_another_method_is_refused_with_those_that_are_allowed(
    house: House, method: str, path: str, allowed: set[str]
) -> None:
    async with house.http.request(method, house.url + path) as answer:
        body = await answer.read()
    assert answer.status == 405
    assert set(answer.headers["Allow"].split(",")) == allowed
    if method != "HEAD":
        _refused(json.loads(body), "method_not_allowed")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/me HTTP/1.1\r\nHost: x\r\nAuthorization: " + b"x" * 20_000 + b"\r\n\r\n",
        b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_what_is_no_http_is_refused_in_words_too(house: House, request_bytes: bytes) -> None:
    head, body = await house.says(request_bytes)
    assert head.split()[1] == b"400"
    _refused(json.loads(body), "malformed_request")


def _forged(house: House, user: Person, **changes: Any) -> str:
    claims = jwt.decode(user.token, options={"verify_signature": False}) | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, house.services.tokens._secret, algorithm="HS256")


async def test_a_token_that_is_not_good_is_refused_by_rest(house: House) -> None:
    user = await house.person()
    header, payload, signature = user.token.split(".")
    none = jwt.encode(jwt.decode(user.token, options={"verify_signature": False}), "", algorithm="none")
    for token, code in (
        ("", "token_missing"),
        ("x", "token_invalid"),
        (f"{header}.{payload}.", "token_invalid"),
        (f"{header}.{payload[:-2]}xx.{signature}", "token_invalid"),
        (f"{header}.{payload}.{signature[::-1]}", "token_invalid"),
        (none, "token_invalid"),
        (jwt.encode({"sub": user.id}, "another secret of enough length!", algorithm="HS256"), "token_invalid"),
        ("é" * 10, "token_invalid"),
        ("x" * 5000, "token_invalid"),
        (_forged(house, user, exp=1), "token_expired"),
        (_forged(house, user, exp=None), "token_invalid"),
        (_forged(house, user, iat=None), "token_invalid"),
        (_forged(house, user, jti=None), "token_invalid"),
        (_forged(house, user, sub=None), "token_invalid"),
        (_forged(house, user, sub=42), "token_invalid"),
        (_forged(house, user, iat=4e9), "token_invalid"),
        (_forged(house, user, iat="soon"), "token_invalid"),
        (_forged(house, user, nbf=float("nan")), "token_invalid"),
        (_forged(house, user, exp=float("nan")), "token_expired"),
        (_forged(house, user, exp=[1]), "token_invalid"),
        (_forged(house, user, nbf=4e9), "token_invalid"),
        (_forged(house, user, exp=float("inf")), "token_invalid"),
        (_forged(house, user, epoch="0"), "token_invalid"),
        (_forged(house, user, epoch=7), "token_revoked"),
        (_forged(house, user, sub="usr_nobody"), "token_invalid"),
        (_forged(house, user, sub="\x00"), "token_invalid"),
    ):
        status, answer = await house.call("GET", "/api/me", headers={"Authorization": f"Bearer {token}"})
        assert (status, answer["error"]["code"]) == (401, code), token
        async with house.http.get(f"{house.url}/api/me/stream", params={"token": token}) as stream:
            assert (stream.status, stream.headers["WWW-Authenticate"]) == (401, "Bearer")
    for scheme in ("Basic", "", "bearertoken"):
        status, _ = await house.call("GET", "/api/me", headers={"Authorization": f"{scheme} {user.token}"})
        assert status == 401
    assert (await house.call("GET", "/api/me", headers={"Authorization": f"bearer {user.token}"}))[0] == 200


async def test_a_token_that_is_known_is_refused_from_the_moment_its_session_ends(tmp_path: Path) -> None:
    later = 0.0
    async with keep_house(tmp_path, clock=lambda: time.time() + later, token_lifetime=60.0) as house:

        async def told(person: Person) -> str | None:
            status, answer = await house.call("GET", "/api/me", person)
            return None if status == 200 else answer["error"]["code"]

        user = await house.person()
        mine, others = [house.session(user) for _ in range(2)], await house.person()
        for person in (*mine, others) * 2:
            assert await told(person) is None
        assert (await house.call("POST", "/api/auth/logout", mine[0]))[0] == 204
        assert [await told(person) for person in (*mine, others)] == ["token_revoked", None, None]
        await house.ban(user)
        assert [await told(person) for person in (*mine, others)] == ["account_banned", "account_banned", None]
        await house.unban(user)
        assert [await told(person) for person in (*mine, others)] == ["token_revoked", "token_revoked", None]
        later = 60.0
        assert [await told(person) for person in (*mine, others)] == ["token_expired"] * 3


async def test_a_role_that_a_token_claims_counts_for_nothing(house: House) -> None:
    user = await house.person()
    token = _forged(house, user, role="admin")
    path = f"/api/admin/users/{user.id}"
    assert (await house.call("GET", path, headers={"Authorization": f"Bearer {token}"}))[0] == 403


async def test_a_login_gives_a_session_that_works_and_a_ban_refuses_the_next(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person(password=await house.services.passwords.hash("correct horse"))
        login = {"email": user.account.email, "password": "correct horse"}
        status, body = await house.call("POST", LOGIN, json=login)
        assert (status, body["user"]) == (
            200,
            {"id": user.id, "email": user.account.email, "role": "user", "tier": "free"},
        )
        assert (await house.call("GET", "/api/me", headers={"Authorization": f"Bearer {body['token']}"}))[1] == body[
            "user"
        ]
        await house.ban(user)
        status, body = await house.call("POST", LOGIN, json=login)
        assert (status, body["error"]) == (403, {"code": "account_banned", "message": BANNED})
        status, body = await house.call("POST", LOGIN, json=login | {"password": "wrong"})
        assert (status, body["error"]["code"]) == (401, "invalid_credentials"), "a stranger learns of no ban"


async def test_a_ban_while_the_password_is_verified_refuses_the_login(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person(password=await house.services.passwords.hash("correct horse"))
        matches = house.services.passwords.matches

        async def slowly(password: str, kept: str | None, address: str) -> bool:
            await house.ban(user)
            return await matches(password, kept, address)

        monkeypatch.setattr(house.services.passwords, "matches", slowly)
        login = {"email": user.account.email, "password": "correct horse"}
        assert (await house.call("POST", LOGIN, json=login))[0] == 403


async def test_guessing_a_password_is_slowed_down_for_that_email_alone(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        hashed = await house.services.passwords.hash("correct horse")
        user, other = await house.person(password=hashed), await house.person(password=hashed)
        login = {"email": user.account.email, "password": "wrong"}
        statuses = [(await house.call("POST", LOGIN, json=login))[0] for _ in range(11)]
        assert statuses == [401] * 10 + [429]
        async with house.http.post(house.url + LOGIN, json=login | {"password": "correct horse"}) as answer:
            assert answer.status == 429
            assert 0 < int(answer.headers["Retry-After"]) <= 60
        login = {"email": other.account.email, "password": "correct horse"}
        assert (await house.call("POST", LOGIN, json=login))[0] == 200


async def test_guessing_many_at_once_is_slowed_down_likewise(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        login = {"email": "nobody@example.com", "password": "wrong"}
        answers = await asyncio.gather(*(house.call("POST", LOGIN, json=login) for _ in range(20)))
        assert sorted(status for status, _ in answers) == [401] * 10 + [429] * 10


async def test_what_fails_inside_is_told_without_its_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with keep_house(tmp_path) as house:

        async def fail(_: str) -> Account:
            raise RuntimeError("a secret of the inside")

        monkeypatch.setattr(house.services.accounts, "find", fail)
        status, answer = await house.call("GET", "/api/admin/users/usr_1", house.admin)
        assert status == 500
        _refused(answer, "internal_error")
        assert "secret" not in answer["error"]["message"]


async def test_a_store_that_is_locked_is_unavailable_and_nothing_is_told(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        socket = await house.socket(user)
        with sqlite3.connect(tmp_path / "server.db", isolation_level=None) as intruder:
            intruder.execute("BEGIN IMMEDIATE")
            status, answer = await house.call("POST", f"/api/admin/users/{user.id}/ban", house.admin)
            intruder.execute("ROLLBACK")
        intruder.close()
        assert status == 503
        _refused(answer, "unavailable")
        assert await socket.is_open()
        await house.ban(user)
        assert len((await socket.rest())[0]) == 2


async def test_health_and_metrics_are_served(house: House) -> None:
    assert await house.call("GET", "/healthz") == (200, {"status": "ok"})
    async with house.http.get(house.url + "/metrics") as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    for path in ("/healthz", "/metrics"):
        async with house.http.head(house.url + path) as answer:
            assert (answer.status, await answer.read()) == (200, b"")
        assert (await house.call("POST", path))[0] == 405


async def test_every_kind_of_refusal_is_counted_once_by_its_channel(house: House) -> None:
    socket = await house.engine()

    async def connect(namespace: str) -> None:
        await socket.send(f"40{namespace}")
        await socket.read()

    def call(path: str) -> Callable[[], Awaitable[Any]]:
        return lambda: house.call("GET", path)

    for refused, channel, code in (
        (call("/nowhere"), "rest", "not_found"),
        (call("/api/me"), "rest", "token_missing"),
        (call("/api/me/stream"), "/api/me/stream", "token_missing"),
        (call("/api/me/ws"), "/api/me/ws", "malformed_request"),
        (lambda: connect(""), "/", "token_missing"),
        (lambda: connect("/nowhere,"), "unknown", "not_found"),
    ):
        before = await _refusals(house)
        await refused()
        grown = await _refusals(house) - before
        assert grown == {f'eventproof_refusals_total{{channel="{channel}",code="{code}"}}': 1}
    await socket.raw.close()


async def _refusals(house: House) -> Counter[str]:
    gauges = await house.gauges()
    return Counter({name: round(value) for name, value in gauges.items() if name.startswith("eventproof_refusals")})


async def test_two_systems_with_two_calls_at_one_path_are_not_mounted(house: House) -> None:
    async def handler(_: Call) -> Answer:
        return Answer(204)

    services, paths, system = house.services, Paths[Handler](), contracts().system("plan-sync")
    rest = Rest(services.admission, services.conduct, Limits())
    rest.mount(paths, system, {operation.id: handler for operation in system.operations})
    renamed = [
        replace(operation, id="listSchemes") if operation.id == "listPlans" else operation
        for operation in system.operations
    ]
    other = replace(system, name="schemes", operations=tuple(renamed))
    with pytest.raises(
        ContractError, match="schemes: listSchemes is at GET /api/plans, where another system has listPlans"
    ):
        rest.mount(paths, other, {operation.id: handler for operation in renamed})
