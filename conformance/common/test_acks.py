"""What has to be acknowledged is sent again until it is, by its own user; then never more."""

from eventproof.checks.content import content
from eventproof.conform.case import ContractViolation, Stage, each_event
from eventproof.conform.owed import again, must_not_be_sent_again, owed, seen_again, still_comes


@each_event("retry")
async def test_it_is_sent_again_unchanged_while_nothing_acknowledges_it(stage: Stage, event: str) -> None:
    """The acknowledgement of another event of the same cause is none of this one."""
    user = await stage.user()
    line = await user.connect()
    given = await owed(stage, user, line, event)
    repeated = await again(stage, given, "although nothing acknowledged it")
    if content(repeated) != content(given.first):
        raise ContractViolation(
            f"`{event}` was sent again with other data",
            expected=str(given.first.payload)[:300],
            observed=str(repeated.payload)[:300],
        )


@each_event("ack")
async def test_it_is_not_sent_again_on_any_connection_once_it_was_acknowledged(stage: Stage, event: str) -> None:
    """Acknowledged late, when it has come again, and twice. A later one shows when it would have come once more."""
    user = await stage.user()
    lines = [await user.connect(), await user.connect()]
    given = await owed(stage, user, lines[0], event)
    await seen_again(stage, given)
    for _ in range(2):
        await lines[0].acknowledge(given.first)
    await stage.canary(user)
    acknowledged = stage.now
    witness = await owed(stage, user, lines[0], event)
    await seen_again(stage, witness)
    lines.append(await user.connect())
    await stage.canary(user)
    for line in lines:
        await line.close()
    lines.append(await user.connect())
    await stage.canary(user)
    must_not_be_sent_again(lines, given, acknowledged, "although it was acknowledged")


@each_event("foreign-ack")
async def test_the_acknowledgement_of_another_user_does_not_count(stage: Stage, event: str) -> None:
    """Beside an event of the other user that nobody acknowledges: both come again."""
    user, intruder = await stage.users(2)
    line, other = await user.connect(), await intruder.connect()
    given, witness = await owed(stage, user, line, event), await owed(stage, intruder, other, event)
    await other.acknowledge(given.first)
    await still_comes(stage, given, "after another user had acknowledged it", witness=witness)
