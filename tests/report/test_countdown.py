import io
from typing import TextIO

import pytest

from eventproof.report.countdown import countdown
from tests.report import terminals


@pytest.fixture(autouse=True)
def _no_wishes_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def test_without_a_terminal_it_is_one_line() -> None:
    stream = io.StringIO()
    with countdown("a swarm of 200 users", 20, stream) as passed:
        passed(5)
    assert stream.getvalue() == "a swarm of 200 users\n"


def test_on_a_terminal_it_is_a_bar_that_goes_away() -> None:
    def swarm(stream: TextIO) -> None:
        with countdown("a swarm", 20, stream) as passed:
            passed(5)
            passed(21)

    written = terminals.printed(swarm)
    assert "a swarm" in written
    assert written.endswith("\x1b[2K")
