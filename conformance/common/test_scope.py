"""Nothing outside the catalogue is sent: judged on all that came in the whole run."""

from eventproof import checks
from eventproof.conform.case import Inconclusive, Kind, Stage, each_system, judges_the_run


@judges_the_run
@each_system("scope")
async def test_nothing_outside_the_catalogue_was_received(stage: Stage) -> None:
    """On the system's own channels: another system's is judged by its own contract, or not at all."""
    play = stage.plays[stage.system.name]
    actors = await stage.users(play.actors)
    for user in actors:
        await user.connect(acknowledges=True)
    await play.traffic(actors)
    await stage.canary(*(user for user in actors if any(line.is_open for line in user.lines)))
    own = stage.own_channels
    received = [record for record in stage.whole_run if record.kind is Kind.RECEIVED and record.channel in own]
    if not received:
        raise Inconclusive(f"nothing at all was received on {', '.join(sorted(own))} in this run")
    stage.judge(checks.outside_the_catalogue(received, stage.known))
