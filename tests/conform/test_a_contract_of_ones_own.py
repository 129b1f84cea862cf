"""The check on servers of which nobody wrote more than an AsyncAPI document and a profile: the chat of `examples/`."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from eventproof.verdict import ExitCode
from tests.conform.back_ends import JS, Ran

pytestmark = pytest.mark.measured

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
HERE = Path(__file__).parent
ASKING = (sys.executable, str(HERE / "asking" / "server.py"))
ASKED = tuple(f"asking/told/{kind}" for kind in ("asks", "retry", "ack"))


@dataclass(frozen=True, slots=True)
class Trial:
    """A server of an example, and the requirements that are checked of it, all where none is named."""

    command: tuple[str, ...]
    example: str
    only: tuple[str, ...] = ()
    bug: str = ""
    profile: str = "eventproof.toml"
    folder: Path = EXAMPLES

    def run(self, folder: Path) -> Ran:
        """The check of it, while it runs for that alone."""
        chosen = [word for line in self.only for word in ("--only", line)]
        profile = self.folder / self.example / self.profile
        command = [sys.executable, "-m", "eventproof", "check", str(profile), "--json", *chosen]
        with running(self.command, self.bug) as port:
            variables = {**os.environ, f"{self.example.upper()}_PORT": port}
            done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
        return Ran(done.returncode, done.stdout, done.stderr)


@contextmanager
def running(command: tuple[str, ...], bug: str) -> Iterator[str]:
    """A server while a block lasts; what it gives is its port."""
    variables = {**os.environ, "PORT": "0", "BUG": bug, "EVENTPROOF_NODE": str(JS / "package.json")}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=variables, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield str(json.loads(process.stdout.readline())["port"])
        finally:
            process.stdin.close()


GREEN: Final = {
    "chat in node": Trial(NODE, "chat", DERIVED),
    "chat in python": Trial(PYTHON, "chat", DERIVED),
    "echo": Trial(ECHO, "echo"),
    "feed": Trial(FEED, "feed"),
    "feed by OpenAPI": Trial(FEED, "feed", ("feed/published/schema", "feed/scope"), profile="openapi.toml"),
    "asking": Trial(ASKING, "asking", ASKED, folder=HERE),
}
DEFECTS: Final = {
    f"{trial.example} {trial.bug}": trial
    for trial in (
        Trial(NODE, "chat", ("chat/message:new/schema",), "wrong-type"),
        Trial(NODE, "chat", ("chat/message:new/audience",), "tells-everybody"),
        Trial(NODE, "chat", ("chat/message:new/delivery",), "forgets-one"),
        Trial(NODE, "chat", ("chat/message:new/order",), "out-of-order"),
        Trial(NODE, "chat", ("chat/message:post/refusal",), "takes-anything"),
        Trial(ECHO, "echo", ("echo/shout/refusal",), "takes-anything"),
        Trial(ECHO, "echo", ("echo/echoed/audience",), "tells-everybody"),
        Trial(FEED, "feed", ("feed/published/schema",), "no-title"),
        Trial(FEED, "feed", ("feed/scope",), "another-name"),
        Trial(ASKING, "asking", ("asking/told/asks",), "asks-nobody", folder=HERE),
        Trial(ASKING, "asking", ("asking/told/retry",), "gives-up", folder=HERE),
        Trial(ASKING, "asking", ("asking/told/ack",), "never-satisfied", folder=HERE),
    )
}
AT_ONCE: Final = 4


@pytest.fixture(scope="module")
def ran(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Future[Ran]]:
    """Each of them, several at a time: they wait more than they work. Some need the packages of npm."""
    trials = GREEN | DEFECTS
    folders = [tmp_path_factory.mktemp("trial") for _ in trials]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return {name: pool.submit(one.run, at) for (name, one), at in zip(trials.items(), folders, strict=True)}


@pytest.mark.parametrize("server", ["chat in node", "chat in python"])
def test_both_servers_keep_one_contract(ran: Mapping[str, Future[Ran]], server: str) -> None:
    checked = ran[server].result()
    assert checked.ids("pass") == set(DERIVED), checked.reasons()
    assert checked.code == ExitCode.PASS, checked.errors
    assert json.loads(checked.output)["judged"] == ["14 of 15 things of chat"]


@pytest.mark.parametrize("server", ["echo", "feed", "feed by OpenAPI", "asking"])
def test_other_wires_are_checked_by_their_documents_too(ran: Mapping[str, Future[Ran]], server: str) -> None:
    checked = ran[server].result()
    assert checked.ids("fail") | checked.ids("inconclusive") == set(), checked.reasons()
    assert checked.code == ExitCode.PASS, checked.errors


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_planted_defect_fails_what_it_breaks(ran: Mapping[str, Future[Ran]], defect: str) -> None:
    checked = ran[defect].result()
    assert checked.ids("fail") == set(DEFECTS[defect].only), checked.reasons()
    assert checked.code == ExitCode.FAIL, checked.errors
