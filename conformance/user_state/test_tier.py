"""A new tier is told to that user at once, and works at once."""

from itertools import pairwise

from eventproof import checks
from eventproof.conform.case import (
    Answer,
    ContractViolation,
    NotTestable,
    Person,
    Refusal,
    Stage,
    Tier,
    requirement,
)

from .accounts import accounts
from .wording import TIER_UPDATED, your_plan_is


def _unlocking(stage: Stage) -> list[tuple[Tier, Tier]]:
    """Every tier that unlocks something, with the tier below it."""
    tiers = accounts(stage).tiers()
    steps = [(below, tier) for below, tier in pairwise(tiers) if tier.unlocks]
    if not steps:
        raise NotTestable("no tier of the profile says what it unlocks: unlocks = { operation = … } under [tiers.NAME]")
    return steps


@requirement("UST-TIER-1")
async def test_the_event_names_the_new_tier_as_users_see_it(stage: Stage) -> None:
    user = await stage.user()
    line = await user.connect()
    current = accounts(stage).tier_of(user)
    others = [tier for tier in accounts(stage).tiers() if tier != current]
    for tier in (*others, current):
        (await stage.admin.call("updateUserTier", userId=user.id, tier=tier.name)).must_be_accepted()
        heard = await line.hears_while_open(TIER_UPDATED)
        stage.judge(checks.invalid(stage.records, stage.known, TIER_UPDATED))
        if heard.payload["message"] != your_plan_is(tier):
            raise ContractViolation(
                f"`{TIER_UPDATED}` does not carry the message of the specification",
                expected=your_plan_is(tier),
                observed=str(heard.payload),
            )


@requirement("UST-TIER-2")
async def test_the_user_stays_logged_in(stage: Stage) -> None:
    user = await stage.user()
    lines = [await user.connect(transport) for transport in stage.transports]
    await accounts(stage).set_tier(user, accounts(stage).another_tier(user))
    (await user.call("getMe")).must_be_accepted()
    await accounts(stage).canary(user)
    stage.judge(checks.closed_early(stage.records, [line.name for line in lines]))
    (await user.call("getMe")).must_be_accepted()


async def _told(stage: Stage, user: Person, tier: Tier) -> None:
    """Set the tier, and wait until every connection of the user has heard of it."""
    already = accounts(stage).tier_of(user) == tier
    await accounts(stage).set_tier(user, tier)
    for line in user.lines:
        if not already:
            await line.awaits(TIER_UPDATED)


async def _use(user: Person, tier: Tier) -> Answer:
    assert tier.unlocks is not None  # the callers choose only such tiers
    return await user.call(tier.unlocks.operation, **tier.unlocks.parameters)


@requirement("UST-TIER-3")
async def test_what_the_new_tier_unlocks_works_as_soon_as_it_is_told(stage: Stage) -> None:
    user = await stage.user()
    await user.connect()
    for below, tier in _unlocking(stage):
        await _told(stage, user, below)
        await _told(stage, user, tier)
        (await _use(user, tier)).must_be_accepted()


@requirement("UST-TIER-4")
async def test_what_the_lower_tier_lacks_is_refused_as_soon_as_it_is_told(stage: Stage) -> None:
    """It was not refused before, so it is the tier that it is refused for."""
    user = await stage.user()
    await user.connect()
    for below, tier in reversed(_unlocking(stage)):
        await _told(stage, user, tier)
        before = (await _use(user, tier)).must_succeed()
        await _told(stage, user, below)
        because = f"although the tier {tier.name} was taken away"
        (await _use(user, tier)).must_be_refused(because, Refusal.ENTITLEMENT, beside=before)
