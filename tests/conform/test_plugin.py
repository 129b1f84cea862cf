"""The plugin as a team uses it: `pytest CASES --target PROFILE`, in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from eventproof.errors import EventproofError, UsageError
from eventproof.reference import Reference
from eventproof.verdict import ExitCode, Outcome, Verdict, exit_code
from tests.conform.plugged import Ran, check, profile_of, result, run_pytest

CASES = """
import pytest
from eventproof.conform.cases import (
    ContractViolation, Inconclusive, NotTestable, Case, capability, judges_the_run, requirement)

@judges_the_run
@requirement("UST-SCOPE-1")
async def test_comes_last(case):
    assert any(record.name == "getMe" for record in case.whole_run)

@requirement("UST-CONN-1")
async def test_holds(case):
    user = await case.user()
    (await user.call("getMe")).must_be_accepted()

@requirement("UST-CONN-2")
async def test_is_broken(case):
    user = await case.user()
    await user.connect()
    raise ContractViolation("it is broken", expected="right", observed="wrong")

@requirement("UST-BAN-8")
async def test_should_be_better(case):
    raise ContractViolation("it is slow")

@requirement("UST-BAN-1")
async def test_cannot_be_seen(case):
    raise NotTestable("say how in the profile")

@requirement("UST-BAN-2")
async def test_nobody_answered(case):
    raise Inconclusive("no answer")

@requirement("UST-BAN-3")
async def test_our_own_mistake(case):
    raise KeyError("oops")

@requirement("UST-BAN-4")
@pytest.mark.parametrize("number", [1, 2])
async def test_asserts_what_it_means(case, number):
    assert number == 1, "one is one"

@requirement("UST-TIER-1")
async def test_known_to_fail(case):
    raise ContractViolation("still")

@requirement("UST-TIER-2")
async def test_known_to_fail_once(case):
    pass

@capability("metrics")
@requirement("ALL-LEAK-1")
async def test_needs_a_capability(case):
    raise AssertionError("it must not run")

@requirement("SHD-1")
async def test_of_another_system(case):
    raise AssertionError("it must not run")
