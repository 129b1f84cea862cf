"""`eventproof compare`, and `--baseline`: exit codes, files, and one sentence for what cannot be compared."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from eventproof import cli
from eventproof.cli.output import baseline_side, finish
from eventproof.report import folder, formats
from eventproof.report.records import Run
from eventproof.verdict import ExitCode, Outcome
from tests.report import samples


def put(path: Path, run: Run) -> str:
    formats.write_all(run, (), folder.prepare(path, run.kind))
    return str(path)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    path = tmp_path_factory.mktemp("runs")
    interrupted = replace(samples.passing(), outcome=Outcome.INTERRUPTED)
    kinds = {
        "passing": samples.passing(),
        "again": samples.passing(),
        "failing": samples.failing(),
        "swarm": replace(samples.swarm(), latency=()),
        "interrupted": interrupted,
    }
    return {name: put(path / name, run) for name, run in kinds.items()}


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (("passing", "again"), ExitCode.PASS),
        (("failing", "passing"), ExitCode.PASS),
        (("passing", "failing"), ExitCode.FAIL),
        (("passing", "again", "failing"), ExitCode.FAIL),
        (("passing", "swarm"), ExitCode.USAGE),
        (("passing", "passing"), ExitCode.USAGE),
        (("passing",), ExitCode.USAGE),
        (("passing", "interrupted"), ExitCode.INVALID),
    ],
    ids=lambda names: " ".join(names) if isinstance(names, tuple) else "",
)
def test_the_exit_code_says_whether_anything_is_worse(
    names: tuple[str, ...], code: ExitCode, runs: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["compare", *(runs[name] for name in names)]) == code
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert bool(said.out) is (code in (ExitCode.PASS, ExitCode.FAIL))


def test_a_program_gets_json_and_people_the_rest(runs: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["compare", runs["passing"], runs["failing"], "--json"]) == ExitCode.FAIL
    said = capsys.readouterr()
    assert json.loads(said.out)["exit_code"] == 1
    assert "FAIL  worse than passing: 5 requirements" in said.err


def test_the_page_is_written_where_it_is_asked_for(runs: dict[str, str], tmp_path: Path) -> None:
    page = tmp_path / "comparison.html"
    assert cli.run(["compare", runs["passing"], runs["failing"], "--html", str(page)]) == ExitCode.FAIL
    assert "<h1>FAIL</h1>" in page.read_text()
    assert cli.run(["compare", runs["passing"], runs["again"], "--html", "/proc/no.html"]) == ExitCode.USAGE


@pytest.mark.parametrize(("share", "code"), [("25%", 0), ("0%", 0), ("25", 2), ("-1%", 2), ("much", 2), ("nan%", 2)])
def test_a_tolerance_is_a_share(share: str, code: int, runs: dict[str, str]) -> None:
    assert cli.run(["compare", runs["passing"], runs["again"], f"--tolerance={share}"]) == code


def test_a_baseline_that_cannot_be_read_is_told_before_anything_runs(tmp_path: Path) -> None:
    for verb in (["check"], ["swarm", "ban_storm"]):
        assert cli.run([*verb, "http://127.0.0.1:1", "--baseline", str(tmp_path)]) == ExitCode.USAGE


@pytest.mark.parametrize("further", [["--baseline", "x"], ["--dry-run"], ["--pack", "session"]])
def test_two_servers_are_checked_by_their_contracts_alone(
    further: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["check", "http://127.0.0.1:1", "--against", "http://127.0.0.1:2", *further]
    assert cli.run(asked) == ExitCode.USAGE
    assert "leave --pack, --dry-run and --baseline out" in capsys.readouterr().err


def test_a_run_is_compared_with_its_baseline_at_its_end(
    runs: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that passes is not better than one that found more to hold."""
    fewer = replace(samples.passing(), requirements=samples.failing().requirements)
    folder_of = Path(put(tmp_path / "now", fewer))
    assert finish(fewer, folder_of, False) == ExitCode.PASS
    assert finish(fewer, folder_of, False, baseline=baseline_side(runs["passing"])) == ExitCode.FAIL
    assert "worse than passing: 5 requirements" in capsys.readouterr().out
    assert json.loads((folder_of / "comparison.json").read_text())["verdict"] == "fail"
    assert "<h1>FAIL</h1>" in (folder_of / "comparison.html").read_text()


def test_a_run_that_fails_fails_whatever_its_baseline_was(runs: dict[str, str], tmp_path: Path) -> None:
    failing = samples.failing()
    folder_of = Path(put(tmp_path / "now", failing))
    assert finish(failing, folder_of, False, baseline=baseline_side(runs["failing"])) == ExitCode.FAIL


def test_what_cannot_be_compared_with_the_baseline_is_said_and_passes_not(
    runs: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = replace(samples.passing(), systems=("shield",))
    folder_of = Path(put(tmp_path / "now", run))
    assert finish(run, folder_of, True, baseline=baseline_side(runs["passing"])) == ExitCode.INVALID
    said = capsys.readouterr()
    assert "not compared with the baseline: " in said.err
    assert json.loads(said.out)["verdict"] == "pass"
