"""Bad input gets one sentence that says what is wrong and what to do, the right exit code, and no stack trace."""

import http.server
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventproof.verdict import ExitCode


def eventproof(
    *arguments: str | Path, cwd: Path, timeout: float = 60, **environment: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "eventproof", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
    )


def says(done: "subprocess.CompletedProcess[str]", code: ExitCode, *words: str) -> None:
    """One sentence on standard error with these words, this code, no trace, nothing on standard output."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("eventproof: ")]
    assert len(lines) == 1, done.stderr
    for word in words:
        assert word in lines[0]
    assert done.stdout == ""


@pytest.fixture
def plain_http_server() -> Iterator[str]:
    """Something that answers HTTP and is no Socket.IO server."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_check_without_a_target_says_how_to_name_one(tmp_path: Path) -> None:
    says(eventproof("check", cwd=tmp_path), ExitCode.USAGE, "no target", "eventproof init", "--reference")


@pytest.mark.parametrize(
    "option",
    [("--only", "UST-BAN-1"), ("--seed", "3"), ("--slow",), ("--hostile",), ("--results", "here")],
    ids=lambda given: given[0],
)
def test_a_dry_run_refuses_what_it_would_ignore(tmp_path: Path, option: tuple[str, ...]) -> None:
    done = eventproof("check", "http://127.0.0.1:1", "--dry-run", *option, cwd=tmp_path)
    says(done, ExitCode.USAGE, "--dry-run fires everything once and writes nothing", "leave --only, --slow")


