"""Who is there: a connection is, as long as what its user is sent arrives on it."""

from eventproof.actions import at
from eventproof.conform.cases import Case, ContractViolation, Inconclusive, Line, Person, Received, on_each

from .members import NOTIFICATION_RECEIVED, members
from .reading import data

__all__ = ["hears_still", "must_hear"]


async def must_hear(case: Case, user: Person, *lines: Line) -> None:
    """Send a notification; raises ContractViolation for those of these lines, all of the user's, that miss it."""
    title = f"Are you there? {len(case.records)}"
    await members(case).notify(user, title)

    def is_it(event: Received) -> bool:
        return bool(at(data(event), "/notification/title") == title)

    if len(lines) == 1:
        await lines[0].hears(NOTIFICATION_RECEIVED, is_it)
    else:
        await on_each(lines, lambda line: line.hears(NOTIFICATION_RECEIVED, is_it), f"heard `{NOTIFICATION_RECEIVED}`")


async def hears_still(case: Case, user: Person, *lines: Line) -> None:
    """As `must_hear`, where another case judges whether it arrives: raises Inconclusive.

    Once it has arrived, so has all that was sent on the line before.
    """
    try:
        await must_hear(case, user, *lines)
    except ContractViolation as missing:
        raise Inconclusive(f"a notification did not arrive, so nothing can be said here: {missing}") from missing
