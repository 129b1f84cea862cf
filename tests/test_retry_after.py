"""When a target asks to come back is read in every form that RFC 9110 gives it."""

import pytest

from eventproof.retry_after import seconds_of

AT_TEN = "Thu, 01 Jan 1970 00:00:10 GMT"


@pytest.mark.parametrize(
    ("said", "now", "seconds"),
    [
        ("3", 0.0, 3.0),
        (" 3 ", 0.0, 3.0),
        (AT_TEN, 4.0, 6.0),
        (AT_TEN, 40.0, 0.0),
        ("9" * 400, 0.0, 86_400.0),
        (None, 0.0, None),
        ("", 0.0, None),
        ("soon", 0.0, None),
        ("-1", 0.0, None),
        ("\u0663", 0.0, None),
    ],
)
def test_a_retry_after_is_seconds_or_a_date_or_nothing(said: str | None, now: float, seconds: float | None) -> None:
    assert seconds_of(said, now) == seconds
