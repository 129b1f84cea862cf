import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from eventproof.report import terminal
from eventproof.report.records import Delivery, Frame, Latency, Load, Objective, Remedy, Run
from eventproof.verdict import Outcome, Verdict
from tests.report import samples, terminals
from tests.report.strategies import runs

ABOUT = "check of user-state at http://127.0.0.1:8000 (12.4 s, seed 20260314, eventproof 0.1.0)"


@pytest.fixture(autouse=True)
def _no_wishes_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "LINES", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def test_a_pass_is_three_lines() -> None:
    run = samples.run(samples.requirement(), samples.requirement("UST-BAN-3"))
    assert terminal.summary(run) == f"PASS  all 2 requirements hold\n{ABOUT}\n\n2 requirements: 2 pass\n"


def test_a_failure_is_told_with_its_sentence_frames_and_repeat_command() -> None:
    failed = samples.check(
        verdict=Verdict.FAIL,
        reason="one was still open",
        expected="both closed",
        observed="1 of 2 closed",
        frames=samples.FRAMES[3:5],
        repeat="eventproof check URL --only UST-BAN-2",
    )
    run = samples.run(
        samples.requirement(verdict=Verdict.FAIL, reason="one was still open", checks=(failed,)),
        samples.requirement(
            "UST-BAN-3", sentence="First the event.", verdict=Verdict.FAIL, reason="never", checks=(failed,)
        ),
        samples.requirement("UST-BAN-4"),
        outcome=Outcome.FAIL,
        notes=("the clock of the target is 3 s ahead",),
    )
    assert (
        terminal.summary(run, report=Path("results/report.html"))
        == f"""\
FAIL  2 of 3 requirements do not hold
{ABOUT}

note: the clock of the target is 3 s ahead

UST-BAN-2  MUST  fail  one was still open
UST-BAN-3  MUST  fail  never
3 requirements: 2 fail, 1 pass

UST-BAN-2 MUST Every one of those connections is then closed by the server.
  check     test_a_ban_closes_every_connection
  expected  both closed
  observed  1 of 2 closed
  frames    +0.0127 s  admin-1       called    banUser {{userId: 7c1f0c1e}}
            +0.0143 s  user-1/phone  frame-in  42["user.banned",{{"message":"{samples.MESSAGE}"}}]
  repeat    eventproof check URL --only UST-BAN-2

UST-BAN-3 MUST First the event.
  the same is told under UST-BAN-2

Report: results/report.html
"""
    )


def test_a_swarm_is_told_with_objectives_latency_and_delivery() -> None:
    run = replace(
        samples.run(kind="swarm", outcome=Outcome.INVALID),
        objectives=(
            Objective("ban_to_logout: p(99) < 250ms", Verdict.PASS, "31.4 ms"),
            Objective("lost == 0", Verdict.INCONCLUSIVE, "3"),
        ),
        latency=(
            Latency("echo", "", 2_000, 0.1, 0.161, 0.22, 0.29, 0.334, 0.354, floor=True),
            Latency("ban_to_logout", "", 941, 0.8, 5.48, 11.1, 19.2, 41.6, 41.6),
        ),
        delivery=(Delivery("user.banned", 1_412, 1_409, 3, 0, 0, 0, 0, late=2),),
        load=Load(200, 287, 20.0, 1, saturated="loop lag", stragglers=("user-17/phone",)),
    )
    assert (
        terminal.summary(run)
        == f"""\
INVALID  the load generator was saturated: loop lag; 1 of 2 objectives could not be judged
{ABOUT.replace("check", "swarm")}

Objectives
  inconclusive  lost == 0                     observed 3
  pass          ban_to_logout: p(99) < 250ms  observed 31.4 ms

Latency in ms, from the intended time of the action
                 count    p50    p90    p99  p99.9    max
  ban to logout    941   5.48   11.1   19.2  = max   41.6
  echo (floor)   2,000  0.161  0.220  0.290  0.334  0.354

Delivery
               expected  delivered  lost  late  duplicate  explained  out of order  leaked
  user.banned     1,412      1,409     3     2          0          0             0       0

Load: 200 users, 287 connections, 1 process, 20 s
stragglers: user-17/phone
"""
    )


