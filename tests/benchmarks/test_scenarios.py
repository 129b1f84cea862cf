"""Scenarios on several servers: what stock python-socketio cannot do is counted, and not called lost."""

import pytest

from benchmarks.scenarios import main
from tests.benchmarks.refusing import is_refused


def test_stock_python_socketio_never_tells_who_was_away(capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--scenarios", "jitter", "--servers", "stock", "--users", "8", "--run-time", "8"]
    main(small)  # a busy machine makes the run invalid, and what was counted stays as it is
    said = capsys.readouterr().out
    cells = dict(line.strip("| ").split(" | ") for line in said.splitlines() if line.startswith("| "))
    assert (cells["lost"], cells["leaked"]) == ("0", "0"), said
    assert int(cells["away"]) > 0, said
    assert "are not sent again" in said


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--scenarios", "jitters"], "there is no scenario 'jitters'"),
        (["--servers", "theirs"], "there is no server 'theirs'"),
        (["--users", "0"], "'0' is no number of users: give one from 1 to 18000"),
        (["--run-time", "nan"], "'nan' is no number above 0"),
    ],
)
def test_what_means_nothing_is_refused(options: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    is_refused(main, options, problem, capsys)
