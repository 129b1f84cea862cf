"""`eventproof mock` as a process, and our own clients on it."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from eventproof import cli, samples
from eventproof.client.aio import ConnectionRefused, SocketIOClient, SseClient, TransportChoice, WebSocketClient
from eventproof.errors import TargetUnavailable, UsageError
from eventproof.mock import control
from eventproof.verdict import ExitCode

pytestmark = pytest.mark.measured

CHAT = Path(__file__).parents[2] / "examples" / "chat"
TIMEOUT = 10.0
LISTENING = "listening on "


class Mock:
    """A running mock."""

    def __init__(self, child: "subprocess.Popen[str]", url: str) -> None:
        self.child, self.url = child, url
        self.port = int(url.rpartition(":")[2])

    def end(self) -> tuple[str, int]:
        """What it said since it listened, and its exit code, once somebody pressed Ctrl-C."""
        self.child.send_signal(signal.SIGINT)
        said, _ = self.child.communicate(timeout=TIMEOUT)
        return said, self.child.returncode

    def answer_to(self, path: str, body: object = None, **headers: str) -> tuple[int, str]:
        """The status and the body of the answer to a request."""
        data = None if body is None else json.dumps(body).encode()
        try:
            with urlopen(Request(self.url + path, data, headers), timeout=TIMEOUT) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as refused:
            return refused.code, refused.read().decode()


@contextmanager
def mocking(*arguments: str) -> Iterator[Mock]:
    """A mock that listens by now."""
    command = [sys.executable, "-m", "eventproof", "mock", *arguments, "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "CHAT_PORT": "1", "NO_COLOR": "1"}
    ) as child:
        try:
            assert child.stdout is not None
            line = next((line for line in child.stdout if line.startswith(LISTENING)), "")
            yield Mock(child, line.removeprefix(LISTENING).strip())
        finally:
            child.kill()


async def test_a_client_finds_the_chat_on_the_mock_and_is_told_what_it_does_wrong() -> None:
    with mocking(str(CHAT / "eventproof.toml")) as mock:
        transports: tuple[TransportChoice, ...] = ("websocket", "polling", "upgrade")
        for transport in transports:
            async with SocketIOClient(mock.url, transport=transport, auth={"token": "anna"}) as client:
                assert (await client.call("room:join", {"roomId": transport}, timeout=TIMEOUT))[0]["ok"] is True
                wrong = await client.call("message:post", {"roomId": transport, "text": 7}, timeout=TIMEOUT)
                assert wrong[0]["error"] == "at /text expected string, found 7"
                right = await client.call("message:post", {"roomId": transport, "text": "hi"}, timeout=TIMEOUT)
                assert right[0]["ok"] is True
                new = await client.expect("message:new", TIMEOUT)
                assert (new.payload["roomId"], new.payload["text"]) == (transport, "hi")
                assert await emitted(mock, "message:new") == 1
                assert (await client.expect("message:new", TIMEOUT)).payload["roomId"] == transport
        said, code = mock.end()
    assert "WRONG   message:post on /: at /text expected string, found 7\n" in said
    assert said.endswith("told 9, heard 9, of which 3 broke the contract\n")
    assert code == ExitCode.FAIL


async def test_every_wire_hears_what_is_told_on_a_schedule() -> None:
    with mocking("user-state", "--every", "20ms") as mock:
        for client in (
            SocketIOClient(mock.url, auth={"token": "x"}),
            SocketIOClient(mock.url, namespace="/me", auth={"token": "x"}, transport="polling"),
            SseClient(mock.url, "/api/me/stream?token=x"),
            WebSocketClient(mock.url, "/api/me/ws"),
        ):
            async with client:
                for name in ("user.banned", "user.tier.updated"):
                    assert (await client.expect(name, TIMEOUT)).payload
        said, code = mock.end()
    assert "WRONG" not in said
    assert code == ExitCode.PASS


async def test_a_call_is_answered_and_what_follows_from_it_is_told() -> None:
    with mocking("plan-sync") as mock:
        async with SseClient(mock.url, "/api/plans/subscribe"):
            given = {"name": "Growth", "roi": 5, "minAmount": 100, "maxAmount": 900, "duration": 30}
            status, said = await asyncio.to_thread(mock.answer_to, "/api/admin/plans", given)
        refused, why = await asyncio.to_thread(mock.answer_to, "/api/admin/plans", {"name": 7})
        told, code = mock.end()
    assert (status, "CREATE to 1" in told, code) == (201, True, ExitCode.FAIL), said + told
    assert (refused, "at /name expected" in why) == (422, True)


async def test_a_namespace_greets_first_and_one_that_is_not_there_says_so() -> None:
    with mocking("shield", "--every", "10ms", "--path", "live/socket") as mock:
        async with SocketIOClient(
            mock.url, path="/live/socket/", namespace="/shield/ws", auth={"token": "x"}
        ) as client:
            assert (await client.expect("claim_paid", TIMEOUT)).payload
            assert client.received[0].name == "connected"
        with pytest.raises(ConnectionRefused, match="this mock has no namespace /shield"):
            await SocketIOClient(mock.url, path="/live/socket/", namespace="/shield", auth={"token": "x"}).open()
        said, code = mock.end()
    assert "WRONG   CONNECT to /shield: there is no such namespace; there is /shield/ws\n" in said
    assert code == ExitCode.FAIL


async def test_only_pages_of_this_machine_connect_and_none_has_something_told() -> None:
    with mocking("user-state") as mock:
        for path in ("/api/me/stream", "/socket.io/?EIO=4&transport=polling"):
            assert mock.answer_to(path, Origin="https://evil.test")[0] == 403
        assert mock.answer_to("/socket.io/?EIO=4&transport=polling", Origin="http://localhost:5173")[0] == 200
        status, said = mock.answer_to("/api/nowhere")
        assert (status, said.startswith("this mock has no sse channel /api/nowhere; it has / (socket.io),")) == (
            404,
            True,
        )
        asked = {"event": "user.banned"}
        assert mock.answer_to(control.PATH, asked, Origin="http://localhost:5173")[0] == 403
        assert mock.answer_to(control.PATH, asked) == (200, '{"told": 0}')
        assert mock.answer_to(control.PATH, ["user.banned"])[0] == 400
        with pytest.raises(UsageError, match=r'tells no event "user.baned" .did you mean "user.banned"'):
            await emitted(mock, "user.baned")
        with pytest.raises(UsageError, match=r"the payload does not fit user.banned: at / expected"):
            await emitted(mock, "user.banned", {})
        said, code = mock.end()
    assert "refused a page of https://evil.test: --origin https://evil.test lets it in\n" in said
    assert code == ExitCode.PASS


async def emitted(mock: Mock, event: str, payload: Any = samples.NONE) -> int:
    """What `--emit` does, which has a loop of its own."""
    return await asyncio.to_thread(control.ask, "127.0.0.1", mock.port, event, payload)


def test_nobody_there_is_told_in_a_sentence() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(TargetUnavailable, match=r"no mock answers at 127.0.0.1:.* start it with"):
            control.ask("127.0.0.1", free.getsockname()[1], "user.banned", samples.NONE)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["user-stat"], '"user-stat" is neither a file nor a bundled system (did you mean "user-state"?)'),
        (["gone.yaml"], "gone.yaml"),
        (["user-state", "--payload", "x.json"], "--payload is for --emit"),
        (["user-state", "--every", "1ms"], "--every must be 10ms at least"),
        (["user-state", "--host", "256.0.0.1", "--for", "1s"], "nothing can listen at 256.0.0.1"),
    ],
)
def test_what_cannot_be_mocked_is_told_in_a_sentence(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["mock", *arguments]) == ExitCode.USAGE
    assert told in capsys.readouterr().err


def test_a_taken_port_is_told_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert cli.run(["mock", "user-state", "--port", port, "--for", "1s"]) == ExitCode.USAGE
    assert f"nothing can listen at 127.0.0.1:{port}" in capsys.readouterr().err
