"""Only admins act on accounts, and only on accounts and tiers that exist."""

from typing import Any

import pytest

from eventproof.conform.case import ContractViolation, Inconclusive, Kind, Person, Stage, requirement

from .accounts import accounts
from .wording import TIER_UPDATED


async def _listens(stage: Stage, user: Person) -> int:
    """Connect; the records of the case so far, once all that was caused earlier has arrived."""
    await user.connect()
    await accounts(stage).canary(user)
    return len(stage.records)


async def _only_the_canary(stage: Stage, user: Person, since: int) -> None:
    """Raise ContractViolation where the user received an event of the catalogue beside the canary that is sent now."""
    await accounts(stage).canary(user)
    heard = [
        record.name
        for record in stage.records[since:]
        if record.kind is Kind.RECEIVED and record.actor == user.name and (record.channel, record.name) in stage.known
    ]
    if not heard:
        raise Inconclusive(f"the connections of {user.name} ended before the canary, so nothing can be said here")
    if heard != [TIER_UPDATED]:
        raise ContractViolation(
            f"something was sent to {user.name} although the action was refused",
            expected=f"the canary, `{TIER_UPDATED}`, alone",
            observed=", ".join(heard),
        )


@requirement("UST-ADMIN-1")
@pytest.mark.parametrize("caller", ["nobody", "a-user"])
@pytest.mark.parametrize("operation", ["banUser", "unbanUser", "updateUserTier"])
async def test_an_action_is_refused_to_anyone_but_an_admin(stage: Stage, operation: str, caller: str) -> None:
    user, intruder = await stage.users(2)
    since = await _listens(stage, user)
    parameters: dict[str, Any] = {"userId": user.id}
    if operation == "updateUserTier":
        parameters["tier"] = accounts(stage).another_tier(user).name
    if caller == "nobody":
        answer = await intruder.call_unauthenticated(operation, **parameters)
    else:
        answer = await intruder.call(operation, **parameters)
    answer.must_be_refused(f"to {caller.replace('-', ' ')}")
    await _only_the_canary(stage, user, since)
    (await user.call("getMe")).must_be_accepted()


@requirement("UST-ADMIN-1")
async def test_a_refused_unban_leaves_the_ban(stage: Stage) -> None:
    user, intruder = await stage.users(2)
    await user.connect()
    await accounts(stage).ban(user)
    if (await user.log_in()).is_accepted:
        raise Inconclusive("a banned user can log in, so an unban would not show")
    (await intruder.call("unbanUser", userId=user.id)).must_be_refused("to a user")
    (await user.log_in()).must_be_refused("although the unban was refused")


@requirement("UST-ADMIN-2")
@pytest.mark.parametrize("operation", ["banUser", "unbanUser", "updateUserTier"])
async def test_an_unknown_user_is_refused_with_a_client_error(stage: Stage, operation: str) -> None:
    witness = await stage.user()
    since = await _listens(stage, witness)
    parameters: dict[str, Any] = {"userId": stage.nobody(like=witness)}
    if operation == "updateUserTier":
        parameters["tier"] = accounts(stage).another_tier(witness).name
    (await stage.admin.call(operation, **parameters)).must_be_refused("although there is no such user")
    await _only_the_canary(stage, witness, since)


@requirement("UST-ADMIN-2")
async def test_an_unknown_tier_is_refused_with_a_client_error(stage: Stage) -> None:
    user = await stage.user()
    since = await _listens(stage, user)
    answer = await stage.admin.call("updateUserTier", userId=user.id, tier="no-such-tier")
    answer.must_be_refused("although there is no such tier")
    await _only_the_canary(stage, user, since)
