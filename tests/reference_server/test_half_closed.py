"""A client that has said all it has to say, and shuts its side, is answered all the same."""

import asyncio
import json
from pathlib import Path

import pytest

from reference_server.accounts.account import Account, Session
from reference_server.transport.http import HttpProtocol
from tests.reference_server.house import SECONDS, House, keep_house

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def _answers(house: House, said: bytes) -> bytes:
    """All that the server says to one who says this and no more, until it closes."""
    host, _, port = house.url.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(said)
        writer.write_eof()
        async with asyncio.timeout(SECONDS):
            return await reader.read()
    finally:
        writer.transport.abort()


def _request(method: str, path: str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    lines = (f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {size}", *headers, "", "")
    return "\r\n".join(lines).encode() + body


async def test_every_request_that_came_whole_is_answered(house: House) -> None:
    user = await house.person()
    me = _request("GET", "/api/me", b"", f"Authorization: Bearer {user.token}")
    for number in (1, 5):
        heard = await _answers(house, me * number)
        assert heard.count(b"HTTP/1.1 200 OK") == number
        assert heard.count(user.id.encode()) == number


async def test_a_call_with_a_body_is_answered(house: House) -> None:
    user, body = await house.person(), json.dumps({"tier": "basic"}).encode()
    path = f"/api/admin/users/{user.id}/tier"
    admin = (f"Authorization: Bearer {house.admin.token}", "Content-Type: application/json")
    assert b"HTTP/1.1 200 OK" in await _answers(house, _request("PUT", path, body, *admin))
    assert b"200 OK" not in await _answers(house, _request("PUT", path, body, *admin, length=len(body) + 1))


async def test_half_a_head_is_not_answered_with_what_it_would_have_asked_for(house: House) -> None:
    assert b"200 OK" not in await _answers(house, b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
    assert await _answers(house, b"") == b""


async def test_who_hangs_up_on_what_would_be_a_websocket_is_no_failure_of_the_store(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended, end = asyncio.Event(), HttpProtocol.eof_received

    def hear_the_end(protocol: HttpProtocol) -> bool:
        ended.set()
        return end(protocol)

    monkeypatch.setattr(HttpProtocol, "eof_received", hear_the_end)
    async with keep_house(tmp_path) as house:
        user, asked = await house.person(), house.services.accounts.of_session

        async def ask_once_it_has_hung_up(session: Session) -> tuple[Account | None, bool]:
            await ended.wait()
            return await asked(session)

        monkeypatch.setattr(house.services.accounts, "of_session", ask_once_it_has_hung_up)
        upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
        mine = ("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", f"Authorization: Bearer {user.token}")
        assert await _answers(house, _request("GET", "/api/me/ws", b"", *upgrade, *mine)) == b""
        await house.settles(connections=0)
    assert "failed" not in capsys.readouterr().out


@pytest.mark.parametrize("path", ["/api/me/stream", "/socket.io/?EIO=4&transport=polling&sid={sid}"])
async def test_who_waits_for_more_to_come_has_gone(tmp_path: Path, path: str) -> None:
    async with keep_house(tmp_path) as house:
        user, polling = await house.person(), await house.polling()
        request = _request("GET", path.format(sid=polling.handshake["sid"]), b"", f"Authorization: Bearer {user.token}")
        assert b"user" not in await _answers(house, request)
        await house.settles(connections=0, engine_sessions=0 if "sid" in path else 1)
