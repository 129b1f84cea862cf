import io
from dataclasses import replace
from typing import TextIO

import pytest

from eventproof.report.live import watching
from eventproof.report.records import Glance, Series
from tests.report import samples, terminals


@pytest.fixture(autouse=True)
def _no_wishes_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def glance(seconds: float, *, lost: int = 0) -> Glance:
    """How a ban storm stands after so many seconds."""
    whole = samples.series()
    recent = Series(
        begins=0.0,
        step=5.0,
        seconds=5.0,
        connections=(287.0,),
        flows=tuple(replace(flow, values=(sum(flow.values[8:13]),)) for flow in whole.flows),
        courses=tuple(replace(one, counts=(20,), p50=(4.2,), p99=(max(one.p99),)) for one in whole.courses),
    )
    return Glance(seconds, recent, tuple(replace(one, lost=lost) for one in samples.swarm().delivery))


def test_without_a_terminal_it_is_a_line_now_and_then() -> None:
    stream = io.StringIO()
    with watching("a swarm of 200 users", 60, stream) as watcher:
        for second in range(24):
            watcher.passed(second)
            watcher.saw(glance(second))
    first, *lines = stream.getvalue().splitlines()
    assert first == "a swarm of 200 users"
    assert [line.split(":")[0] for line in lines] == ["10 s", "20 s"]
    assert lines[0].startswith(
        "10 s: 287 connections, 48 delivered a second, 0 lost, slowest: ban to logout, p99 20.7 ms"
    )


def test_a_long_run_is_told_in_twenty_lines_at_most() -> None:
    stream, standing = io.StringIO(), glance(0)
    with watching("a soak", 7200, stream) as watcher:
        for second in range(7201):
            watcher.saw(replace(standing, seconds=second))
    assert len(stream.getvalue().splitlines()) == 21


def test_on_a_terminal_it_is_a_table_that_goes_away() -> None:
    def swarm(stream: TextIO) -> None:
        with watching("a swarm", 20, stream) as watcher:
            watcher.passed(5)
            watcher.saw(glance(5, lost=3))
            watcher.passed(21)

    written = terminals.printed(swarm)
    for words in ("a swarm", "287 connections", "6 lost", "ban to logout", "user.banned", "1,412", "20.7"):
        assert words in written, words
    assert written.endswith("\x1b[2K")
    assert "loop lag" not in written


@pytest.mark.parametrize("columns", ["80", "40"])
def test_the_table_fits_its_terminal(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)

    def swarm(stream: TextIO) -> None:
        with watching("ban_storm: 200 users and 2 admins, 20 s", 20, stream) as watcher:
            watcher.saw(glance(5, lost=3))

    lines = terminals.plain(terminals.printed(swarm)).splitlines()
    assert max(map(len, lines)) <= int(columns)
