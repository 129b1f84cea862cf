"""What the server answers by `error` to what a client sent."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

from eventproof.conform.cases import ContractViolation, Kind, Line, Received

from .reading import data

__all__ = [
    "ERROR",
    "INVALID_PAYLOAD",
    "NOT_AUTHORIZED",
    "RATE_LIMITED",
    "UNKNOWN_EVENT",
    "complaints",
    "is_refused",
    "must_not_complain",
    "taken",
]

ERROR: Final = "error"
INVALID_PAYLOAD: Final = "INVALID_PAYLOAD"
NOT_AUTHORIZED: Final = "NOT_AUTHORIZED"
RATE_LIMITED: Final = "RATE_LIMITED"

UNKNOWN_EVENT: Final = "no_such_event"
"""No contract has an event of this name."""


async def is_refused(line: Line, code: str, name: str, *arguments: Any, what: str) -> Received:
    """Send an event that has to be answered by `error` with this code; `what` describes it in the failure."""
    await line.say(name, *arguments)
    try:
        answer = await line.hears(ERROR)
    except ContractViolation as silence:
        raise ContractViolation(
            f"`{name}` with {what} was not answered", expected=f"`{ERROR}` {code}", observed=silence.observed
        ) from silence
    if data(answer).get("code") != code:
        raise ContractViolation(
            f"`{name}` with {what} was answered with another code",
            expected=f"`{ERROR}` {code}",
            observed=str(answer.payload)[:300],
        )
    return answer


async def taken(line: Line) -> None:
    """Wait until the server has taken what was sent on this line before.

    It answers an event that it does not know (SHD-ERR-2 judges that); where it does not, time enough has passed. This
    counts as one of the ten events a second.
    """
    before = line.received[-1].order if line.received else -1
    await line.say(UNKNOWN_EVENT)
    with suppress(ContractViolation):
        await line.hears(
            ERROR,
            lambda answer: answer.order > before and data(answer).get("originalEvent") in (None, UNKNOWN_EVENT),
        )


def complaints(line: Line) -> tuple[Received, ...]:
    """Every `error` so far, but for the answers to `no_such_event`: where they name no event, as many as was sent."""
    answers = line.heard(ERROR)
    named = [answer for answer in answers if data(answer).get("originalEvent") == UNKNOWN_EVENT]
    unnamed = [answer for answer in answers if "originalEvent" not in data(answer) and _is_invalid(answer)]
    sent = sum(frame.kind is Kind.FRAME_OUT and UNKNOWN_EVENT in str(frame.payload) for frame in line.frames)
    expected = {answer.order for answer in (*named, *unnamed[: max(0, sent - len(named))])}
    return tuple(answer for answer in answers if answer.order not in expected)


def _is_invalid(answer: Received) -> bool:
    return bool(data(answer).get("code") == INVALID_PAYLOAD)


def must_not_complain(lines: Iterable[Line], why: str) -> None:
    """Raise ContractViolation where one of them received an `error`."""
    for line in lines:
        for answer in complaints(line):
            raise ContractViolation(
                f"{line.name} received `{ERROR}` {why}", expected="no error", observed=str(answer.payload)[:300]
            )
