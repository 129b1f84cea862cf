"""A ban: revoke, tell, close, on every transport and on every channel."""

import asyncio
import json
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from reference_server.accounts.account import ADMIN
from reference_server.systems.user_state import events
from tests.reference_server.house import BANNED, SECONDS, House, keep_house

pytestmark = pytest.mark.asyncio(loop_scope="package")


def _event(frame: str) -> tuple[str, str]:
    name, argument = json.loads(frame[frame.index("[") :])
    return name, argument["message"]


async def test_a_banned_user_hears_why_before_the_websocket_closes(house: House) -> None:
    user = await house.person()
    socket = await house.socket(user)
    await house.ban(user)
    (event, disconnect), code = await socket.rest()
    assert _event(event) == ("user.banned", BANNED)
    assert disconnect == "41"
    assert code == aiohttp.WSCloseCode.POLICY_VIOLATION


async def test_a_banned_user_hears_why_in_the_poll_that_is_pending(house: House) -> None:
    user = await house.person()
    polling = await house.polling_socket(user)
    pending = asyncio.create_task(polling.get())
    await house.ban(user)
    status, payload = await pending
    event, disconnect = payload.split("\x1e")
    assert status == 200
    assert _event(event) == ("user.banned", BANNED)
    assert disconnect == "41"
    assert await polling.get() == (200, "1"), "the end comes alone, so that it overtakes nothing"
    assert (await polling.get())[0] == 400


async def test_a_banned_user_between_two_polls_hears_why_in_the_next_one(house: House) -> None:
    user = await house.person()
    polling = await house.polling_socket(user)
    await house.ban(user)
    assert await polling.post("3") == (200, "ok"), "a client that posts first must still come to read"
    _, payload = await polling.get()
    event, disconnect = payload.split("\x1e")
    assert _event(event) == ("user.banned", BANNED)
    assert disconnect == "41"
    assert await polling.post("1") == (200, "ok")
    assert (await polling.get())[0] == 400


async def test_a_banned_user_in_the_middle_of_an_upgrade_hears_why_on_the_websocket(tmp_path: Path) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        polling = await house.polling_socket(user)
        upgrading = await house.engine(f"EIO=4&transport=websocket&sid={polling.handshake['sid']}")
        await upgrading.send("2probe")
        assert await upgrading.read() == "3probe"
        await house.ban(user)
        await upgrading.send("5")
        (event, disconnect), code = await upgrading.rest()
        assert _event(event) == ("user.banned", BANNED)
        assert disconnect == "41"
        assert code is not None
        await house.settles(engine_sessions=0)


async def test_a_ban_ends_every_session_on_every_channel(house: House) -> None:
    user = await house.person()
    other = house.session(user)
    first, second = await house.socket(user, "/", "/me"), await house.socket(other)
    stream = await house.http.get(f"{house.url}/api/me/stream?token={user.token}")
    native = await house.http.ws_connect(f"{house.url}/api/me/ws", headers=other.headers)
    await house.ban(user)
    frames, _ = await first.rest()
    assert [frame.split("[")[0] for frame in frames] == ["42", "42/me,", "41", "41/me,"]
    assert _event((await second.rest())[0][0]) == ("user.banned", BANNED)
    async with asyncio.timeout(SECONDS):
        text = (await stream.read()).decode()
        heard = (await native.receive_json())["event"]
        assert (await native.receive()).type is aiohttp.WSMsgType.CLOSE
    assert f'event: user.banned\ndata: {{"message":"{BANNED}"' in text
    assert heard == "user.banned"


async def test_a_ban_leaves_everybody_else_alone(house: House) -> None:
    user, witness = await house.person(), await house.person()
    socket = await house.socket(witness)
    await house.ban(user)
    await house.set_tier(witness, "premium")
    assert _event(await socket.read()) == ("user.tier.updated", "Your plan has been updated to Premium.")
    assert (await house.call("GET", "/api/me", witness))[0] == 200


async def test_a_ban_spares_another_user_on_the_same_transport(house: House) -> None:
    user, neighbour = await house.person(), await house.person()
    socket = await house.socket(user)
    await socket.send("40/me," + neighbour.connect[2:])
    await socket.read()
    await house.ban(user)
    assert [(await socket.read())[:3] for _ in range(2)] == ["42[", "41"]
    await house.set_tier(neighbour, "basic")
    assert (await socket.read()).startswith('42/me,["user.tier.updated"')


async def test_once_a_ban_is_answered_no_token_of_before_opens_anything(house: House) -> None:
    user = await house.person()
    await house.ban(user)
    status, body = await house.call("GET", "/api/me", user)
    assert (status, body["error"]) == (403, {"code": "account_banned", "message": BANNED})
    for path in ("/api/me/stream", "/api/me/ws"):
        with suppress(aiohttp.WSServerHandshakeError):
            status, body = await house.call("GET", path, user, headers=_UPGRADE if path.endswith("ws") else {})
        assert (status, body["error"]["code"]) == (403, "account_banned")
    for namespace in ("", "/me,"):
        socket = await house.engine()
        await socket.send(f"40{namespace}" + user.connect[2:])
        refusal = json.loads((await socket.read()).removeprefix(f"44{namespace}"))
        assert refusal == {"message": BANNED, "data": {"code": "account_banned"}}


_UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


async def test_after_an_unban_tokens_of_before_stay_dead_and_new_ones_work(house: House) -> None:
    user = await house.person()
    await house.ban(user)
    await house.unban(user)
    status, body = await house.call("GET", "/api/me", user)
    assert (status, body["error"]["code"]) == (401, "token_revoked")
    account = await house.services.accounts.find(user.id)
    assert account is not None
    fresh = {"Authorization": f"Bearer {house.services.tokens.issue(account)}"}
    assert (await house.call("GET", "/api/me", headers=fresh))[0] == 200


