"""Only admins act on accounts, and only on accounts and tiers that exist."""

from typing import Any

import pytest

from eventproof.conform.cases import (
    Answer,
    Case,
    Command,
    ContractViolation,
    Inconclusive,
    Kind,
    NotApplicable,
    Person,
    Refusal,
    requirement,
)

from .accounts import accounts
from .wording import TIER_UPDATED


async def _listens(case: Case, user: Person) -> int:
    """Connect; the records of the case so far, once all that was caused earlier has arrived."""
    await user.connect()
    await accounts(case).canary(user)
    return len(case.records)


async def _only_the_canary(case: Case, user: Person, since: int) -> None:
    """Raise ContractViolation where the user received an event of the catalogue beside the canary that is sent now."""
    await accounts(case).canary(user)
    heard = [
        record.name
        for record in case.records[since:]
        if record.kind is Kind.RECEIVED and record.actor == user.name and (record.channel, record.name) in case.known
    ]
    if not heard:
        raise Inconclusive(f"the connections of {user.name} ended before the canary, so nothing can be said here")
    if heard != [TIER_UPDATED]:
        raise ContractViolation(
            f"something was sent to {user.name} although the action was refused",
            expected=f"the canary, `{TIER_UPDATED}`, alone",
            observed=", ".join(heard),
        )


def _is_reachable(case: Case, operation: str) -> None:
    """Raise NotApplicable where the call is a program that is not told who calls: no user of the target can make it."""
    call = case.target.operations.get(operation)
    if isinstance(call, Command) and not call.tells_caller:
        raise NotApplicable(
            f"{operation} is a command without {{token}}: whoever can run it may do so, and no user of the target can"
        )


async def _by_the_admin(case: Case, operation: str, user: Person, **parameters: Any) -> Answer:
    """The call as it is accepted: of the admin, about somebody who is there; a ban comes before it is lifted."""
    if operation == "unbanUser":
        await accounts(case).ban(user)
    return (await case.admin.call(operation, userId=user.id, **parameters)).must_succeed()


@requirement("UST-ADMIN-1")
@pytest.mark.parametrize("caller", ["nobody", "a-user"])
@pytest.mark.parametrize("operation", ["banUser", "unbanUser", "updateUserTier"])
async def test_an_action_is_refused_to_anyone_but_an_admin(case: Case, operation: str, caller: str) -> None:
    _is_reachable(case, operation)
    if caller == "nobody" and isinstance(case.target.operations.get(operation), Command):
        raise NotApplicable(f"{operation} is a command with {{token}}: nobody can run it without one")
    user, intruder = await case.users(2)
    since = await _listens(case, user)
    given: dict[str, Any] = {"tier": accounts(case).another_tier(user).name} if operation == "updateUserTier" else {}
    call = intruder.call_unauthenticated if caller == "nobody" else intruder.call
    because = f"to {caller.replace('-', ' ')}"
    answer = (await call(operation, userId=user.id, **given)).must_not_be_done(because)
    await _only_the_canary(case, user, since)
    (await user.call("getMe")).must_be_accepted()
    await answer.must_be_refused_beside(lambda: _by_the_admin(case, operation, user, **given), because)


@requirement("UST-ADMIN-1")
async def test_a_refused_unban_leaves_the_ban(case: Case) -> None:
    _is_reachable(case, "unbanUser")
    user, intruder = await case.users(2)
    await user.connect()
    await accounts(case).ban(user)
    if (await user.log_in()).is_accepted:
        raise Inconclusive("a banned user can log in, so an unban would not show")
    refused = await intruder.call("unbanUser", userId=user.id)
    (await user.log_in()).must_be_refused("although the unban was refused", Refusal.LOGIN)
    await refused.must_be_refused_beside(lambda: case.admin.call("unbanUser", userId=user.id), "to a user")


@requirement("UST-ADMIN-2")
@pytest.mark.parametrize("operation", ["banUser", "unbanUser", "updateUserTier"])
async def test_an_unknown_user_is_refused_with_a_client_error(case: Case, operation: str) -> None:
    """Beside the same call about somebody who is there: a call that is not there is answered with 404 as well."""
    witness = await case.user()
    since = await _listens(case, witness)
    given: dict[str, Any] = {"tier": accounts(case).another_tier(witness).name} if operation == "updateUserTier" else {}
    because = "although there is no such user"
    answer = await case.admin.call(operation, userId=case.nobody(like=witness), **given)
    answer.must_not_be_done(because, Refusal.VALUE)
    await _only_the_canary(case, witness, since)
    beside = await _by_the_admin(case, operation, witness, **given)
    answer.must_be_refused(because, Refusal.VALUE, beside=beside)


@requirement("UST-ADMIN-2")
async def test_an_unknown_tier_is_refused_with_a_client_error(case: Case) -> None:
    user = await case.user()
    since = await _listens(case, user)
    because = "although there is no such tier"
    answer = await case.admin.call("updateUserTier", userId=user.id, tier="no-such-tier")
    answer.must_not_be_done(because, Refusal.VALUE)
    await _only_the_canary(case, user, since)
    beside = await _by_the_admin(case, "updateUserTier", user, tier=accounts(case).another_tier(user).name)
    answer.must_be_refused(because, Refusal.VALUE, beside=beside)
