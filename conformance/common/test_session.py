"""What ends a user's sessions ends every connection of theirs, whatever its wire, and no one else's."""

from eventproof.conform.case import (
    ContractViolation,
    Line,
    NotApplicable,
    NotTestable,
    Person,
    Stage,
    each_system,
)
from eventproof.conform.occurrence import perform
from eventproof.templates import PLACEHOLDER


async def _connected(stage: Stage, user: Person) -> list[tuple[str, Line]]:
    """A connection to each channel but the case's own that shows whose session it is, with the channel in words."""
    target = stage.target
    if target.other_channels is None:
        raise NotTestable("the profile does not say which other doors there are: other_channels, [] if there is none")
    own = target.main(stage.system.name)
    doors = {door.known_as: door for door in (*target.channels.values(), *target.other_channels)}
    found = [
        (f"the {door.wire} connection to {door.address}", await user.enter(door))
        for door in doors.values()
        if door is not own and door.presents_token and not PLACEHOLDER.search(door.address)
    ]
    if not found:
        raise NotApplicable("the profile says that there is no other door")
    return found


@each_system("session", "operation")
async def test_every_connection_ends_whatever_its_wire_after(stage: Stage, operation: str) -> None:
    user, bystander = await stage.users(2)
    ended, kept = await _connected(stage, user), await _connected(stage, bystander)
    await perform(stage, user, stage.system.operation(operation), {})
    for door, line in ended:
        try:
            await line.ends()
        except ContractViolation as still_open:
            raise ContractViolation(
                f"{door} outlived {operation}", expected=still_open.expected, observed=still_open.observed
            ) from still_open
    await _connected(stage, bystander)  # a round trip later than the last effect on each of them
    for door, line in kept:
        if not line.is_open:
            raise ContractViolation(
                f"{door} of another user ended as well", expected="an open connection", observed="a closed one"
            )
