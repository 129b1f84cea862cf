"""Delivery is targeted: whoever is not meant hears nothing."""

import asyncio
from itertools import cycle

from eventproof import checks
from eventproof.conform.case import Handshake, Inconclusive, Kind, Person, Stage, judges_the_run, requirement

BYSTANDERS = 2


async def _join_others(stage: Stage, system: str, user: Person) -> None:
    """Connect to the channels that carry what concerns one thing alone: none that the traffic is about."""
    for channel in stage.catalogued(system).channels:
        if channel.parameters and (system, channel.name) in stage.target.channels:
            known = await stage.plays[system].parameters(user)
            says = Handshake(parameters={name: str(known[name]) for name in channel.parameters})
            await user.connect(system=system, channel=channel.name, says=says)


@judges_the_run
@requirement("ALL-ROOM-1")
async def test_nobody_receives_what_is_not_for_them(stage: Stage) -> None:
    """The traffic of every system under test at once, each with users of its own, while all of them listen to all.

    Judged on all that was received, here and in the whole run. In the whole run, what was done to a user once makes
    the like lawful for ever: with few users that hides a leak, and so what comes after a first canary, when all that
    earlier cases caused has arrived, is judged by itself.
    """
    plays = stage.plays
    cast = {name: await stage.users(play.actors) for name, play in plays.items()}
    users = [*(actor for actors in cast.values() for actor in actors), *await stage.users(BYSTANDERS)]
    for system in plays:
        for user, transport in zip(users, cycle(stage.target.main(system).transports), strict=False):
            await user.connect(transport, system=system)
        await _join_others(stage, system, users[-1])
    for play in plays.values():
        await play.canary(*users)
    settled = len(stage.records)
    await asyncio.gather(*(play.traffic(cast[name]) for name, play in plays.items()))
    # Whom the traffic cut off can receive nothing more.
    listening = [user for user in users if any(line.is_open for line in user.lines)]
    for play in plays.values():
        await play.canary(*listening)
    if not any(record.kind is Kind.RECEIVED for record in stage.whole_run):
        raise Inconclusive("nothing at all was received in this run")
    stage.judge(
        checks.leaked(stage.story(settled)),
        checks.leaked(stage.story_of_the_run),
    )
