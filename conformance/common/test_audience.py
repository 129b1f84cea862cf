"""Delivery is targeted: whoever is not meant hears nothing."""

import asyncio
from itertools import cycle

from eventproof import checks
from eventproof.conform.cases import Case, HandshakeOptions, Inconclusive, Kind, Person, judges_the_run, requirement

BYSTANDERS = 2


async def _join_others(case: Case, system: str, user: Person) -> None:
    """Connect to the channels that carry what concerns one thing alone: none that the traffic is about."""
    for channel in case.catalogued(system).channels:
        if channel.parameters and (system, channel.name) in case.target.channels:
            known = await case.drivers[system].parameters(user)
            if all(name in known for name in channel.parameters):
                says = HandshakeOptions(parameters={name: str(known[name]) for name in channel.parameters})
                await user.connect(system=system, channel=channel.name, says=says)


def _apart(case: Case) -> list[str]:
    """The systems whose members have roles that those of the ones before have not."""
    roles: dict[str, str] = {}
    for system in case.systems:
        roles.setdefault(system.member, system.name)
    return list(roles.values())


@judges_the_run
@requirement("ALL-ROOM-1")
async def test_nobody_receives_what_is_not_for_them(case: Case) -> None:
    """The traffic of every system under test at once, each with users of its own, while all of them listen to all.

    Judged on all that was received, here and in the whole run. In the whole run, what was done to a user once makes
    the like lawful for ever: with few users that hides a leak, and so what comes after a first canary, when all that
    earlier cases caused has arrived, is judged by itself.
    """
    drivers = case.drivers
    actors = {name: await case.users(driver.actors, name) for name, driver in drivers.items()}
    bystanders = {name: await case.users(BYSTANDERS, name) for name in _apart(case)}
    users = [actor for those in (*actors.values(), *bystanders.values()) for actor in those]
    for system in drivers:
        there = [user for user in users if case.is_open_to(system, user)]
        for user, transport in zip(there, cycle(case.target.main(system).transports), strict=False):
            await user.connect(transport, system=system)
        await _join_others(case, system, there[-1])
    for driver in drivers.values():
        await driver.canary(*users)
    settled = len(case.records)
    traffic = (driver.traffic(actors[name]) for name, driver in drivers.items())
    for ended in await asyncio.gather(*traffic, return_exceptions=True):  # none runs on into another case
        if ended is not None:
            raise ended
    # Whom the traffic cut off can receive nothing more.
    listening = [user for user in users if any(line.is_open for line in user.lines)]
    for driver in drivers.values():
        await driver.canary(*listening)
    if not any(record.kind is Kind.RECEIVED for record in case.whole_run):
        raise Inconclusive("nothing at all was received in this run")
    case.judge(
        checks.leaked(case.story(settled)),
        checks.leaked(case.story_of_the_run),
    )
