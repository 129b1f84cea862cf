import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from eventproof.errors import UsageError
from eventproof.report import formats, results_json
from eventproof.report.folder import MARKER, prepare
from tests.report import samples


def test_a_results_folder_holds_every_format(tmp_path: Path) -> None:
    folder = prepare(tmp_path / "results", "swarm")
    formats.write_all(samples.swarm(), samples.history(), folder)
    assert {path.name for path in folder.iterdir()} == set(formats.FORMATS) | {MARKER}
    assert set(formats.FORMATS) == {
        *("results.json", "history.ndjson", "junit.xml", "report.html", "summary.md", "series.csv", "metrics.prom"),
    }
    assert results_json.read(folder) == samples.swarm()
    assert len((folder / "history.ndjson").read_text().splitlines()) == len(samples.history())
    assert ET.parse(folder / "junit.xml").getroot().tag == "testsuites"


def test_a_format_in_which_a_run_has_nothing_to_say_leaves_no_file(tmp_path: Path) -> None:
    formats.write_all(samples.passing(), (), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(formats.FORMATS) - {"series.csv"}


def test_no_secret_of_a_history_or_a_run_gets_into_any_file(tmp_path: Path) -> None:
    failed = samples.check(frames=samples.FRAMES, observed='answered {"token": "hunter2!"}', repeat="--token=hunter2!")
    told = samples.run(samples.requirement(checks=(failed,)), notes=("Bearer hunter2!",))
    quiet = samples.swarm()
    hidden = tuple(replace(one, expression="?token=hunter2!") for one in quiet.objectives)
    named = tuple(replace(one, metric="token=hunter2!") for one in quiet.latency)
    run = replace(told, objectives=hidden, latency=named, series=quiet.series)
    formats.write_all(run, samples.history(), tmp_path)
    for name in formats.FORMATS:
        assert "hunter2" not in (tmp_path / name).read_text(), name


def test_a_format_that_fails_keeps_no_other_from_being_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> str:
        raise ZeroDivisionError("a fault of ours")

    monkeypatch.setitem(formats.FORMATS, "junit.xml", broken)
    with pytest.raises(ZeroDivisionError) as caught:
        formats.write_all(samples.passing(), (), tmp_path)
    assert caught.value.__notes__ == ["while writing junit.xml"]
    assert {path.name for path in tmp_path.iterdir()} == set(formats.FORMATS) - {"junit.xml", "series.csv"}

    monkeypatch.setitem(formats.FORMATS, "report.html", broken)
    with pytest.raises(ExceptionGroup):
        formats.write_all(samples.passing(), (), tmp_path)
    assert json.loads((tmp_path / "results.json").read_text())["verdict"] == "pass"


def test_a_folder_that_is_gone_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write results to"):
        formats.write_all(samples.passing(), (), tmp_path / "gone")
