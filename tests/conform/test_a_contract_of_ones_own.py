"""The check on servers of which nobody wrote more than an AsyncAPI document and a profile: the chat of `examples/`."""

import json
import os
import re
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
    *(f"chat/message:new/{kind}" for kind in ("schema", "delivery", "audience", "once", "order")),
    *(f"chat/{event}/{kind}" for event in ("room:join", "message:post") for kind in ("answer", "refusal")),
    "chat/message:post/accepts",
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
SERVERS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {"chat": (NODE, PYTHON), "echo": (ECHO,), "feed": (FEED,)}


def _told(example: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each defect that the README of an example tells of, with the requirements that it says fail."""
    for line in (EXAMPLES / example / "README.md").read_text().splitlines():
        if found := re.fullmatch(r"\| (`[a-z].*`) \| (`.*`) \|", line):
            bugs, failing = (tuple(re.findall("`([^`]+)`", cell)) for cell in found.groups())
            yield from ((bug, failing) for bug in bugs)


DEFECTS: Final = {
    f"{example} {bug}": Trial(servers[number % len(servers)], example, failing, bug)
    for example, servers in SERVERS.items()
    for number, (bug, failing) in enumerate(_told(example))
} | {
    f"asking {bug}": Trial(ASKING, "asking", (failing,), bug, folder=HERE)
    for bug, failing in (
        ("asks-nobody", "asking/told/asks"),
        ("gives-up", "asking/told/retry"),
        ("never-satisfied", "asking/told/ack"),
    )
}
"""Of several servers of one contract, each has its share."""
AT_ONCE: Final = 4


@pytest.fixture(scope="module")
def ran(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Future[Ran]]]:
    """Each of them, several at a time: they wait more than they work. Some need the packages of npm."""
    trials = GREEN | DEFECTS
    folders = [tmp_path_factory.mktemp("trial") for _ in trials]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {name: pool.submit(one.run, at) for (name, one), at in zip(trials.items(), folders, strict=True)}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("server", ["chat in node", "chat in python"])
def test_both_servers_keep_one_contract(ran: Mapping[str, Future[Ran]], server: str) -> None:
    checked = ran[server].result()
    assert checked.ids("pass") == set(DERIVED), checked.reasons()
    assert checked.code == ExitCode.PASS, checked.errors
    assert json.loads(checked.output)["judged"] == ["17 of 19 things of chat"]


@pytest.mark.parametrize("server", ["echo", "feed", "feed by OpenAPI", "asking"])
def test_other_wires_are_checked_by_their_documents_too(ran: Mapping[str, Future[Ran]], server: str) -> None:
    checked = ran[server].result()
    assert checked.ids("fail") | checked.ids("inconclusive") == set(), checked.reasons()
    assert checked.code == ExitCode.PASS, checked.errors


@pytest.mark.parametrize(
    ("example", "server"), [(example, server) for example, servers in SERVERS.items() for server in servers]
)
def test_every_server_has_the_defects_that_its_readme_tells_of(
    node_modules: Path, example: str, server: tuple[str, ...]
) -> None:
    assert node_modules.is_dir()
    variables = {**os.environ, "BUG": "none such", "EVENTPROOF_NODE": str(JS / "package.json")}
    said = subprocess.run(server, env=variables, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    named = re.search(r"there is no bug none such; there are ([a-z, -]+)", said.stderr)
    assert named is not None, said.stderr
    told = {bug for bug, _ in _told(example)}
    assert (told, len(told) >= 10) == (set(named[1].replace(",", " ").split()), True)


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_planted_defect_fails_what_it_breaks(ran: Mapping[str, Future[Ran]], defect: str) -> None:
    checked = ran[defect].result()
    broken = set(DEFECTS[defect].only)
    should = {line for line in broken if line.endswith("/accepts")}
    assert (checked.ids("fail"), checked.ids("warn")) == (broken - should, should), checked.reasons()
    assert checked.code == (ExitCode.PASS if broken == should else ExitCode.FAIL), checked.errors


def test_of_two_servers_the_check_shows_where_they_differ(node_modules: Path, tmp_path: Path) -> None:
    assert node_modules.is_dir()
    profile = str(EXAMPLES / "echo" / "eventproof.toml")
    with running(ECHO, "adds-a-field") as one, running(ECHO, "") as other:
        schema, scope = "echo/echoed/schema", "echo/scope"
        command = [sys.executable, "-m", "eventproof", "check", profile, "--only", schema, "--only", scope]
        command += ["--against", f"http://127.0.0.1:{other}", "--results", str(tmp_path / "results")]
        variables = {**os.environ, "ECHO_PORT": one}
        done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.FAIL, done.stderr
    written = json.loads((tmp_path / "results" / "comparison.json").read_text())
    became = {line["name"]: line["changes"][-1]["change"] for line in written["requirements"]}
    assert became == {schema: "worse", scope: "same"}
    beside = json.loads((tmp_path / "results" / "against" / "results.json").read_text())
    assert (beside["verdict"], beside["contracts"][0]["version"]) == ("pass", "1.0.0")
