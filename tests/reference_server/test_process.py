"""The server as a process of its own: killed, stopped, started again; and what it writes."""

import asyncio
import json
import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.reference_server.child import PASSWORD, SECONDS, Child, headers, start_child


async def _open(child: Child, user: dict[str, Any]) -> aiohttp.ClientWebSocketResponse:
    socket = await child.http.ws_connect(f"{child.url}/socket.io/?EIO=4&transport=websocket")
    await socket.receive_str()
    await socket.send_str("40" + json.dumps({"token": user["token"]}))
    assert (await socket.receive_str()).startswith('40{"sid"')
    return socket


async def test_a_ban_that_was_answered_holds_after_kill_9(tmp_path: Path) -> None:
    async with start_child(tmp_path) as child:
        user, other = child.people[-1], child.people[-2]
        assert await child.ban(user) == 200
        child.process.kill()
        await child.process.wait()
    async with start_child(tmp_path, users=0) as again:
        async with again.http.get(f"{again.url}/api/me", headers=headers(user)) as answer:
            assert (await answer.json())["error"]["code"] == "account_banned"
        async with again.http.get(f"{again.url}/api/me", headers=headers(other)) as answer:
            assert answer.status == 200, "the secret was kept, so other sessions go on"
        login = {"email": user["email"], "password": user["password"]}
        async with again.http.post(f"{again.url}/api/auth/login", json=login) as answer:
            assert answer.status == 403
        async with again.http.get(f"{again.url}/api/me/stream", headers=headers(user)) as answer:
            assert answer.status == 403


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_server_that_is_told_to_stop_closes_every_connection_and_leaves_with_0(
    tmp_path: Path, number: int
) -> None:
    async with start_child(tmp_path) as child:
        user = child.people[-1]
        socket = await _open(child, user)
        native = await child.http.ws_connect(f"{child.url}/api/me/ws", headers=headers(user))
        stream = await child.http.get(f"{child.url}/api/me/stream", headers=headers(user))
        opened = await child.http.get(f"{child.url}/socket.io/?EIO=4&transport=polling")
        sid = json.loads((await opened.text())[1:])["sid"]
        poll = asyncio.create_task(child.http.get(f"{child.url}/socket.io/?EIO=4&transport=polling&sid={sid}"))
        await asyncio.sleep(0)
        began = asyncio.get_running_loop().time()
        stopping = asyncio.create_task(child.stops(number))
        async with asyncio.timeout(SECONDS):
            for closing in (socket, native):
                message = await closing.receive()
                assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.GOING_AWAY)
            assert (await stream.read()).startswith(b"retry: 3000")
            assert await (await poll).text() == "1"
        assert await stopping == 0
        assert asyncio.get_running_loop().time() - began < 5
        events = [json.loads(line)["event"] for line in child.log.read_text().splitlines()]
        assert events[-2:] == ["stopping", "stopped"]
        assert not list((tmp_path / "eventproof-data").glob("*.db-wal")), "the log is folded back into the file"


async def test_a_ban_that_is_under_way_when_the_server_is_stopped_is_finished(tmp_path: Path) -> None:
    async with start_child(tmp_path) as child:
        user = child.people[-1]
        bans = [asyncio.create_task(child.ban(person)) for person in child.people[4:]]
        socket = await _open(child, child.people[1])
        stopping = asyncio.create_task(child.stops(signal.SIGTERM))
        assert await asyncio.gather(*bans) == [200] * len(bans)
        assert await stopping == 0
        await socket.close()
    async with (
        start_child(tmp_path, users=0) as again,
        again.http.get(f"{again.url}/api/me", headers=headers(user)) as answer,
    ):
        assert answer.status == 403


async def test_no_secret_is_ever_logged(tmp_path: Path) -> None:
    async with start_child(tmp_path) as child:
        user = child.people[-1]
        await (await _open(child, user)).close()
        (await child.http.get(f"{child.url}/api/me/stream?token={user['token']}")).close()
        await child.http.post(f"{child.url}/api/auth/login", json={"email": user["email"], "password": "wrong guess"})
        await child.ban(user)
        assert await child.stops(signal.SIGTERM) == 0
        log = child.log.read_text()
    secret = (tmp_path / "eventproof-data" / "server.db.secret").read_text()
    assert "user-banned" in log
    for kept in (*(person["token"] for person in child.people), user["password"], PASSWORD, "wrong guess", secret):
        assert kept not in log


def test_the_password_of_an_administrator_is_asked_for_and_never_shown(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EVENTPROOF_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "eventproof", "serve", "--port", "0", "--create-admin", "boss@example.com"],
        cwd=tmp_path,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    try:
        for sign, answer in ((b"Password: ", PASSWORD), (b"confirmation: ", PASSWORD), (b"listening on http://", "")):
            while sign not in shown:
                assert select.select([ours], [], [], SECONDS)[0], shown
                shown += os.read(ours, 4096)
            os.write(ours, f"{answer}\n".encode())
        process.terminate()
        assert process.wait(SECONDS) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert PASSWORD.encode() not in shown
