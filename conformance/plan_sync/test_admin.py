"""Who may change plans, and to what."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import pytest

from eventproof.checks.sentence import is_code, is_sentence
from eventproof.conform.cases import (
    Answer,
    Case,
    Command,
    ContractViolation,
    NotApplicable,
    Refusal,
    capability,
    requirement,
)

from .plans import Plan, must_be_silent, plans

_BAD: Final[Mapping[str, Mapping[str, Any]]] = {
    "a-negative-roi": {"roi": -0.5},
    "a-negative-duration": {"duration": -30},
    "a-minimum-over-the-maximum": {"minAmount": 5000, "maxAmount": 500},
}
_UNKNOWN: Final = {"surpriseOfTheCheck": 1}
"""A field that no plan has."""


def _change(case: Case, operation: str, plan: Plan) -> Mapping[str, Any]:
    """The parameters with which an admin's change is accepted."""
    match operation:
        case "createPlan":
            return plans(case).fields()
        case "updatePlan":
            return {"planId": plan.id, "roi": 3.5}
        case _:
            return {"planId": plan.id}


@requirement("PLN-ADMIN-1")
@pytest.mark.parametrize("caller", ["nobody", "a-user"])
@pytest.mark.parametrize("operation", ["createPlan", "updatePlan", "deletePlan"])
async def test_only_an_admin_changes_plans(case: Case, operation: str, caller: str) -> None:
    """Others are refused, nothing is sent, and the plan is as it was."""
    call = case.target.operations.get(operation)
    if isinstance(call, Command) and (caller == "nobody" or not call.tells_caller):
        raise NotApplicable(f"{operation} is a command: whoever can run it may do so")
    desk = plans(case)
    user, intruder = await case.users(2)
    line = await user.connect()
    plan = await desk.create()
    await case.canary(user)
    before = desk.find(plan, await desk.all(user))
    given, settled = _change(case, operation, plan), len(line.received)
    attempt = intruder.call_unauthenticated if caller == "nobody" else intruder.call
    because = f"to {caller.replace('-', ' ')}"
    refused = (await attempt(operation, **given)).must_not_be_done(because)
    await must_be_silent(case, user, line, settled, plan, Plan("", given) if "name" in given else plan)
    if (left := desk.find(plan, await desk.all(user))) != before:
        raise ContractViolation(
            f"{operation} was refused {because}, and done", expected=str(before), observed=str(left)
        )
    await refused.must_be_refused_beside(_by_the_admin(case, operation, given), because)


def _by_the_admin(case: Case, operation: str, given: Mapping[str, Any]) -> Callable[[], Awaitable[Answer]]:
    async def call() -> Answer:
        return (await case.admin.call(operation, **given)).must_succeed()

    return call


@requirement("PLN-ADMIN-2")
@pytest.mark.parametrize("bad", _BAD)
@pytest.mark.parametrize("operation", ["createPlan", "updatePlan"])
async def test_a_bad_value_is_refused_with_a_clear_error(case: Case, operation: str, bad: str) -> None:
    """Beside the same call with good ones."""
    plan = await plans(case).create()
    given = _change(case, operation, plan)
    refused = await case.admin.call(operation, **{**given, **_BAD[bad]})
    await _must_be_clear(case, refused, f"with {bad.replace('-', ' ')}", _by_the_admin(case, operation, given))


@requirement("PLN-ADMIN-2")
@pytest.mark.parametrize("operation", ["createPlan", "updatePlan"])
async def test_an_unknown_field_is_refused_with_a_clear_error(case: Case, operation: str) -> None:
    plan = await plans(case).create()
    given = _change(case, operation, plan)
    refused = await case.admin.call_with(_UNKNOWN, operation, **given)
    await _must_be_clear(case, refused, "with an unknown field", _by_the_admin(case, operation, given))


async def _must_be_clear(case: Case, answer: Answer, because: str, accepted: Callable[[], Awaitable[Answer]]) -> None:
    refused = await answer.must_not_be_done(because, Refusal.VALUE).must_be_refused_beside(
        accepted, because, Refusal.VALUE
    )
    if not is_code(refused.code) or not is_sentence(refused.message):
        raise ContractViolation(
            f"the refusal of {answer.operation} {because} does not help",
            expected=f"a code at {case.target.rest.code}, and a sentence at {case.target.rest.message}",
            observed=str(refused),
        )


@capability("conditional-writes")
@requirement("PLN-ADMIN-3")
async def test_the_second_of_two_admins_who_edit_one_version_is_told(case: Case) -> None:
    """And overwrites nothing; with the version that is there now, the same change is made."""
    desk = plans(case)
    first, second = [*await case.admins(min(2, len(case.target.admins))), case.admin][:2]
    user = await case.user()
    plan = await desk.create()
    version = await _version(case, plan)
    (await first.call("updatePlan", planId=plan.id, ifMatch=version, roi=3.5)).must_succeed()
    before = desk.find(plan, await desk.all(user))
    late = await second.call("updatePlan", planId=plan.id, ifMatch=version, duration=365)
    late.must_not_be_done("although the plan had changed since that version", Refusal.VALUE)
    there = desk.find(plan, await desk.all(user))
    if there != before:
        raise ContractViolation(
            "the refused change of an older version is to be seen", expected=str(before), observed=str(there)
        )
    now = await _version(case, plan)
    beside = await second.call("updatePlan", planId=plan.id, ifMatch=now, duration=365)
    late.must_be_refused("although the plan had changed since that version", Refusal.VALUE, beside=beside)


async def _version(case: Case, plan: Plan) -> str:
    return str((await case.admin.call("getPlan", planId=plan.id)).must_succeed().says("version"))
