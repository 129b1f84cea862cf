"""`eventproof watch` on a real server: while others act, and ended by a signal or by its time."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from eventproof import profile, reference
from eventproof.reference import Reference
from eventproof.verdict import ExitCode

pytestmark = pytest.mark.measured

HEARD = "heard   shield: connected on /shield/ws"


@pytest.fixture(scope="module")
def server() -> Iterator[Reference]:
    with reference.start(systems=("user-state", "shield"), seed_users=10) as running:
        yield running


@contextmanager
def watching(server: Reference, folder: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """A watch that listens by now."""
    command = [sys.executable, "-m", "eventproof", "watch", str(server.profile), "--results", "out", "--json", *options]
    with subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    ) as child:
        says(child, HEARD)
        try:
            yield child
        finally:
            child.kill()


def says(child: "subprocess.Popen[str]", wanted: str) -> str:
    """Read on until a line has it."""
    assert child.stderr is not None
    seen: list[str] = []
    for line in child.stderr:
        seen.append(line)
        if wanted in line:
            return line
    raise AssertionError("".join(seen))


def tier(server: Reference, number: int) -> None:
    """Give a user another tier, as the admin."""
    target = profile.load(server.profile)
    admin = target.admins[0]

    def call(method: str, path: str, body: Any, token: str | None = None) -> Any:
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        with urlopen(Request(server.url + path, json.dumps(body).encode(), headers, method=method)) as answer:
            return json.loads(answer.read() or "null")

    token = call("POST", "/api/auth/login", {"email": admin.email, "password": admin.password})["token"]
    user = target.users[number].id
    for name in ("basic", "premium"):
        call("PUT", f"/api/admin/users/{user}/tier", {"tier": name}, token)


def test_it_judges_what_others_cause_and_ends_by_a_signal_with_its_verdict(server: Reference, tmp_path: Path) -> None:
    with watching(server, tmp_path) as child:
        tier(server, 0)
        says(child, "heard   user-state: user.tier.updated on /")
        child.send_signal(signal.SIGINT)
        output, _ = child.communicate(timeout=30)
        assert child.returncode == ExitCode.PASS
    results = json.loads(output)
    verdicts = {line["id"]: line["verdict"] for line in results["requirements"]}
    assert verdicts["UST/user.tier.updated/schema"] == verdicts["UST/user.tier.updated/audience"] == "pass"
    assert (tmp_path / "out" / "report.html").is_file()
    assert "user.tier.updated" in (tmp_path / "out" / "history.ndjson").read_text(encoding="utf-8")


def test_what_is_told_to_others_is_seen_as_it_comes(tmp_path: Path) -> None:
    with (
        reference.start(systems=("user-state", "shield"), seed_users=10, fault="tier-told-to-others") as server,
        watching(server, tmp_path) as child,
    ):
        tier(server, 1)
        says(child, "wrong   user-1 received `user.tier.updated`, which is not for them")
        child.send_signal(signal.SIGINT)
        output, _ = child.communicate(timeout=30)
        assert child.returncode == ExitCode.FAIL
    failed = {line["id"] for line in json.loads(output)["requirements"] if line["verdict"] == "fail"}
    assert failed == {"UST/user.tier.updated/audience", "SHD/user.tier.updated/scope"}  # it goes to every channel


def test_nothing_heard_is_no_pass(server: Reference, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "eventproof",
        "watch",
        str(server.profile),
        "--system",
        "user-state",
        "--for",
        "1s",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == ExitCode.INVALID
    assert "nothing was heard, so nothing is shown" in done.stdout
