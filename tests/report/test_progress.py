import io
from contextlib import suppress

import pytest
from rich.console import Console

from eventproof.report.listener import Listener
from eventproof.report.progress import LiveProgress, PlainProgress, progress
from eventproof.verdict import Verdict
from tests.report import samples


@pytest.fixture(autouse=True)
def _no_wishes_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_terminal_each_case_that_is_over_is_a_line() -> None:
    stream = io.StringIO()
    _run(progress(stream))
    assert stream.getvalue() == (
        "12 cases\n"
        "[ 1/12] pass          UST-BAN-2  test_quick (0.1 s)\n"
        "[ 2/12] fail          UST-BAN-2 UST-BAN-3  test_slow (5 s): never closed\n"
    )


def test_a_terminal_sees_what_runs_and_keeps_what_is_no_plain_pass() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=120, color_system=None)
    _run(LiveProgress(console))
    written = console.file.getvalue()  # type: ignore[attr-defined]  # the StringIO from above
    assert "test_quick" in written
    assert "2/12" in written
    assert "fail          UST-BAN-2 UST-BAN-3  test_slow (5 s): never closed" in written
    assert written.endswith("\x1b[2K")


def test_a_run_that_ends_without_results_gives_the_cursor_back() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=120, color_system=None)
    with suppress(KeyboardInterrupt), LiveProgress(console) as display:
        display.started(3)
        raise KeyboardInterrupt
    assert "\x1b[?25h" in console.file.getvalue()  # type: ignore[attr-defined]  # the StringIO from above


def test_names_and_reasons_move_no_cursor_and_are_no_markup() -> None:
    stream = io.StringIO()
    with PlainProgress(stream) as display:
        display.started(1)
        display.case_finished(samples.check("[red]\x1b[2J", verdict=Verdict.FAIL, reason="Bearer s3cr3t\n"))
    assert r"[red]\x1b[2J (0.1 s): Bearer [redacted]\n" in stream.getvalue()


def _run(display: LiveProgress | PlainProgress) -> None:
    listener: Listener = display
    with display:
        listener.started(12)
        listener.case_started("test_quick")
        listener.case_finished(samples.check("test_quick"))
        listener.case_started("test_slow")
        listener.case_finished(
            samples.check(
                "test_slow", "UST-BAN-2", "UST-BAN-3", verdict=Verdict.FAIL, seconds=5.0, reason="never closed"
            )
        )
