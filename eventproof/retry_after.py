"""When a target asks to come back: the `Retry-After` of an answer (RFC 9110, 10.2.3)."""

from email.utils import parsedate_to_datetime
from typing import Final

__all__ = ["seconds_of"]

_A_DAY: Final = 86_400.0


def seconds_of(said: str | None, now: float) -> float | None:
    """The seconds until then, a day at most; None where nothing that can be read is said.

    `said` is a number of seconds or a date, `now` the wall clock in seconds.
    """
    said = (said or "").strip()
    if said.isascii() and said.isdigit():
        return min(float(said), _A_DAY)
    try:
        return min(max(parsedate_to_datetime(said).timestamp() - now, 0.0), _A_DAY)
    except (ValueError, OverflowError):
        return None