async def test_a_second_ban_changes_nothing_and_sends_nothing(house: House) -> None:
    user = await house.person()
    await house.ban(user)
    before = await house.services.accounts.find(user.id), (await house.gauges())["eventproof_bans_total"]
    await house.ban(user)
    assert before == (await house.services.accounts.find(user.id), (await house.gauges())["eventproof_bans_total"])


async def test_a_late_ban_spares_a_session_of_after_the_unban(house: House) -> None:
    user = await house.person()
    await house.ban(user)
    await house.unban(user)
    account = await house.services.accounts.find(user.id)
    assert account is not None
    fresh = type(user)(account, house.services.tokens.issue(account))
    socket = await house.socket(fresh)
    await house.tell("user-state", events.banned(account))
    assert await socket.is_open()


async def test_a_new_tier_is_announced_and_works_at_once_and_so_does_the_old_one(house: House) -> None:
    user = await house.person()
    socket, polling = await house.socket(user), await house.polling_socket(user)
    for tier, status in (("premium", 200), ("free", 403)):
        await house.set_tier(user, tier)
        expected = ("user.tier.updated", f"Your plan has been updated to {tier.capitalize()}.")
        assert _event(await socket.read()) == expected
        assert (await house.call("GET", "/api/features/insights", user))[0] == status
        assert _event((await polling.get())[1]) == expected


async def test_new_tiers_are_announced_in_the_order_in_which_they_were_set(house: House) -> None:
    user = await house.person()
    socket = await house.socket(user)
    await asyncio.gather(*(house.set_tier(user, tier) for tier in ["basic", "premium"] * 10))
    last = await house.services.accounts.find(user.id)
    await house.set_tier(user, "free")
    told: list[str] = []
    while told[-1:] != ["free"]:
        told.append(json.loads((await socket.read())[2:])[1]["tier"])
    assert last is not None
    assert told[-2] == last.tier
    assert all(one != following for one, following in pairwise(told)), told


async def test_setting_the_tier_that_a_user_has_announces_nothing(house: House) -> None:
    user = await house.person()
    socket = await house.socket(user)
    await house.set_tier(user, "free")
    await house.set_tier(user, "basic")
    assert _event(await socket.read())[1] == "Your plan has been updated to Basic."


async def test_what_was_told_of_an_account_is_neither_kept_nor_told_later(house: House) -> None:
    user, seq = await house.person(), house.services.journal.seq
    await house.set_tier(user, "basic")
    await house.ban(user)
    await house.unban(user)
    account = await house.services.accounts.find(user.id)
    assert account is not None
    back = await house.socket(type(user)(account, house.services.tokens.issue(account)), "/")
    await house.set_tier(user, "premium")
    assert _event(await back.read()) == ("user.tier.updated", "Your plan has been updated to Premium.")
    assert house.services.journal.seq == seq, "nor does it take a place, which a restart would give away again"


async def test_a_logout_ends_that_session_and_its_connections_alone(house: House) -> None:
    user = await house.person()
    other = house.session(user)
    leaving, staying = await house.socket(user), await house.socket(other)
    assert (await house.call("POST", "/api/auth/logout", user)) == (204, None)
    assert (await leaving.rest())[0] == ["41"]
    assert (await house.call("GET", "/api/me", user))[1]["error"]["code"] == "token_revoked"
    assert (await house.call("GET", "/api/me", other))[0] == 200
    assert await staying.is_open()


async def test_a_connection_does_not_outlive_its_session(tmp_path: Path) -> None:
    async with keep_house(tmp_path, token_lifetime=1.0) as house:
        user = await house.person()
        socket = await house.socket(user)
        assert (await socket.rest())[0] == ["41"]
        assert (await house.call("GET", "/api/me", user))[1]["error"]["code"] == "token_expired"


async def test_only_an_administrator_bans(house: House) -> None:
    user, victim = await house.person(), await house.person()
    socket = await house.socket(victim)
    path = f"/api/admin/users/{victim.id}"
    for method, call in (("POST", "/ban"), ("POST", "/unban"), ("PUT", "/tier"), ("GET", "")):
        body: dict[str, Any] = {"json": {"tier": "basic"}} if call == "/tier" else {}
        assert (await house.call(method, path + call, user, **body))[1]["error"]["code"] == "forbidden"
        assert (await house.call(method, path + call, **body))[1]["error"]["code"] == "token_missing"
    assert await socket.is_open()


async def test_an_administrator_can_be_banned_too(house: House) -> None:
    admin = await house.person(ADMIN)
    await house.ban(admin)
    assert (await house.call("POST", f"/api/admin/users/{admin.id}/unban", admin))[0] == 403


@pytest.mark.parametrize(("banned", "status"), [(False, b"200"), (True, b"403")])
async def test_a_ban_stops_a_call_whose_body_is_still_coming(house: House, banned: bool, status: bytes) -> None:
    caller, user = await house.person(ADMIN), await house.person()
    body = b'{"tier": "premium"}'
    reader, writer = await asyncio.open_connection(*house.url.removeprefix("http://").split(":"))
    writer.write(
        f"PUT /api/admin/users/{user.id}/tier HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {caller.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n".encode()
    )
    async with asyncio.timeout(SECONDS):
        assert (await reader.readuntil(b"\r\n\r\n")).split()[1] == b"100"
        if banned:
            await house.ban(caller)
        writer.write(body)
        assert (await reader.readuntil(b"\r\n\r\n")).split()[1] == status
    writer.transport.abort()
    found = await house.services.accounts.find(user.id)
    assert found is not None
    assert (found.tier == user.account.tier) is banned
