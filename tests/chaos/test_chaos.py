"""`make chaos` in short: whatever happens to the server, it is there, and has lost nothing that it acknowledged."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from tests.chaos.notes import unordered
from tests.chaos.server import Held
from tests.chaos.table import Row, text

SECONDS = 120.0
ROW = Row("a", 1, "1 ended", 0, 0.01, "call", Held(100.0, 20), Held(101.0, 20), 0, 0)


def test_the_server_outlives_every_kind_of_attack_and_trouble(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.chaos", "--short", "--rounds", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, env=_temporary(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 wrong" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_leaves_nothing_running(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.chaos", "--short", "--rounds", "2"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=_temporary(tmp_path)
    ) as run:
        assert run.stderr is not None
        while "frames" not in run.stderr.readline():
            pass
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=SECONDS)
    assert run.returncode == 130
    assert list(tmp_path.iterdir()) == []
    assert not _running_in(tmp_path)


def _temporary(folder: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(folder)}


def _running_in(folder: Path) -> list[str]:
    """The processes that have this folder in their environment, a moment after the last one should have gone."""
    until = time.monotonic() + 5.0
    while (found := _having(f"TMPDIR={folder}")) and time.monotonic() < until:
        time.sleep(0.1)
    return found


def _having(variable: str) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if variable.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def test_a_row_is_wrong_that_crashed_lost_raised_or_kept_descriptors() -> None:
    assert ROW.is_well
    for wrong in (
        replace(ROW, crashes=1),
        replace(ROW, lost=1),
        replace(ROW, tracebacks=1),
        replace(ROW, after=Held(101.0, 60)),
    ):
        assert not wrong.is_well
        assert "1 wrong" in text([ROW, wrong])
    assert replace(ROW, after=Held(101.0, 60), is_restarted=True).is_well


def test_the_table_names_the_slowest_row() -> None:
    shown = text([ROW, replace(ROW, name="b", worst=1.5)])
    assert shown.splitlines()[-1] == "2 rows, 0 wrong; the worst answer took 1500 ms (b)"
    assert len({line.index("1 ended") for line in shown.splitlines() if "1 ended" in line}) == 1


def test_what_comes_after_something_later_is_out_of_order() -> None:
    assert unordered([1, 2, 4, 5]) == 0
    assert unordered([1, 4, 2, 3, 5]) == 2
