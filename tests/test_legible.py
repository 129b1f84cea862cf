import io

import pytest

from eventproof.legible import legible


@pytest.mark.parametrize(
    ("encoding", "read"),
    [("ascii", b'5 ms - ban... "user" \\u65e5 <= 3'), ("utf-8", "5 ms – ban… “user” 日 ≤ 3".encode())],
)
def test_what_an_encoding_cannot_say_is_said_otherwise(encoding: str, read: bytes) -> None:
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding=encoding)
    legible(stream)
    stream.write("5 ms – ban… “user” 日 ≤ 3")
    stream.flush()
    assert written.getvalue() == read


def test_half_a_surrogate_pair_is_an_escape_in_any_encoding() -> None:
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding="utf-8")
    legible(stream)
    stream.write("\ud83d")
    stream.flush()
    assert written.getvalue() == b"\\ud83d"