def test_full_force_is_only_for_a_server_whose_profile_allows_it(tmp_path: Path) -> None:
    """Nothing listens there: what is allowed comes as far as that."""
    profile = tmp_path / "eventproof.toml"
    whole = "base_url = 'http://127.0.0.1:1'\nsystems = ['user-state']\n[identities]\n"
    people = "admins = [{email = 'a', token = 'a'}]\nusers = [{email = 'b', token = 'b'}]\n"
    profile.write_text(whole + people, encoding="utf-8")
    done = eventproof("check", "--hostile", cwd=tmp_path)
    says(done, ExitCode.USAGE, "does not allow attacks with full force", "allow_hostile = true", "leave --hostile out")
    done = eventproof("check", "http://127.0.0.1:1", "--hostile", cwd=tmp_path)
    says(done, ExitCode.USAGE, "http://127.0.0.1:1 does not allow attacks with full force", "eventproof init")
    profile.write_text("allow_hostile = true\n" + whole + people, encoding="utf-8")
    says(eventproof("check", "--hostile", cwd=tmp_path), ExitCode.UNAVAILABLE, "cannot be reached")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("base_urll = 'http://127.0.0.1:1'\nsystems = ['user-state']\n", ("base_url",)),
        ("base_url = 'http://127.0.0.1:1'\nsystems = ['user-state']\nspeed = 3\n", ("unknown key", "speed")),
        ("base_url = 'http://127.0.0.1:1'\nsystems = ['user-stat']\n", ("user-stat", "did you mean")),
        ("base_url = [\n", ("eventproof.toml",)),
        (
            "base_url = 'http://127.0.0.1:1'\nsystems = ['user-state']\n"
            "[[identities.admins]]\nemail = 'a@b.example'\npassword_env = 'NO_SUCH_VARIABLE'\n",
            ("NO_SUCH_VARIABLE", "not set"),
        ),
    ],
    ids=["missing-key", "unknown-key", "unknown-system", "no-toml", "missing-secret"],
)
def test_a_bad_profile_says_where_it_is_wrong(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    (tmp_path / "eventproof.toml").write_text(text)
    says(eventproof("check", cwd=tmp_path), ExitCode.USAGE, *words)


def test_a_profile_that_is_not_there_is_told_how_to_be_written(tmp_path: Path) -> None:
    says(eventproof("check", "absent.toml", cwd=tmp_path), ExitCode.USAGE, "absent.toml", "eventproof init")


def test_an_unreachable_server_is_told_soon_and_leaves_no_results(tmp_path: Path) -> None:
    says(eventproof("check", "http://127.0.0.1:1", cwd=tmp_path, timeout=30), ExitCode.UNAVAILABLE, "nothing listens")
    assert not (tmp_path / "eventproof-results").exists()


def test_a_plain_http_server_is_called_no_socketio_server(tmp_path: Path, plain_http_server: str) -> None:
    says(eventproof("check", plain_http_server, cwd=tmp_path), ExitCode.UNAVAILABLE, "no Socket.IO server")


def test_a_fault_needs_the_reference_server(tmp_path: Path) -> None:
    says(
        eventproof("check", "http://127.0.0.1:1", "--fault", "wrong-message", cwd=tmp_path),
        ExitCode.USAGE,
        "--reference",
    )


def test_an_unknown_fault_is_told_where_they_are_named(tmp_path: Path) -> None:
    says(eventproof("check", "--reference", "--fault", "no-such", cwd=tmp_path), ExitCode.USAGE, "--list-faults")


def test_a_port_in_use_is_told_with_the_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = eventproof(
            "serve", "--port", str(port), "--database-url", f"sqlite:///{tmp_path / 'a.db'}", cwd=tmp_path
        )
    assert done.returncode in (ExitCode.USAGE, ExitCode.UNAVAILABLE)
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr


def test_a_results_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    precious = tmp_path / "out" / "precious.txt"
    precious.parent.mkdir()
    precious.write_text("mine")
    done = eventproof("check", "--reference", "--results", "out", cwd=tmp_path)
    says(done, ExitCode.USAGE, "out", "name a new or an empty folder")
    assert list(precious.parent.iterdir()) == [precious]


def test_a_profile_is_never_written_over(tmp_path: Path) -> None:
    assert eventproof("init", cwd=tmp_path).returncode == ExitCode.PASS
    (tmp_path / "eventproof.toml").write_text("mine")
    says(eventproof("init", cwd=tmp_path), ExitCode.USAGE, "--force")
    assert (tmp_path / "eventproof.toml").read_text() == "mine"


@pytest.mark.parametrize("command", [("swarm", "--reference"), ("demo",)])
def test_an_unknown_objective_is_refused_before_the_run(command: tuple[str, ...], tmp_path: Path) -> None:
    done = eventproof(*command, "--objective", "ban_to_lunch: p(99) < 1s", cwd=tmp_path)
    says(done, ExitCode.USAGE, "ban_to_lunch")


def test_an_unknown_scenario_is_told_which_there_are(tmp_path: Path) -> None:
    says(eventproof("swarm", "no_such", "--reference", cwd=tmp_path), ExitCode.USAGE, "no_such", "ban_storm")


def test_an_unknown_event_is_told_the_nearest(tmp_path: Path) -> None:
    says(eventproof("contract", "show", "user.baned", cwd=tmp_path), ExitCode.USAGE, "user.banned")


def test_a_profile_goes_into_no_folder_that_is_not_there(tmp_path: Path) -> None:
    says(eventproof("init", "absent/eventproof.toml", cwd=tmp_path), ExitCode.USAGE, "cannot write absent")


def test_a_payload_that_is_no_json_is_told_where(tmp_path: Path) -> None:
    for payload, words in (("{", "line 1"), ('{"message": NaN}', "NaN"), ("[" * 100_000, "nested too deep")):
        (tmp_path / "payload.json").write_text(payload)
        says(eventproof("contract", "validate", "user.banned", "payload.json", cwd=tmp_path), ExitCode.USAGE, words)


def test_a_payload_on_standard_input_is_called_so(tmp_path: Path) -> None:
    says(eventproof("contract", "validate", "user.banned", "-", cwd=tmp_path), ExitCode.USAGE, "standard input")


def test_a_swarm_takes_a_url_in_place_of_a_scenario(tmp_path: Path) -> None:
    says(eventproof("swarm", "http://127.0.0.1:1", cwd=tmp_path), ExitCode.UNAVAILABLE, "nothing listens")


def test_an_unknown_option_is_a_usage_error(tmp_path: Path) -> None:
    done = eventproof("check", "--no-such-option", cwd=tmp_path)
    assert done.returncode == ExitCode.USAGE
    assert "Traceback" not in done.stderr
