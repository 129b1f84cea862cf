"""The check on servers of which nobody wrote more than an AsyncAPI document and a profile: the chat of `examples/`."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from eventproof.verdict import ExitCode
from tests.conform.back_ends import JS, Ran

CHAT = Path(__file__).parents[2] / "examples" / "chat"
NODE = ("node", str(CHAT / "server.mjs"))
PYTHON = (sys.executable, str(CHAT / "server.py"))
DERIVED = (
    *(f"chat/message:new/{kind}" for kind in ("schema", "delivery", "audience", "order")),
    *(f"chat/{event}/{kind}" for event in ("room:join", "message:post") for kind in ("answer", "refusal")),
    *("chat/room:joined/audience", "chat/scope", "chat/connect/missing"),
)


EXAMPLES = CHAT.parent
ECHO = ("node", str(EXAMPLES / "echo" / "server.mjs"))
FEED = (sys.executable, str(EXAMPLES / "feed" / "server.py"))


@contextmanager
def running(command: tuple[str, ...], bug: str = "") -> Iterator[str]:
    """The chat while a block lasts; what it gives is its port."""
    variables = {**os.environ, "PORT": "0", "BUG": bug, "EVENTPROOF_NODE": str(JS / "package.json")}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=variables, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield str(json.loads(process.stdout.readline())["port"])
        finally:
            process.stdin.close()


def check(port: str, folder: Path, *only: str, example: str = "chat") -> Ran:
    chosen = [word for line in only for word in ("--only", line)]
    profile = EXAMPLES / example / "eventproof.toml"
    command = [sys.executable, "-m", "eventproof", "check", str(profile), "--json", *chosen]
    variables = {**os.environ, f"{example.upper()}_PORT": port}
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.mark.usefixtures("node_modules")
@pytest.mark.parametrize("server", [NODE, PYTHON], ids=["node", "python"])
def test_both_servers_keep_one_contract(tmp_path: Path, server: tuple[str, ...]) -> None:
    with running(server) as port:
        ran = check(port, tmp_path, *DERIVED)
    assert ran.ids("pass") == set(DERIVED), ran.reasons()
    assert ran.code == ExitCode.PASS, ran.errors
    assert json.loads(ran.output)["judged"] == ["14 of 15 things of chat"]


@pytest.mark.usefixtures("node_modules")
@pytest.mark.parametrize(
    ("bug", "breaks"),
    [
        ("wrong-type", "chat/message:new/schema"),
        ("tells-everybody", "chat/message:new/audience"),
        ("forgets-one", "chat/message:new/delivery"),
        ("out-of-order", "chat/message:new/order"),
        ("takes-anything", "chat/message:post/refusal"),
    ],
)
def test_a_planted_defect_fails_what_it_breaks(tmp_path: Path, bug: str, breaks: str) -> None:
    with running(NODE, bug) as port:
        ran = check(port, tmp_path, breaks)
    assert ran.ids("fail") == {breaks}, ran.reasons()
    assert ran.code == ExitCode.FAIL, ran.errors


@pytest.mark.usefixtures("node_modules")
@pytest.mark.parametrize(("server", "example"), [(ECHO, "echo"), (FEED, "feed")], ids=["echo", "feed"])
def test_other_wires_are_checked_by_their_documents_too(tmp_path: Path, server: tuple[str, ...], example: str) -> None:
    with running(server) as port:
        ran = check(port, tmp_path, example=example)
    assert ran.ids("fail") | ran.ids("inconclusive") == set(), ran.reasons()
    assert ran.code == ExitCode.PASS, ran.errors


@pytest.mark.usefixtures("node_modules")
@pytest.mark.parametrize(
    ("server", "example", "bug", "breaks"),
    [
        (ECHO, "echo", "takes-anything", "echo/shout/refusal"),
        (ECHO, "echo", "tells-everybody", "echo/echoed/audience"),
        (FEED, "feed", "no-title", "feed/published/schema"),
        (FEED, "feed", "another-name", "feed/scope"),
    ],
)
def test_a_defect_on_another_wire_is_found(
    tmp_path: Path, server: tuple[str, ...], example: str, bug: str, breaks: str
) -> None:
    with running(server, bug) as port:
        ran = check(port, tmp_path, breaks, example=example)
    assert ran.ids("fail") == {breaks}, ran.reasons()
