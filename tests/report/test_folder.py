import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eventproof.errors import UsageError
from eventproof.report import folder

NOON = datetime(2026, 3, 14, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / folder.HOME


def test_without_a_path_the_folder_is_named_after_time_and_kind_and_latest_leads_to_it(home: Path) -> None:
    made = folder.prepare(None, "check", now=NOON)
    assert made == home / "20260314T120000Z-check"
    assert (home / "latest").resolve() == made
    assert (home / "latest").readlink() == Path(made.name)


def test_two_runs_in_one_second_get_two_folders_and_latest_is_the_second(home: Path) -> None:
    first = folder.prepare(None, "check", now=NOON)
    second = folder.prepare(None, "check", now=NOON)
    assert second.name == "20260314T120000Z-check-2"
    assert first.is_dir()
    assert (home / "latest").resolve() == second


def test_a_latest_that_is_no_link_is_left_alone(home: Path) -> None:
    (home / "latest").mkdir(parents=True)
    folder.prepare(None, "check", now=NOON)
    assert (home / "latest").is_dir()
    assert not (home / "latest").is_symlink()


def test_a_new_or_an_empty_path_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert folder.prepare(tmp_path / "empty", "check") == tmp_path / "empty"
    assert folder.prepare(tmp_path / "a path" / "with a space", "check").is_dir()


def test_earlier_results_are_kept_by_number_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "results"
    for content in ("first", "second", "third"):
        folder.write(folder.prepare(path, "check") / "results.json", content)
    kept = [(tmp_path / name / "results.json").read_text() for name in ("results.1", "results.2", "results")]
    assert kept == ["first", "second", "third"]


def test_a_folder_may_be_prepared_twice_before_anything_is_in_it(tmp_path: Path) -> None:
    assert folder.prepare(folder.prepare(tmp_path / "results", "swarm"), "swarm") == tmp_path / "results"
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_a_run_that_raises_before_it_writes_leaves_no_folder_behind(home: Path) -> None:
    with pytest.raises(ZeroDivisionError), folder.prepared(None, "check"):
        raise ZeroDivisionError
    assert not home.exists()


def test_a_run_that_raises_after_it_wrote_keeps_what_it_wrote(home: Path) -> None:
    with suppress(ZeroDivisionError), folder.prepared(None, "check") as made:
        folder.write(made / "results.json", "{}")
        raise ZeroDivisionError
    assert (home / "latest" / "results.json").exists()


def test_a_link_to_earlier_results_keeps_them_where_they_are_by_number(tmp_path: Path) -> None:
    folder.write(folder.prepare(tmp_path / "first", "check") / "results.json", "first")
    (tmp_path / "link").symlink_to("first")
    assert folder.prepare(tmp_path / "link", "check") == tmp_path / "first"
    assert (tmp_path / "first.1" / "results.json").read_text() == "first"


def test_a_folder_with_other_files_is_refused_and_stays_untouched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("ten years of work")
    with pytest.raises(
        UsageError, match="holds files that are no results of eventproof: name a new or an empty folder"
    ):
        folder.prepare(tmp_path, "check")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("path", ["file", "file/below"])
def test_a_path_that_cannot_be_a_folder_is_refused_in_one_sentence(path: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"cannot write results to .*file.*; name another folder with --results"):
        folder.prepare(tmp_path / path, "check")


def test_a_file_is_written_for_whoever_may_read_the_folder(tmp_path: Path) -> None:
    folder.write(tmp_path / "results.json", "{}")
    mask = os.umask(0)
    os.umask(mask)
    assert (tmp_path / "results.json").stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_write_that_finds_no_room_leaves_the_file_before_it_whole_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "results.json"
    target.write_text("before")
    program = f"""
import resource, signal
from pathlib import Path
from eventproof.report import folder
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))
with folder.explained(Path({str(tmp_path)!r})):
    folder.write(Path({str(target)!r}), "x" * 100_000)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert "UsageError: cannot write results to" in done.stderr
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]


def test_a_writer_that_is_killed_leaves_a_whole_file(tmp_path: Path) -> None:
    target = tmp_path / "results.json"
    program = f"""
from itertools import cycle
from pathlib import Path
from eventproof.report import folder
for letter in cycle("ab"):
    folder.write(Path({str(target)!r}), letter * 2_000_000)
"""
    writer = subprocess.Popen([sys.executable, "-c", program])
    deadline = time.monotonic() + 20
    while not target.exists() and time.monotonic() < deadline:
        os.sched_yield()
    writer.send_signal(signal.SIGKILL)
    writer.wait(timeout=20)
    content = target.read_text()
    assert len(content) == 2_000_000
    assert len(set(content)) == 1
