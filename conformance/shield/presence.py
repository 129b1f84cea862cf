"""Who is there: a connection is, as long as what its user is sent arrives on it."""

from eventproof.actions import at
from eventproof.conform.case import Line, Person, Stage

from .members import NOTIFICATION_RECEIVED, members
from .reading import data

__all__ = ["must_hear"]


async def must_hear(stage: Stage, user: Person, *lines: Line) -> None:
    """Send a notification; raises ContractViolation for the first of these lines, all of the user's, that misses it."""
    title = f"Are you there? {len(stage.records)}"
    await members(stage).notify(user, title)
    for line in lines:
        await line.hears(NOTIFICATION_RECEIVED, lambda event: bool(at(data(event), "/notification/title") == title))
