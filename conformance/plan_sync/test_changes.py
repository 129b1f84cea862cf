"""What an admin does to a plan reaches every subscriber: users and admins, in one order, and nothing else does."""

import asyncio
import time
from collections.abc import Hashable, Sequence
from typing import Any, Final

from eventproof import checks
from eventproof.actions import at
from eventproof.conform.cases import (
    Case,
    ContractViolation,
    Inconclusive,
    Line,
    Person,
    Refusal,
    on_each,
    requirement,
)

from .plans import CHANGES, CREATE, DELETE, ONE_PLAN, UPDATE, Plan, must_be_silent, plan_of, plans, shown

_CLOCKS_DIFFER: Final = 300.0
"""Seconds by which the target's clock may differ from ours."""
_AT_ONCE: Final = 12
"""Changes of each plan, while the others change."""


async def _subscribers(case: Case) -> tuple[list[Person], list[Line]]:
    """Two users and an admin, with two streams of the first and one of each other."""
    people = [*await case.users(2), case.admin]
    return people, [await person.connect() for person in (people[0], *people)]


@requirement("PLN-EVT-1")
async def test_every_change_reaches_every_subscriber(case: Case) -> None:
    _, lines = await _subscribers(case)
    made = plans(case).fields()
    plan = plan_of((await case.admin.call("createPlan", **made)).must_be_accepted(), made)
    await _told(case, lines, CREATE, plan, made)
    (await case.admin.call("updatePlan", planId=plan.id, roi=3.5, duration=120)).must_be_accepted()
    await _told(case, lines, UPDATE, plan, {**made, "roi": 3.5, "duration": 120})
    (await case.admin.call("deletePlan", planId=plan.id)).must_be_accepted()
    await _told(case, lines, DELETE, plan, None)


async def _told(case: Case, lines: Sequence[Line], name: str, plan: Plan, fields: dict[str, Any] | None) -> None:
    """Each line hears of it: valid, with these fields of the plan, now, and by whom."""
    told = await on_each(lines, lambda line: line.hears(name, plan.is_told_by), f"heard `{name}`")
    case.judge(checks.invalid(case.records, case.known, name))
    for line, event in zip(lines, told, strict=True):
        if fields is not None and not plan.told_with(**fields)(event):
            raise ContractViolation(
                f"`{name}` on {line} does not carry the plan's data", expected=str(fields), observed=shown(event)
            )
        if abs(at(event.payload, "/timestamp") / 1000 - time.time()) > _CLOCKS_DIFFER:
            raise ContractViolation(
                f"`{name}` on {line} does not carry the time in milliseconds",
                expected=f"about {int(time.time() * 1000)}",
                observed=shown(event),
            )
        email = case.admin.identity.email
        if email is not None and str(at(event.payload, "/adminEmail")).lower() != email.lower():
            raise ContractViolation(
                f"`{name}` on {line} does not name the admin who acted", expected=email, observed=shown(event)
            )


@requirement("PLN-EVT-2")
async def test_all_subscribers_see_the_changes_in_one_order(case: Case) -> None:
    """Of three plans that change at once, by all the admins that there are."""
    people, lines = await _subscribers(case)
    admins = await case.admins(min(3, len(case.target.admins)))
    made = [await plans(case).create() for _ in range(3)]
    await asyncio.gather(
        *(
            admins[(number + place) % len(admins)].call("updatePlan", planId=plan.id, roi=number)
            for number in range(1, _AT_ONCE + 1)
            for place, plan in enumerate(made)
        )
    )
    await case.canary(*people)
    heard = {line.name: _order(line, made) for line in lines}
    if not all(heard.values()):
        raise Inconclusive("not every subscriber heard of these changes, so no order can be seen")
    case.judge(checks.one_order(heard))


def _order(line: Line, made: Sequence[Plan]) -> list[Hashable]:
    """The changes of these plans in the order in which they came, each once."""
    told = (event for event in line.heard(UPDATE) for plan in made if plan.is_told_by(event))
    return list(
        dict.fromkeys(f"{at(event.payload, '/planId')} at {at(event.payload, '/planData/roi')}" for event in told)
    )


@requirement("PLN-EVT-3")
async def test_the_stream_of_one_plan_carries_its_changes_alone(case: Case) -> None:
    user, witness = await case.users(2)
    plan, other = await plans(case).create(), await plans(case).create()
    line = await user.connect(channel=ONE_PLAN, says=plan.address)
    everything = await witness.connect()
    await plans(case).update(other, roi=3.5)
    await plans(case).delete(other)
    await plans(case).update(plan, roi=4.5)
    await plans(case).delete(plan)
    await everything.awaits(DELETE, other.is_told_by)
    for name in (UPDATE, DELETE):
        await line.hears(name, plan.is_told_by)
    strange = [event for event in line.received if event.name in CHANGES and not plan.is_told_by(event)]
    if strange:
        raise ContractViolation(
            f"{line.name} is the stream of the plan {plan.id}, and carried a change of another one",
            expected=f"changes of {plan.id} alone",
            observed=shown(strange[0]),
        )


@requirement("PLN-EVT-4")
async def test_a_refused_change_sends_nothing(case: Case) -> None:
    """The same stream hears of the same changes once they are such as can be made."""
    user, intruder = await case.users(2)
    line = await user.connect()
    plan = await plans(case).create()
    await case.canary(user)
    settled, made = len(line.received), plans(case).fields()
    unmade = Plan("", made)
    refused = [
        await case.admin.call("updatePlan", planId=plan.id, minAmount=2 * plan.fields["maxAmount"]),
        await case.admin.call("createPlan", **{**made, "roi": -1}),
    ]
    for answer in refused:
        answer.must_not_be_done("although it is no change that can be made", Refusal.VALUE)
    (await intruder.call("updatePlan", planId=plan.id, roi=5)).must_not_be_done("to a user")
    await must_be_silent(case, user, line, settled, plan, unmade)
    await plans(case).update(plan, minAmount=200)
    await line.awaits(UPDATE, plan.is_told_by)
    created = plan_of((await case.admin.call("createPlan", **made)).must_succeed(), made)
    await line.awaits(CREATE, created.is_told_by)
