"""What is taken out of a log entry before it is written, how often one is, and what where it cannot be."""

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from reference_server.logs import PAUSE, REDACTED, Seldom, configure, redact

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


def test_tokens_and_passwords_are_redacted_wherever_they_are() -> None:
    entry = {
        "event": f"a call with {TOKEN} failed",
        "password": "hunter2",
        "headers": {"Authorization": f"Bearer {TOKEN}", "Accept": "*/*"},
        "tried": [TOKEN, "fine"],
        "count": 3,
    }
    assert redact(None, "info", entry) == {
        "event": f"a call with {REDACTED} failed",
        "password": REDACTED,
        "headers": {"Authorization": REDACTED, "Accept": "*/*"},
        "tried": [REDACTED, "fine"],
        "count": 3,
    }


@pytest.fixture
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before
    structlog.reset_defaults()


@pytest.mark.usefixtures("_restored")
def test_a_log_that_cannot_be_written_fails_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        full = True

        def write(self, text: str) -> int:
            if self.full:
                raise OSError("no space left on device")
            return super().write(text)

    stream = Full()
    monkeypatch.setattr("sys.stderr", stream)
    configure()
    structlog.get_logger("test").error("lost")
    logging.getLogger("library").warning("lost")
    stream.full = False
    structlog.get_logger("test").error("written")
    assert [line for line in stream.getvalue().splitlines() if line] == [stream.getvalue().strip()]
    assert "written" in stream.getvalue()


def test_what_happens_again_and_again_is_told_once_in_a_while_with_how_often() -> None:
    said: list[tuple[str, object]] = []
    now = 0.0
    tell = Seldom(lambda event, **fields: said.append((event, fields["times"])), lambda: now)
    for _ in range(100):
        tell("full")
        tell("other")
    now += PAUSE
    tell("full")
    tell("full")
    assert said == [("full", 1), ("other", 1), ("full", 100)]
