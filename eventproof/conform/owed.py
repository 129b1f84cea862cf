"""What has to be acknowledged: that it is sent again, and that it is not."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from eventproof.catalog import AckLevel, Event
from eventproof.catalog.event import CALLBACK
from eventproof.client.aio import Received
from eventproof.errors import ContractViolation, Inconclusive

from .case import Case
from .line import Line
from .occurrence import bring_about
from .person import Person

__all__ = ["Owed", "again", "at_most", "must_not_be_sent_again", "owed", "seen_again", "still_comes"]

TOLERANCE: Final = 0.25
"""By how much of its time a retry may be late: two clocks, timers on a busy machine, a network between them."""
LATENESS: Final = 1.0
"""Seconds by which it may be late beside that."""


def at_most(seconds: float) -> float:
    """The time after which what had to happen within so many seconds is late."""
    return seconds * (1 + TOLERANCE) + LATENESS


@dataclass(frozen=True, slots=True)
class Owed:
    """An event that has to be acknowledged, as it came first on a line of its user."""

    event: Event
    line: Line
    first: Received

    @property
    def name(self) -> str:
        """The event's name."""
        return self.event.name

    @property
    def subject(self) -> object:
        """What it is about."""
        return self.event.subject(self.first.payload)

    def is_it(self, received: Received) -> bool:
        """Whether what was received is this, again."""
        return received.name == self.name and self.event.subject(received.payload) == self.subject


async def owed(case: Case, user: Person, line: Line, name: str) -> Owed:
    """An event of this name for this user, caused just now; what else must be acknowledged by then is.

    Raises Inconclusive where it does not arrive: other cases judge that.
    """
    caused = await bring_about(case, user, name)
    event = caused.event
    first = await line.awaits(
        name, lambda received: caused.may_be(received.payload) and caused.is_about(received.payload)
    )
    found = Owed(event, line, first)
    for other in line.received:
        ack = next((known.ack for known in case.system.events if known.name == other.name), None)
        is_answered = ack is not None and ack.by == CALLBACK and (ack.retry is None or other.ack_id is None)
        if ack is not None and ack.level is AckLevel.REQUIRED and other.name != name and not is_answered:
            await line.acknowledge(other)
    return found


async def again(
    case: Case, owed: Owed, because: str, *, line: Line | None = None, since: float | None = None
) -> Received:
    """The next time that it comes after `since` (now), on this line or that where it came first.

    A server may wait longer from one time to the next. However it lets its pauses grow, up to twice each time, what
    came first so many seconds ago comes again within as many more and those of the first pause, and may be as late as
    `at_most` says. Raises ContractViolation where it does not.
    """
    line, since = line or owed.line, case.now if since is None else since
    pause = since - owed.first.at + case.budgets.ack_retry
    until = since + at_most(pause)
    try:
        return await line.hears(
            owed.name, lambda event: owed.is_it(event) and event.at >= since, max(until - case.now, 0)
        )
    except ContractViolation as missing:
        raise ContractViolation(
            f"`{owed.name}` was not sent again on {line.name} {because}",
            expected=f"`{owed.name}` of {owed.subject} once more within {until - since:.3g} s: {pause:.3g} s by "
            "budgets.ack_retry and how its pauses may grow, and a tolerance",
            observed=missing.observed if line.is_open else str(missing),
        ) from missing


async def seen_again(case: Case, owed: Owed, since: float | None = None) -> Received:
    """As `again`, where another case judges whether it comes: raises Inconclusive."""
    try:
        return await again(case, owed, "although nothing acknowledged it", since=since)
    except ContractViolation as missing:
        raise Inconclusive(f"{missing}, so nothing can be said here") from missing


async def still_comes(case: Case, owed: Owed, because: str, *, witness: Owed, line: Line | None = None) -> None:
    """It is sent again, although something happened to it that did not happen to the witness.

    Raises Inconclusive where the witness is not sent again either: other cases judge that.
    """
    since = case.now
    await seen_again(case, witness, since)
    await again(case, owed, because, line=line, since=since)


def must_not_be_sent_again(lines: Iterable[Line], owed: Owed, since: float, why: str) -> None:
    """Raise ContractViolation where it came after that time on one of these lines."""
    for line in lines:
        for event in line.heard(owed.name, owed.is_it):
            if event.at > since:
                raise ContractViolation(
                    f"`{owed.name}` was sent again on {line.name} {why}",
                    expected=f"no `{owed.name}` of {owed.subject} any more",
                    observed=f"`{owed.name}` {event.at - since:.3g} s later",
                )