"""
KNOWN = '\n[known_failures]\n"UST-TIER-1" = "ticket 1"\n"UST-TIER-2" = "ticket 2"\n'


@pytest.fixture(scope="module")
def everything(server: Reference, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("everything")
    return run_pytest(folder, profile_of(server, folder, KNOWN), CASES, "--eventproof-seed=7")


@pytest.mark.parametrize(
    ("name", "verdict", "reason"),
    [
        ("UST-CONN-1", "pass", ""),
        ("UST-CONN-2", "fail", "it is broken"),
        ("UST-BAN-8", "warn", "it is slow"),
        ("UST-BAN-1", "not-testable", "say how in the profile"),
        ("UST-BAN-2", "inconclusive", "no answer"),
        ("UST-BAN-3", "harness-error", "a fault of ours: KeyError: 'oops'"),
        ("UST-BAN-4", "fail", "one is one"),
        ("UST-BAN-5", "inconclusive", "no case of it ran"),
        ("UST-TIER-1", "warn", "a known failure (ticket 1): still"),
        ("UST-TIER-2", "fail", "its known failure (ticket 2) is stale, it holds now"),
        ("UST-SCOPE-1", "pass", ""),
        ("ALL-LEAK-1", "n/a", 'the profile does not claim the capability "metrics"'),
    ],
)
def test_every_requirement_gets_its_verdict(everything: Ran, name: str, verdict: str, reason: str) -> None:
    result = everything.requirement(name)
    assert result["verdict"] == verdict
    assert result["reason"].startswith(reason)


def test_a_definite_failure_decides_over_everything_else(everything: Ran) -> None:
    assert everything.code == 1
    assert everything.results["verdict"] == "fail"


def test_cases_of_other_systems_are_left_out(everything: Ran) -> None:
    assert "of_another_system" not in json.dumps(everything.results)


def test_a_failure_shows_the_sentence_what_came_the_frames_and_how_to_repeat_it(everything: Ran) -> None:
    (check,) = everything.requirement("UST-CONN-2")["checks"]
    assert (check["expected"], check["observed"]) == ("right", "wrong")
    assert any(frame["kind"] == "opened" for frame in check["frames"])
    assert check["frames"][0]["at"] == 0
    assert "--eventproof-only is_broken" in check["repeat"]
    assert "--eventproof-seed 7" in check["repeat"]
    for words in ("A connection with no token", "expected: right", "observed: wrong", "repeat: pytest --pyargs"):
        assert words in everything.output


def test_no_secret_is_in_any_file_of_the_results(everything: Ran, server: Reference) -> None:
    people = (server.profile.parent / "credentials.ndjson").read_text().splitlines()
    secrets = {value for line in people for key, value in json.loads(line).items() if key in ("password", "token")}
    for path in everything.folder.iterdir():
        text = path.read_text()
        assert not [secret for secret in secrets if secret in text], path


def test_one_requirement_alone_passes_alone(server: Reference, tmp_path: Path) -> None:
    ran = check(server, tmp_path, CASES, "UST-CONN-1")
    assert ran.outcome is Outcome.PASS
    assert result(ran, "UST-CONN-2").reason == "not selected for this run"


def test_one_case_alone_is_named_as_reports_name_it(server: Reference, tmp_path: Path) -> None:
    ran = check(server, tmp_path, CASES, "asserts_what_it_means[1]")
    assert ran.outcome is Outcome.PASS
    assert [case.name for case in result(ran, "UST-BAN-4").checks] == ["asserts_what_it_means[1]"]


@pytest.mark.parametrize(
    ("only", "code"), [("UST-BAN-1", 1), ("UST-BAN-2", 3), ("UST-BAN-3", 4), ("UST-BAN-5", 3), ("UST-BAN-8", 0)]
)
def test_the_exit_code_tells_what_came_of_it(server: Reference, tmp_path: Path, only: str, code: int) -> None:
    assert exit_code(check(server, tmp_path, CASES, only).outcome) == code


def test_a_test_of_another_kind_that_fails_beside_the_cases_keeps_its_exit_code(
    server: Reference, tmp_path: Path
) -> None:
    cases = CASES + "\ndef test_of_another_kind():\n    assert False\n"
    ran = run_pytest(tmp_path, profile_of(server, tmp_path), cases, "--eventproof-only", "UST-CONN-1")
    assert (ran.code, ran.results["verdict"]) == (ExitCode.FAIL, "pass")


def test_an_unknown_selection_is_answered_with_the_nearest_name(server: Reference, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r'no case is called "is_brokn" \(did you mean "is_broken"\?\)'):
        check(server, tmp_path, CASES, "is_brokn")


def test_cases_that_cannot_be_read_are_our_fault(server: Reference, tmp_path: Path) -> None:
    with pytest.raises(EventproofError, match="SyntaxError") as caught:
        check(server, tmp_path, "def test_(:")
    assert caught.value.exit_code is ExitCode.UNAVAILABLE


def test_users_come_back_as_they_were(server: Reference, tmp_path: Path) -> None:
    cases = """
from eventproof.conform.cases import requirement

@requirement("UST-CONN-1")
async def test_does_things_to_a_user(case):
    user = await case.user()
    case.admin.first = user
    await case.admin.call("updateUserTier", userId=user.id, tier="premium")
    await case.admin.call("banUser", userId=user.id)

@requirement("UST-CONN-2")
async def test_finds_the_user_restored(case):
    user = case.admin.first
    account = (await case.admin.call("getUser", userId=user.id)).body
    assert not account["banned"]
    assert account["tier"] == user.tier
    assert (await user.call("getMe")).is_accepted
"""
    ran = check(server, tmp_path, cases, "UST-CONN-1", "UST-CONN-2")
    assert ran.outcome is Outcome.PASS, ran


def test_a_case_that_needs_more_users_than_there_are_says_so(server: Reference, tmp_path: Path) -> None:
    cases = """
from eventproof.conform.cases import requirement

@requirement("UST-CONN-1")
async def test_needs_a_crowd(case):
    await case.users(1000)
"""
    crowd = result(check(server, tmp_path, cases, "UST-CONN-1"), "UST-CONN-1")
    assert crowd.verdict is Verdict.NOT_TESTABLE
    assert "add to [[identities.users]]" in crowd.reason


def test_what_several_cases_warn_of_alike_is_told_once_with_their_number(server: Reference, tmp_path: Path) -> None:
    cases = """
import pytest
from eventproof.conform.cases import requirement

@requirement("UST-CONN-1")
@pytest.mark.parametrize("number", [1, 2, 3])
async def test_warns(case, number):
    case.warn("it is odd")
    case.warn(f"it is odd in {number}")
