"""`--report NAME[=FILE]`: refused before anything runs, written after it."""

from dataclasses import replace
from pathlib import Path

import pytest

from eventproof import cli
from eventproof.cli.output import finish
from eventproof.cli.reports import wanted
from eventproof.report import formats
from eventproof.verdict import ExitCode, Outcome
from tests.report import samples


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--report", "junitt=out.xml"], 'there is no report "junitt" (did you mean "junit"?)'),
        (["--report", "github", "--report", "junit"], "only one report can go to standard output"),
        (["--report", "summary=-", "--json"], "only one report can go to standard output"),
        (["--report", "junit=."], "is a folder"),
        (["--report", "junit=/dev/null/junit.xml"], "cannot write a report to /dev/null/junit.xml"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_run(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["check", "http://127.0.0.1:9", *options]) == ExitCode.USAGE
    assert said in capsys.readouterr().err


def test_each_report_goes_where_it_was_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results, run = tmp_path / "results", samples.failing()
    results.mkdir()
    formats.write_all(run, (), results)
    profile = tmp_path / "eventproof.toml"
    profile.write_text('systems = ["user-state"]\n')
    asked = wanted([f"junit={tmp_path}/new/junit.xml", f"gitlab={tmp_path}/quality.json", "github"], as_json=False)
    assert finish(run, results, reports=asked, profile=profile) == ExitCode.FAIL
    said = capsys.readouterr()
    assert (tmp_path / "new/junit.xml").read_text() == (results / "junit.xml").read_text()
    assert "UST-BAN-2" in (tmp_path / "quality.json").read_text()
    assert all(line.startswith("::") for line in said.out.splitlines())
    assert "line=1,title=UST-BAN-2" in said.out
    assert "FAIL" in said.err


def test_without_a_printed_report_people_are_told_on_standard_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = replace(samples.passing(), outcome=Outcome.PASS)
    formats.write_all(run, (), tmp_path)
    assert finish(run, tmp_path) == ExitCode.PASS
    assert "PASS" in capsys.readouterr().out
