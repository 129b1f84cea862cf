"""Delivery is targeted: whoever is not meant hears nothing."""

import asyncio

from eventproof import checks
from eventproof.conform.case import Inconclusive, Kind, Stage, judges_the_run, requirement


@judges_the_run
@requirement("ALL-ROOM-1")
async def test_nobody_receives_what_is_not_for_them(stage: Stage) -> None:
    """Actions on some users while others listen; then judged on all that was received, here and in the whole run.

    In the whole run, what was done to a user once makes the like lawful for ever: with few users that hides a leak,
    and so what comes after a first canary, when all that earlier cases caused has arrived, is judged by itself.
    """
    users = await stage.users(6)
    for index, user in enumerate(users):
        transports = stage.target.socketio.transports
        await user.connect(transports[index % len(transports)])
    banned, updated, left_alone = users[:2], users[2:4], users[4:]
    accounts = stage.accounts
    await accounts.canary(*users)
    settled = len(stage.records)
    await asyncio.gather(
        *(accounts.ban(user) for user in banned),
        *(accounts.set_tier(user, accounts.another_tier(user)) for user in updated),
    )
    await asyncio.gather(*(accounts.unban(user) for user in banned))
    await accounts.canary(*updated, *left_alone)
    if not any(record.kind is Kind.RECEIVED for record in stage.whole_run):
        raise Inconclusive("nothing at all was received in this run")
    stage.judge(
        checks.leaked(stage.records[settled:], stage.known, stage.rooms),
        checks.leaked(stage.whole_run, stage.known, stage.rooms),
    )
