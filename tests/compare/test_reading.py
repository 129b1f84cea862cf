from pathlib import Path

import pytest

from eventproof.compare.reading import MOST_RUNS, sides
from eventproof.errors import UsageError
from eventproof.report import results_json
from eventproof.report.records import Run
from tests.report import samples


def put(folder: Path, run: Run) -> Path:
    folder.mkdir(parents=True)
    (folder / "results.json").write_text(results_json.render(run), encoding="utf-8")
    return folder


def test_a_side_is_a_results_folder_a_folder_of_several_or_several_with_commas(tmp_path: Path) -> None:
    passing, failing = samples.passing(), samples.failing()
    single = put(tmp_path / "single", passing)
    put(tmp_path / "several" / "one", passing)
    put(tmp_path / "several" / "two", failing)
    (tmp_path / "several" / "latest").symlink_to("two")
    third = put(tmp_path / "third", failing)
    found = sides([str(single), str(tmp_path / "several")])
    assert [(side.name, len(side.runs)) for side in found] == [("single", 1), ("several", 2)]
    assert sides([f"{single},{third}", str(tmp_path / "several")])[0].runs == (passing, failing)


def test_columns_have_the_last_part_of_a_path_where_that_tells_them_apart(tmp_path: Path) -> None:
    one, two = (put(tmp_path / name / "results", samples.passing()) for name in ("main", "branch"))
    assert [side.name for side in sides([str(one), str(two)])] == [str(one), str(two)]
    assert [side.name for side in sides([str(one.parent), str(two.parent)])] == ["main", "branch"]


def test_a_folder_whose_name_has_a_comma_is_that_folder(tmp_path: Path) -> None:
    assert len(sides([str(put(tmp_path / "a,b", samples.passing()))])[0].runs) == 1


def test_what_has_no_results_is_said(tmp_path: Path) -> None:
    results = put(tmp_path / "results", samples.passing())
    (tmp_path / "empty").mkdir()
    for given, words in {
        str(tmp_path / "absent"): "absent is no folder with results of a run",
        str(tmp_path / "empty"): r"empty has no results.json, and no folder in it has one",
        str(results / "results.json"): f"name the folder {results}",
        "": "an empty name names no folder",
        ",": "names no folder",
    }.items():
        with pytest.raises(UsageError, match=words):
            sides([given])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is not the results.json of eventproof"),
        ('{"format": "eventproof-results"', "is not the results.json of eventproof"),
        ("[]", "is not the results.json of eventproof"),
        ('{"format": "eventproof-results", "version": 1}', "is not the results.json of eventproof"),
    ],
    ids=["empty", "cut-off", "a-list", "without-keys"],
)
def test_a_damaged_file_is_said(content: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(content)
    with pytest.raises(UsageError, match=words):
        sides([str(tmp_path)])


def test_the_same_run_on_two_sides_is_refused(tmp_path: Path) -> None:
    one = put(tmp_path / "runs" / "one", samples.passing())
    put(tmp_path / "runs" / "two", samples.passing())
    with pytest.raises(UsageError, match="in common: a run does not differ from itself"):
        sides([str(one.parent), str(one)])
    with pytest.raises(UsageError, match="in common"):
        sides([str(one), str(one)])


def test_so_many_runs_of_one_side_and_no_more(tmp_path: Path) -> None:
    for number in range(MOST_RUNS + 1):
        put(tmp_path / str(number), samples.run())
    with pytest.raises(UsageError, match=f"has {MOST_RUNS + 1} runs; at most {MOST_RUNS}"):
        sides([str(tmp_path)])
    (tmp_path / "0" / "results.json").unlink()
    assert len(sides([str(tmp_path)])[0].runs) == MOST_RUNS