def test_what_was_not_selected_is_one_line() -> None:
    left_out = [
        samples.requirement(f"UST-X-{number}", verdict=Verdict.INCONCLUSIVE, reason="not selected")
        for number in range(9)
    ]
    text = terminal.summary(samples.run(samples.requirement(), *left_out))
    assert text.endswith("\n\n9 inconclusive: not selected\n10 requirements: 9 inconclusive, 1 pass\n")
    assert "UST-X" not in text


def test_many_frames_are_cut_to_the_last_ones_where_none_is_marked() -> None:
    failed = samples.check(verdict=Verdict.FAIL, frames=samples.FRAMES * 2)
    text = terminal.summary(samples.run(samples.requirement(verdict=Verdict.FAIL, checks=(failed,))))
    assert "(8 more are in the report)" in text
    assert text.count("frame-in") == 5


def test_the_frames_are_those_around_the_one_that_is_marked_and_what_mends_it_is_told() -> None:
    frames = [Frame(number, "user-1", "note", f"number {number}", marked=number == 30) for number in range(90)]
    failed = samples.check("closes[websocket]", verdict=Verdict.FAIL, frames=tuple(frames))
    also = samples.check("closes[polling]", verdict=Verdict.FAIL, frames=tuple(frames))
    remedy = Remedy("nobody closes it", "close it", python="`sio.disconnect`")
    line = replace(samples.requirement(verdict=Verdict.FAIL, checks=(failed, also)), remedies=(remedy,))
    lines = [line.strip() for line in terminal.summary(samples.run(line)).splitlines()]
    assert any(line.endswith("number 30  <- this") for line in lines)
    assert sum("number" in line for line in lines) == 16
    assert not any("number 60" in line for line in lines)
    for told in ("also closes[polling]", "likely nobody closes it", "python-socketio `sio.disconnect`"):
        assert told in [" ".join(line.split()) for line in lines]


def test_what_a_target_sent_moves_no_cursor_and_is_no_markup() -> None:
    hostile = samples.check(verdict=Verdict.FAIL, observed="\x1b[2J[bold red]x[/]\rPASS\u202e", repeat="?token=s3cr3t")
    text = terminal.summary(samples.run(samples.requirement(verdict=Verdict.FAIL, checks=(hostile,))))
    assert r"\x1b[2J[bold red]x[/]\rPASS\u202e" in text
    assert "s3cr3t" not in text


@settings(max_examples=50, deadline=None)
@given(runs)
def test_any_run_is_told_and_the_verdict_is_its_first_word(run: Run) -> None:
    assert terminal.summary(run).split()[0] == run.outcome.value.upper()


def test_what_is_no_terminal_gets_the_plain_form_whatever_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    stream = io.StringIO()
    terminal.print_summary(samples.failing(), stream=stream)
    assert stream.getvalue() == terminal.summary(samples.failing())


def test_a_terminal_gets_colours_within_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    text = _on_a_terminal(samples.failing())
    assert "\x1b[" in text
    assert max(len(line) for line in terminals.plain(text).splitlines()) <= 60


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_no_figure_and_no_column_is_cut(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    run = replace(samples.invalid(), latency=samples.swarm().latency)
    text = terminals.plain(_on_a_terminal(run))
    assert max(map(len, text.splitlines())) <= columns
    for words in ("user.tier.updated", "duplicate", "explained", "out of order", "3,866", "p99.9", "21.1"):
        assert words in text, words
    assert "…" not in text


def test_no_color_takes_the_colours_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    codes = re.findall(r"\x1b\[([\d;]*)m", _on_a_terminal(samples.failing()))
    assert not {"31", "32", "33", "35", "36"} & {part for code in codes for part in code.split(";")}


def _on_a_terminal(run: Run) -> str:
    return terminals.printed(lambda stream: terminal.print_summary(run, stream=stream))
