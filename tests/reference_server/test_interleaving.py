"""UST-BAN-10: a connection that is being opened while the ban is carried out does not outlive it.

Both orders are forced, by holding the connection at the one point between the check of its session and its opening.
"""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from reference_server.accounts.account import Account, Session
from reference_server.delivery.conduct import Conduct
from reference_server.delivery.connections import Connection
from tests.reference_server.house import BANNED, SECONDS, House, Person, keep_house


class Held(Conduct):
    """Stops every connection at `at` until `let_go` is set; `arrived` tells that one is there."""

    def __init__(self, at: str) -> None:
        self._at = at
        self.arrived = asyncio.Event()
        self.let_go = asyncio.Event()

    async def opening(self, connection: Connection) -> None:
        if self._at == "after the check":
            await self._hold()

    async def _hold(self) -> None:
        self.arrived.set()
        async with asyncio.timeout(SECONDS):
            await self.let_go.wait()


async def _open_socket(house: House, user: Person, namespace: str) -> Any:
    socket = await house.engine()
    await socket.send(f"40{namespace}" + user.connect[2:])
    return json.loads((await socket.read()).removeprefix(f"44{namespace}"))


async def _open_polling(house: House, user: Person, _: str) -> Any:
    polling = await house.polling()
    answer = asyncio.create_task(polling.get())
    await polling.post(user.connect)
    return json.loads((await answer)[1].split("\x1e")[0].removeprefix("44"))


async def _open_stream(house: House, user: Person, path: str) -> Any:
    status, body = await house.call("GET", path, user)
    assert status == 403
    return {"message": body["error"]["message"], "data": {"code": body["error"]["code"]}}


async def _open_websocket(house: House, user: Person, path: str) -> Any:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await house.http.ws_connect(house.url + path, headers=user.headers)
    assert refused.value.status == 403
    return {"message": BANNED, "data": {"code": "account_banned"}}


CHANNELS = pytest.mark.parametrize(
    ("open_channel", "where"),
    [
        pytest.param(_open_socket, "", id="websocket"),
        pytest.param(_open_socket, "/me,", id="another namespace"),
        pytest.param(_open_polling, "", id="polling"),
        pytest.param(_open_stream, "/api/me/stream", id="stream"),
        pytest.param(_open_websocket, "/api/me/ws", id="native websocket"),
    ],
)


@CHANNELS
async def test_a_ban_that_comes_after_the_check_finds_the_connection_and_condemns_it(
    tmp_path: Path, open_channel: Callable[..., Any], where: str
) -> None:
    held = Held("after the check")
    async with keep_house(tmp_path, conduct=held) as house:
        user = await house.person()
        opening = asyncio.create_task(open_channel(house, user, where))
        async with asyncio.timeout(SECONDS):
            await held.arrived.wait()
        await house.ban(user)
        held.let_go.set()
        assert await opening == {"message": BANNED, "data": {"code": "account_banned"}}
        assert len(house.services.connections) == 0


@CHANNELS
async def test_a_ban_that_comes_before_the_check_is_seen_by_it(
    tmp_path: Path, open_channel: Callable[..., Any], where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held("before the check")
    async with keep_house(tmp_path, conduct=held) as house:
        user = await house.person()
        asked = house.services.accounts.of_session

        async def ask(session: Session) -> tuple[Account | None, bool]:
            if session.user_id == user.id:
                assert house.services.connections.of_user(user.id), "enrolled before the store is asked"
                await held._hold()
            return await asked(session)

        monkeypatch.setattr(house.services.accounts, "of_session", ask)
        opening = asyncio.create_task(open_channel(house, user, where))
        async with asyncio.timeout(SECONDS):
            await held.arrived.wait()
        await house.ban(user)
        held.let_go.set()
        assert await opening == {"message": BANNED, "data": {"code": "account_banned"}}
        assert len(house.services.connections) == 0


async def test_a_connection_that_opens_at_the_last_moment_is_told_and_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with keep_house(tmp_path) as house:
        user = await house.person()
        change = house.services.accounts.change
        opened = []

        async def change_after_one_has_opened(*arguments: Any) -> Any:
            opened.append(await house.socket(user))
            return await change(*arguments)

        monkeypatch.setattr(house.services.accounts, "change", change_after_one_has_opened)
        await house.ban(user)
        frames, _ = await opened[0].rest()
        assert [frame[:2] for frame in frames] == ["42", "41"]
