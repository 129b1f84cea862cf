"""What ends a user's sessions ends every connection of theirs, whatever its wire, and no one else's."""

from eventproof.conform.cases import (
    Case,
    ContractViolation,
    Line,
    NotApplicable,
    NotTestable,
    Person,
    each_system,
)
from eventproof.conform.performing import perform
from eventproof.templates import PLACEHOLDER


async def _connected(case: Case, user: Person) -> list[tuple[str, Line]]:
    """A connection to each channel but the case's own that shows whose session it is, with the channel in words."""
    target = case.target
    if target.other_channels is None:
        raise NotTestable(
            "the profile does not say which further channels there are: other_channels, [] if there is none"
        )
    own = target.main(case.system.name)
    of_others = [
        channel
        for (system, _), channel in target.channels.items()
        if system not in target.systems or case.is_open_to(system, user)
    ]
    channels = {(channel.wire, channel.address): channel for channel in (*of_others, *target.other_channels)}
    found = [
        (f"the {channel.wire} connection to {channel.address}", await user.connect_to(channel))
        for channel in channels.values()
        if (channel.wire, channel.address) != (own.wire, own.address)
        and channel.presents_token
        and not PLACEHOLDER.search(channel.address)
    ]
    if not found:
        raise NotApplicable("the profile says that there is no further channel")
    return found


@each_system("session", "operation")
async def test_every_connection_ends_whatever_its_wire_after(case: Case, operation: str) -> None:
    user, bystander = await case.users(2)
    ended, kept = await _connected(case, user), await _connected(case, bystander)
    await perform(case, user, case.system.operation(operation), {})
    for which, line in ended:
        try:
            await line.ends()
        except ContractViolation as still_open:
            raise ContractViolation(
                f"{which} outlived {operation}", expected=still_open.expected, observed=still_open.observed
            ) from still_open
    await _connected(case, bystander)  # a round trip later than the last effect on each of them
    for which, line in kept:
        if not line.is_open:
            raise ContractViolation(
                f"{which} of another user ended as well", expected="an open connection", observed="a closed one"
            )
