"""Who is there: a connection is, as long as what its user is sent arrives on it."""

from eventproof.actions import at
from eventproof.conform.case import ContractViolation, Inconclusive, Line, Person, Stage

from .members import NOTIFICATION_RECEIVED, members
from .reading import data

__all__ = ["hears_still", "must_hear"]


async def must_hear(stage: Stage, user: Person, *lines: Line) -> None:
    """Send a notification; raises ContractViolation for the first of these lines, all of the user's, that misses it."""
    title = f"Are you there? {len(stage.records)}"
    await members(stage).notify(user, title)
    for line in lines:
        await line.hears(NOTIFICATION_RECEIVED, lambda event: bool(at(data(event), "/notification/title") == title))


async def hears_still(stage: Stage, user: Person, *lines: Line) -> None:
    """As `must_hear`, where another case judges whether it arrives: raises Inconclusive.

    Once it has arrived, so has all that was sent on the line before.
    """
    try:
        await must_hear(stage, user, *lines)
    except ContractViolation as missing:
        raise Inconclusive(f"a notification did not arrive, so nothing can be said here: {missing}") from missing
