"""What the load generator says is kept in bounds."""

import os
from pathlib import Path
from threading import Thread

from eventproof.load.log import Log


def _log(said: bytes) -> Log:
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(said)

    Thread(target=write, daemon=True).start()
    return Log(os.fdopen(reading, "rb", buffering=0))


def test_a_short_log_is_kept_whole(tmp_path: Path) -> None:
    log = _log("one\ntwö\n".encode())
    log.write(tmp_path / "locust.log")
    assert (tmp_path / "locust.log").read_text("utf-8") == log.text() == "one\ntwö\n"


def test_of_a_long_log_the_beginning_and_the_end_are_kept() -> None:
    said = b"the beginning\n" + b"x" * 3_000_000 + b"\nthe end"
    text = _log(said).text(patience=30)
    assert text.startswith("the beginning\n")
    assert text.endswith("\nthe end")
    assert "bytes are left out here" in text
    assert len(text) < 600_000


def test_the_end_of_a_long_log_begins_with_a_whole_line() -> None:
    text = _log(b"x" * 600_000 + b"\nthe end").text(patience=30)
    assert text.endswith("are left out here …\nthe end")
