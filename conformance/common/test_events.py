"""What the contract says of every event: its schema, who hears of it, who does not, and when."""

from contextlib import suppress

from eventproof import checks
from eventproof.conform.cases import (
    Case,
    EventproofError,
    Inconclusive,
    Kind,
    NotApplicable,
    each_event,
    judges_the_run,
)
from eventproof.conform.occurrence import Occurrence, occurrences
from eventproof.conform.sequence import must_come_in_order


@judges_the_run
@each_event("schema")
async def test_every_one_that_was_received_fits_its_schema(case: Case, event: str) -> None:
    """On the system's own channels; what a call causes for certain was caused by then, if nothing else has."""
    with suppress(EventproofError):
        await occurrences(case, event)
    own = case.own_channels
    received = [
        record
        for record in case.whole_run
        if record.kind is Kind.RECEIVED and record.channel in own and record.name == event
    ]
    if not received:
        raise NotApplicable(f"no `{event}` was received in this run")
    case.judge(checks.invalid(received, case.known))


@judges_the_run
@each_event("asks")
async def test_every_one_that_was_received_asks_for_its_acknowledgement(case: Case, event: str) -> None:
    """By an id in its packet; each is acknowledged as it comes, as the contract has it."""
    with suppress(EventproofError):
        await occurrences(case, event)
    own = case.own_channels
    received = [record for record in case.whole_run if record.kind is Kind.RECEIVED and record.name == event]
    if not any(record.channel in own for record in received):
        raise NotApplicable(f"no `{event}` was received in this run")
    case.judge(checks.unasked((record for record in received if record.channel in own), case.known))


@each_event("delivery", "by")
async def test_every_recipient_hears_of_it_on_every_connection(case: Case, event: str, by: str) -> None:
    """After each call that causes it, or the one that is named; on each channel and transport, in time."""
    made_all = await occurrences(case, event, by)
    within = case.budgets.event_arrival
    case.judge(*(checks.undelivered(made.story, within, event, made.special) for made in made_all))
    if not any(checks.is_owed(made.story, event) and _was_heard(made, event) for made in made_all):
        raise Inconclusive(
            f"nobody had to hear of `{event}` here, so nothing was proved: does what causes it name somebody of the "
            "profile (x-role beside the field, and an id for each of [identities])?"
        )


@each_event("audience")
async def test_nobody_hears_of_it_who_is_not_meant(case: Case, event: str) -> None:
    """Beside those who are, and have; a canary came later to who is not."""
    made_all = await occurrences(case, event)
    case.judge(*(checks.leaked(made.story, event) for made in made_all))
    if not any(_was_heard(made, event) for made in made_all):
        raise Inconclusive(f"nobody heard of `{event}`, so that others did not proves nothing")
    for made in made_all:
        if made.silence is not None:
            raise made.silence


@judges_the_run
@each_event("once")
async def test_it_comes_once_for_each_of_its_causes(case: Case, event: str) -> None:
    """To each connection of the run: the same payload no more often than anything was done that causes it."""
    made_all = await occurrences(case, event)
    case.judge(checks.more_than_caused(case.story_of_the_run, event))
    if not any(_was_heard(made, event) for made in made_all):
        raise Inconclusive(f"nobody heard of `{event}`, so that it does not come twice is unknown")


def _was_heard(made: Occurrence, event: str) -> bool:
    return any(record.name == event for place, record, _ in made.story.received if place >= made.story.settled)


@judges_the_run
@each_event("order")
async def test_it_comes_in_the_order_of_its_causes(case: Case, event: str) -> None:
    """With all others of the same key, on every connection of the run; beside what this run caused of it for that."""
    await occurrences(case, event)
    case.judge(checks.misordered(case.story_of_the_run, event))


@each_event("sequence")
async def test_several_come_in_the_order_in_which_they_were_caused(case: Case, event: str) -> None:
    """Of one key, each caused after the answer to the one before, on every transport."""
    await must_come_in_order(case, case.event(event))
