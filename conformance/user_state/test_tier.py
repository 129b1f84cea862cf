"""A new tier is told to that user at once, and works at once."""

from itertools import pairwise

from eventproof import checks
from eventproof.conform.cases import (
    Answer,
    Case,
    ContractViolation,
    NotTestable,
    Person,
    Refusal,
    Tier,
    requirement,
)

from .accounts import accounts
from .wording import TIER_UPDATED, your_plan_is


def _unlocking(case: Case) -> list[tuple[Tier, Tier]]:
    """Every tier that unlocks something, with the tier below it."""
    tiers = accounts(case).tiers()
    steps = [(below, tier) for below, tier in pairwise(tiers) if tier.unlocks]
    if not steps:
        raise NotTestable("no tier of the profile says what it unlocks: unlocks = { operation = … } under [tiers.NAME]")
    return steps


@requirement("UST-TIER-1")
async def test_the_event_names_the_new_tier_as_users_see_it(case: Case) -> None:
    user = await case.user()
    line = await user.connect()
    current = accounts(case).tier_of(user)
    others = [tier for tier in accounts(case).tiers() if tier != current]
    for tier in (*others, current):
        (await case.admin.call("updateUserTier", userId=user.id, tier=tier.name)).must_be_accepted()
        heard = await line.hears_while_open(TIER_UPDATED)
        case.judge(checks.invalid(case.records, case.known, TIER_UPDATED))
        if heard.payload["message"] != your_plan_is(tier):
            raise ContractViolation(
                f"`{TIER_UPDATED}` does not carry the message of the specification",
                expected=your_plan_is(tier),
                observed=str(heard.payload),
            )


@requirement("UST-TIER-2")
async def test_the_user_stays_logged_in(case: Case) -> None:
    user = await case.user()
    lines = [await user.connect(transport) for transport in case.transports]
    await accounts(case).set_tier(user, accounts(case).another_tier(user))
    (await user.call("getMe")).must_be_accepted()
    await accounts(case).canary(user)
    case.judge(checks.closed_early(case.records, [line.name for line in lines]))
    (await user.call("getMe")).must_be_accepted()


async def _told(case: Case, user: Person, tier: Tier) -> None:
    """Set the tier, and wait until every connection of the user has heard of it."""
    already = accounts(case).tier_of(user) == tier
    await accounts(case).set_tier(user, tier)
    for line in user.lines:
        if not already:
            await line.awaits(TIER_UPDATED)


async def _use(user: Person, tier: Tier) -> Answer:
    assert tier.unlocks is not None  # the callers choose only such tiers
    return await user.call(tier.unlocks.operation, **tier.unlocks.parameters)


@requirement("UST-TIER-3")
async def test_what_the_new_tier_unlocks_works_as_soon_as_it_is_told(case: Case) -> None:
    user = await case.user()
    await user.connect()
    for below, tier in _unlocking(case):
        await _told(case, user, below)
        await _told(case, user, tier)
        (await _use(user, tier)).must_be_accepted()


@requirement("UST-TIER-4")
async def test_what_the_lower_tier_lacks_is_refused_as_soon_as_it_is_told(case: Case) -> None:
    """It was not refused before, so it is the tier that it is refused for."""
    user = await case.user()
    await user.connect()
    for below, tier in reversed(_unlocking(case)):
        await _told(case, user, tier)
        before = (await _use(user, tier)).must_succeed()
        await _told(case, user, below)
        because = f"although the tier {tier.name} was taken away"
        (await _use(user, tier)).must_be_refused(because, Refusal.ENTITLEMENT, beside=before)
