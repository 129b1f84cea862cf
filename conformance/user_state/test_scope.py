"""Nothing outside the catalogue is sent: judged on all that came in the whole run."""

from eventproof import checks
from eventproof.conform.case import (
    Inconclusive,
    Kind,
    Stage,
    judges_the_run,
    requirement,
)

from .accounts import accounts
from .wording import BANNED


async def _traffic(stage: Stage) -> None:
    """Every action of the system, so that there is something to judge when this case runs alone."""
    user = await stage.user()
    line = await user.connect()
    await accounts(stage).set_tier(user, accounts(stage).another_tier(user))
    (await stage.admin.call("unbanUser", userId=user.id)).must_be_an_answer()
    await accounts(stage).ban(user)
    await line.told_or_closed(BANNED, closed=True)


@judges_the_run
@requirement("UST-SCOPE-1")
async def test_nothing_outside_the_catalogue_was_received(stage: Stage) -> None:
    """On the system's own channels: another system's is judged by its own contract, or not at all."""
    await _traffic(stage)
    own = stage.own_channels
    received = [record for record in stage.whole_run if record.kind is Kind.RECEIVED and record.channel in own]
    if not received:
        raise Inconclusive(f"nothing at all was received on {', '.join(sorted(own))} in this run")
    stage.judge(checks.outside_the_catalogue(received, stage.known))