"""
    notes = check(server, tmp_path, cases, "UST-CONN-1").notes
    assert [note for note in notes if "odd" in note] == [
        "it is odd (in 3 cases)",
        *(f"it is odd in {number}" for number in (1, 2, 3)),
    ]


def test_a_bad_profile_is_one_sentence_and_code_2(server: Reference, tmp_path: Path) -> None:
    ran = run_pytest(tmp_path, profile_of(server, tmp_path, "\n[budgetts]\n"), CASES)
    assert ran.code == 2
    assert 'unknown key "budgetts" (did you mean "budgets"?)' in ran.output
    assert "Traceback" not in ran.output


def test_cases_without_a_target_ask_for_one(tmp_path: Path) -> None:
    (tmp_path / "test_cases.py").write_text(CASES)
    command = [sys.executable, "-m", "pytest", "test_cases.py", "-p", "no:cacheprovider"]
    finished = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert finished.returncode == 2
    assert "no target: name a profile or a URL with --eventproof-target" in finished.stdout


THEIRS = """
import sys

import pytest


@pytest.fixture
def case():
    return "theirs"


@pytest.fixture(params=["one", "two"])
def system(request):
    return request.param


@pytest.mark.slow
@pytest.mark.requirement(7)
@pytest.mark.capability
@pytest.mark.every_system
@pytest.mark.judges_the_run
def test_theirs(case, system, pytestconfig):
    assert (case, pytestconfig.getoption("--slow"), pytestconfig.getoption("only")) == ("theirs", True, None)


def test_ours_costs_nothing():
    ours = {name for name in sys.modules if name.partition(".")[0] == "eventproof"}
    conform = "eventproof.conform"
    assert ours == {"eventproof", conform, *(f"{conform}.{name}" for name in ("marks", "plugin", "stash"))}
"""
THEIR_OPTIONS = """
def pytest_addoption(parser):
    for name in ("slow", "seed", "environment", "target", "only", "results", "system"):
        parser.addoption(f"--{name}", **({"action": "store_true"} if name == "slow" else {}))


def pytest_configure(config):
    for name in ("slow", "requirement", "capability", "every_system", "judges_the_run"):
        config.addinivalue_line("markers", name)
"""


def run_theirs(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """Another project's own tests, in an environment that has eventproof."""
    (folder / "conftest.py").write_text(THEIR_OPTIONS)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    (folder / "test_theirs.py").write_text(THEIRS)
    plugins = ("-p", "no:cacheprovider", "-p", "no:schemathesis", "-p", "no:asyncio")
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, *options],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_other_peoples_options_marks_and_fixtures_are_theirs(tmp_path: Path) -> None:
    finished = run_theirs(tmp_path, "--slow", "--seed=1")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "3 passed" in finished.stdout


def test_other_people_are_offered_no_fixture_of_ours(tmp_path: Path) -> None:
    assert "eventproof/conform" not in run_theirs(tmp_path, "--fixtures").stdout


def test_what_the_plugin_adds_bears_our_name(tmp_path: Path) -> None:
    (tmp_path / "plain.ini").write_text("[pytest]\n")
    shown = {}
    for option in ("--help", "--markers"):
        command = [sys.executable, "-m", "pytest", "-c", "plain.ini", "--disable-plugin-autoload", option]
        for plugins in (("-p", "eventproof"), ()):
            ran = subprocess.run(
                [*command, *plugins], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
            )
            shown[option, bool(plugins)] = set(ran.stdout.splitlines())
        ours = {line.strip() for line in shown[option, True] - shown[option, False]}
        named = {line for line in ours if line.startswith(("--", "@pytest"))}
        assert named
        assert all(line.startswith(("--eventproof-", "@pytest.mark.eventproof_")) for line in named)


def test_cases_are_not_dealt_out_to_several_processes(server: Reference, tmp_path: Path) -> None:
    # What pytest-xdist leaves in the options of a run with `-n 2`.
    (tmp_path / "conftest.py").write_text(
        "def pytest_addoption(parser):\n    parser.addoption('--processes', dest='numprocesses', type=int)\n"
    )
    ran = run_pytest(tmp_path, profile_of(server, tmp_path), CASES, "--processes=2")
    assert ran.code == ExitCode.USAGE
    assert "run in one process: leave -n out" in ran.output
    assert not ran.folder.exists()


def test_cases_can_be_listed_without_anybody_at_the_target(tmp_path: Path) -> None:
    ran = run_pytest(tmp_path, tmp_path / "absent.toml", CASES, "--collect-only", "-q")
    assert ran.code == 0, ran.output
    assert "test_cases.py::test_holds" in ran.output
