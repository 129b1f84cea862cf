"""What users have of a plan follows it, and whoever heard of a change sees it by REST."""

from collections.abc import Mapping
from typing import Any, Final

from eventproof.conform.cases import Case, ContractViolation, Inconclusive, requirement

from .plans import CREATE, DELETE, UPDATE, plans

_OLD: Final[Mapping[str, Any]] = {"roi": 2.5, "duration": 90}
_NEW: Final[Mapping[str, Any]] = {"roi": 3.5, "duration": 120}
_ROUNDS: Final = 8
"""Changes that are looked up as soon as they are told."""


def _must_be(what: str, has: Mapping[str, Any] | None, expected: Mapping[str, Any]) -> None:
    """Raise Inconclusive where it is not listed at all: a list may have pages."""
    if has is None:
        raise Inconclusive(f"whether {what} cannot be said: it is not listed")
    if any(name in has and has[name] != value for name, value in expected.items()):
        raise ContractViolation(what, expected=str(dict(expected)), observed=str(dict(has)))


def _must_show(what: str, has: Mapping[str, Any] | None, expected: Mapping[str, Any]) -> None:
    """As `_must_be`, of what has to be listed."""
    if has is None:
        raise ContractViolation(what, expected=str(dict(expected)), observed="it is not listed")
    _must_be(what, has, expected)


@requirement("PLN-USER-1")
async def test_active_user_plans_follow_their_plan_and_no_others(case: Case) -> None:
    """Those of two users; beside them one that has ended, and one of another plan."""
    desk = plans(case)
    user, other = await case.users(2)
    plan, unchanged = await desk.create(**_OLD), await desk.create(**_OLD)
    active, of_other = await desk.invest(user, plan), await desk.invest(other, plan)
    ended, elsewhere = await desk.invest(user, plan), await desk.invest(user, unchanged)
    (await user.call("endUserPlan", userPlanId=ended)).must_succeed()
    await desk.update(plan, **_NEW)
    mine, theirs = await desk.of_user(user), await desk.of_user(other)
    _must_be("an active user plan did not follow its plan", mine.get(active), _NEW)
    _must_be("the active user plan of a second user did not follow its plan", theirs.get(of_other), _NEW)
    _must_be("a user plan changed with a plan that is not its own", mine.get(elsewhere), _OLD)
    if ended in mine:  # a server may show the active ones alone
        _must_be("a user plan that has ended changed with its plan", mine[ended], _OLD)


@requirement("PLN-USER-2")
async def test_a_deleted_plan_is_nobodys_any_more(case: Case) -> None:
    """Deleted or detached: no user plan names it; those of another plan stay as they are."""
    desk = plans(case)
    user, other = await case.users(2)
    plan, kept = await desk.create(), await desk.create()
    mine, theirs = await desk.invest(user, plan), await desk.invest(other, plan)
    unharmed = await desk.invest(user, kept)
    before = await desk.of_user(user)
    if not {mine, unharmed} <= before.keys():
        raise Inconclusive("listUserPlans does not show what was invested, so nothing can be said here")
    await desk.delete(plan)
    for person, user_plan in ((user, mine), (other, theirs)):
        left = (await desk.of_user(person)).get(user_plan)
        if left is not None and str(left["planId"]) == str(plan.id):
            raise ContractViolation(
                f"{person.name} still has the deleted plan {plan.id}",
                expected="a user plan that is gone, or names no plan",
                observed=str(dict(left)),
            )
    _must_be("a user plan of another plan went as well", (await desk.of_user(user)).get(unharmed), before[unharmed])


@requirement("PLN-USER-3")
async def test_what_an_event_tells_rest_shows(case: Case) -> None:
    """At once: plans, and the caller's own user plans."""
    desk = plans(case)
    user = await case.user()
    line = await user.connect()
    plan = await desk.create(**_OLD)
    await line.awaits(CREATE, plan.is_told_by)
    _must_show("a plan that was told of is not among all plans", desk.find(plan, await desk.all(user)), plan.fields)
    user_plan = await desk.invest(user, plan)
    for number in range(1, _ROUNDS + 1):
        news = {"roi": 3 + number, "duration": 90 + number}
        await desk.update(plan, **news)
        await line.awaits(UPDATE, plan.told_with(**news))
        _must_show("a change that was told of is not among all plans", desk.find(plan, await desk.all(user)), news)
        mine = (await desk.of_user(user)).get(user_plan)
        _must_be("a change that was told of is not in the user plan", mine, news)
    await desk.delete(plan)
    await line.awaits(DELETE, plan.is_told_by)
    if desk.find(plan, await desk.all(user)) is not None:
        raise ContractViolation(
            "a deletion that was told of is not to be seen", expected=f"no plan {plan.id}", observed="it is still there"
        )
