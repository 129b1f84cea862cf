"""Nothing outside the catalogue is sent, and what is sent is valid: judged on all that came in the whole run."""

import pytest

from eventproof import checks
from eventproof.conform.case import (
    Inconclusive,
    Kind,
    NotApplicable,
    Stage,
    judges_the_run,
    on_stage,
    proves,
    requirement,
)

from .accounts import accounts
from .wording import BANNED, TIER_UPDATED, UNBANNED


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
    await _traffic(stage)
    if not any(record.kind is Kind.RECEIVED for record in stage.whole_run):
        raise Inconclusive("nothing at all was received in this run")
    stage.judge(checks.outside_the_catalogue(stage.whole_run, stage.known))


@judges_the_run
@pytest.mark.parametrize(
    "event",
    [
        pytest.param(BANNED, marks=proves("UST-BAN-1")),
        pytest.param(TIER_UPDATED, marks=proves("UST-TIER-1")),
        pytest.param(UNBANNED, marks=proves("UST-UNBAN-3")),
    ],
)
@on_stage
async def test_all_that_was_received_is_valid(stage: Stage, event: str) -> None:
    received = [record for record in stage.whole_run if record.kind is Kind.RECEIVED and record.name == event]
    if not received:
        raise NotApplicable(f"no `{event}` was received in this run")
    stage.judge(checks.invalid(received, stage.known))
