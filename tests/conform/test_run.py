"""A check from a function call: what it needs before the first case, and what it keeps out."""

import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from eventproof import catalog, profile
from eventproof.conform import launch, run
from eventproof.conform.check_run import CheckRun
from eventproof.errors import TargetUnavailable, UsageError
from eventproof.reference import Reference
from eventproof.report import folder
from eventproof.report.records import Check
from eventproof.target import Command, Identity, SocketIO, Transport
from eventproof.verdict import Outcome, Verdict

_SOMEBODY = Identity("somebody", id="1", token="t")


@contextmanager
def http_server(status: int, body: bytes, kind: str) -> Iterator[str]:
    """Something that answers every request in the same way."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature of the base
            pass

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_nothing_that_listens_is_told_at_once() -> None:
    began = time.monotonic()
    with pytest.raises(TargetUnavailable, match=r"http://127\.0\.0\.1:1 cannot be reached"):
        run.check(profile.for_url("http://127.0.0.1:1", {}))
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"<html>hello</html>", "text/html"),
        (404, b"not found", "text/plain"),
        (200, b'{"ok":1}', "application/json"),
    ],
)
@pytest.mark.parametrize("transport", [Transport.WEBSOCKET, Transport.POLLING])
def test_a_plain_http_server_is_no_socketio_server(status: int, body: bytes, kind: str, transport: Transport) -> None:
    with http_server(status, body, kind) as url, pytest.raises(TargetUnavailable, match=r"is no Socket\.IO server"):
        run.check(replace(profile.for_url(url, {}), socketio=SocketIO(transports=(transport,))))


def test_a_target_that_answers_is_asked_for_identities_only_then(server: Reference) -> None:
    with pytest.raises(UsageError, match="gives no admin: list them"):
        run.check(profile.for_url(server.url, {}))


def test_a_bare_url_is_enough_where_the_environment_names_the_people(server: Reference) -> None:
    credentials = server.profile.parent / "credentials.ndjson"
    target = profile.for_url(server.url, {"EVENTPROOF_CREDENTIALS": str(credentials)})
    ran = run.check(target, only=["UST-CONN-1", "UST-BAN-11"])
    verdicts = {line.id: line.verdict for line in ran.requirements}
    assert verdicts["UST-CONN-1"] is Verdict.PASS
    assert verdicts["UST-BAN-11"] is Verdict.NOT_TESTABLE


def test_a_system_that_is_not_under_test_is_a_usage_error(server: Reference) -> None:
    with pytest.raises(UsageError, match='has no system "shield" under test'):
        run.check(launch.narrowed(profile.load(server.profile), ["user-state"]), systems=["shield"])


def test_a_url_has_no_environments() -> None:
    with pytest.raises(UsageError, match="only a profile has environments"):
        launch.target_of("http://127.0.0.1:1", "staging")


def test_a_listener_hears_of_every_case(server: Reference) -> None:
    heard: list[str] = []

    class Listening:
        def started(self, total: int) -> None:
            heard.append(f"{total} cases")

        def case_started(self, name: str) -> None:
            heard.append(f"starts {name}")

        def case_finished(self, check: Check) -> None:
            heard.append(f"{check.verdict} {check.name}")

    run.check(profile.load(server.profile), only=["UST-UNBAN-1"], listener=Listening())
    name = "after_unban_the_user_logs_in_and_connects_as_before"
    assert heard == ["1 cases", f"starts {name}", f"pass {name}"]


def test_results_are_written_into_the_folder(server: Reference, tmp_path: Path) -> None:
    results = folder.prepare(tmp_path / "results", "check")
    ran = run.check(
        profile.load(server.profile), only=["UST-TIER-5"], results=results, seed=11, command="eventproof check x"
    )
    written = json.loads((results / "results.json").read_text())
    assert written["verdict"] == "pass"
    assert len(written["requirements"]) == len(ran.requirements)
    assert "aiohttp" in " ".join(written["machine"]["software"])
    assert ran.command == "eventproof check x --seed 11 --only UST-TIER-5"
    history = [json.loads(line) for line in (results / "history.ndjson").read_text().splitlines()]
    assert any("user.tier.updated" in json.dumps(line) for line in history)


def test_the_callers_pytest_has_no_say(server: Reference, tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (tmp_path / "conftest.py").write_text("raise RuntimeError('this conftest is not ours')\n")
    (tmp_path / "schemathesis.toml").write_text("this is not TOML")
    script = (
        "import sys; from eventproof import profile; from eventproof.conform import run; "
        "ran = run.check(profile.load(sys.argv[1]), only=['UST-CONN-1', 'ALL-REST-1']); print(ran.outcome)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script, str(server.profile)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTEST_ADDOPTS": "--no-such-option", "PYTEST_PLUGINS": "no_such_plugin"},
    )
    assert (finished.stdout, finished.stderr, finished.returncode) == ("pass\n", "", 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["conftest.py", "pytest.ini", "schemathesis.toml"]


def test_an_action_may_be_a_program_of_the_target(server: Reference, tmp_path: Path) -> None:
    target = profile.load(server.profile)
    admin = target.admins[0]
    script = tmp_path / "ban.py"
    script.write_text(
        "import sys, urllib.request\n"
        "urllib.request.urlopen(urllib.request.Request("
        "sys.argv[1], method='POST', headers={'Authorization': 'Bearer ' + sys.argv[2]}))\n"
    )
    url = f"{server.url}/api/admin/users/{{userId}}/ban"
    command = Command("banUser", (sys.executable, str(script), url, "{token}"), "admin")
    by_program = replace(target, operations={**target.operations, "banUser": command})
    ran = run.check(by_program, only=["UST-BAN-1", "UST-BAN-2"])
    assert ran.outcome is Outcome.PASS, [line.reason for line in ran.requirements]
    assert admin.token
    assert admin.token not in str(ran)


def test_a_call_that_is_not_answered_in_time_is_inconclusive(server: Reference) -> None:
    target = profile.load(server.profile)
    hanging = Command("banUser", (sys.executable, "-c", "import time; time.sleep(60)"), "admin")
    impatient = replace(
        target,
        operations={**target.operations, "banUser": hanging},
        budgets=replace(target.budgets, call=0.5),
    )
    ran = run.check(impatient, only=["UST-BAN-9"])
    (line,) = [line for line in ran.requirements if line.id == "UST-BAN-9"]
    assert line.verdict is Verdict.INCONCLUSIVE
    assert "banUser was not answered within 0.5 s" in line.reason
    assert ran.outcome is Outcome.INVALID


def test_a_check_may_open_as_many_connections_as_the_system_allows() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = replace(profile.for_url("http://127.0.0.1:1", {}), admins=(_SOMEBODY,), users=(_SOMEBODY,))
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        CheckRun(target, catalog.load(), seed=1).close()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == before[1]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
