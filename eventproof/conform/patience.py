"""A call that the target puts off is made again when it says so (RFC 9110, 10.2.3; RFC 6585, 4), within bounds.

What was put off was neither done nor refused, so only what comes in the end is an answer.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from eventproof.errors import Inconclusive
from eventproof.refusal import LIMITED
from eventproof.retry_after import seconds_of

__all__ = ["MOST_SECONDS", "Limited", "must_not_be_limited", "until_answered"]

MOST_SECONDS = 30.0
"""So long one call waits in all."""
_MOST_WAITS = 3
_FIRST_WAIT = 0.5
"""Seconds, where the target does not say when; twice as many each time."""
_BUSY = 503

_T = TypeVar("_T")


class Limited(Inconclusive):
    """The target asks to come back in so many `seconds`; None where it does not say when."""

    def __init__(self, what: str, status: int, seconds: float | None) -> None:
        asked = "" if seconds is None else f", and is to be made again in {seconds:g} s"
        super().__init__(
            f"{what} was limited with {status}{asked}: nothing can be said of it; let the tests call more often, or "
            "give them more users"
        )
        self.status, self.seconds = status, seconds


def must_not_be_limited(what: str, status: int, headers: Mapping[str, str], *, login: bool = False) -> None:
    """Raise Limited where the target puts a call off: a login also with 503, where it says for how long."""
    said = headers.get("Retry-After")
    if status == LIMITED or (login and status == _BUSY and said is not None):
        raise Limited(what, status, seconds_of(said, time.time()))


async def until_answered(attempt: Callable[[], Awaitable[_T]], tell: Callable[[Limited], None]) -> _T:
    """What an attempt gives in the end; `tell` is told of each that was limited and is made again.

    Raises Limited where the target asks for more patience than there is.
    """
    waited = 0.0
    for waits in range(_MOST_WAITS + 1):
        try:
            return await attempt()
        except Limited as limited:
            seconds = _FIRST_WAIT * 2**waits if limited.seconds is None else limited.seconds
            waited += seconds
            if waits == _MOST_WAITS or waited > MOST_SECONDS:
                raise
            tell(limited)
            await asyncio.sleep(seconds)
    raise AssertionError("the last attempt returns or raises")  # pragma: no cover
