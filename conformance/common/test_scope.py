"""Nothing outside the catalogue is sent: judged on all that came in the whole run."""

from eventproof import checks
from eventproof.conform.cases import Case, Inconclusive, Kind, each_system, judges_the_run


@judges_the_run
@each_system("scope")
async def test_nothing_outside_the_catalogue_was_received(case: Case) -> None:
    """On the system's own channels: another system's is judged by its own contract, or not at all."""
    driver = case.drivers[case.system.name]
    actors = await case.users(driver.actors)
    for user in actors:
        await user.connect(acknowledges=True)
    await driver.traffic(actors)
    silence: Inconclusive | None = None
    try:
        await case.canary(*(user for user in actors if any(line.is_open for line in user.lines)))
    except Inconclusive as lost:  # what has come is judged all the same
        silence = lost
    own = case.own_channels
    received = [record for record in case.whole_run if record.kind is Kind.RECEIVED and record.channel in own]
    if asking := checks.unforeseen(received, case.known):
        case.warn(
            f"{case.system.name}: {', '.join(asking)} asked for an acknowledgement that the contract does not have: "
            'nobody gave one; ack = "required" says that they are to have it'
        )
    case.judge(checks.outside_the_catalogue(received, case.known))
    if silence is not None:
        raise silence
    if not received:
        raise Inconclusive(f"nothing at all was received on {', '.join(sorted(own))} in this run")
