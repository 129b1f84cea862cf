"""What has to be acknowledged is sent again until it is, by its own user; then never more."""

from eventproof.conform.cases import Case, ContractViolation, each_event
from eventproof.conform.owed import again, must_not_be_sent_again, owed, seen_again, still_comes


@each_event("retry")
async def test_it_is_sent_again_unchanged_while_nothing_acknowledges_it(case: Case, event: str) -> None:
    """The acknowledgement of another event of the same cause is none of this one."""
    user = await case.user()
    line = await user.connect()
    given = await owed(case, user, line, event)
    repeated = await again(case, given, "although nothing acknowledged it")
    told = given.event.content
    if told(repeated.payload) != told(given.first.payload):
        raise ContractViolation(
            f"`{event}` was sent again with other data",
            expected=str(given.first.payload)[:300],
            observed=str(repeated.payload)[:300],
        )


@each_event("ack")
async def test_it_is_not_sent_again_on_any_connection_once_it_was_acknowledged(case: Case, event: str) -> None:
    """Acknowledged late, when it has come again, and twice. A later one shows when it would have come once more."""
    user = await case.user()
    lines = [await user.connect(), await user.connect()]
    given = await owed(case, user, lines[0], event)
    await seen_again(case, given)
    for _ in range(2):
        await lines[0].acknowledge(given.first)
    await case.canary(user)
    acknowledged = case.now
    witness = await owed(case, user, lines[0], event)
    await seen_again(case, witness)
    lines.append(await user.connect())
    await case.canary(user)
    for line in lines:
        await line.close()
    lines.append(await user.connect())
    await case.canary(user)
    must_not_be_sent_again(lines, given, acknowledged, "although it was acknowledged")


@each_event("foreign-ack")
async def test_the_acknowledgement_of_another_user_does_not_count(case: Case, event: str) -> None:
    """Beside an event of the other user that nobody acknowledges: both come again."""
    user, intruder = await case.users(2)
    line, other = await user.connect(), await intruder.connect()
    given, witness = await owed(case, user, line, event), await owed(case, intruder, other, event)
    await other.acknowledge(given.first)
    await still_comes(case, given, "after another user had acknowledged it", witness=witness)
