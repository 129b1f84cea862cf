"""Who polls sees what the streams tell."""

from collections.abc import Mapping
from typing import Any

from eventproof.actions import at
from eventproof.conform.cases import Case, ContractViolation, Inconclusive, requirement

from .plans import CREATE, UPDATE, plans


@requirement("PLN-POLL-1")
async def test_who_polls_gets_the_same_data(case: Case) -> None:
    """As the streams tell of a new plan, and of its change; what is deleted is in no later answer."""
    desk = plans(case)
    user, poller = await case.users(2)
    line = await user.connect()
    plan = await desk.create()
    told = await line.awaits(CREATE, plan.is_told_by)
    for change in ({"roi": 3.5}, {"name": f"{plan.fields['name']}, renamed", "maxAmount": 20_000}):
        _must_agree(desk.find(plan, await desk.all(poller)), at(told.payload, "/planData"))
        await desk.update(plan, **change)
        told = await line.awaits(UPDATE, plan.is_told_by)
    _must_agree(desk.find(plan, await desk.all(poller)), at(told.payload, "/planData"))
    await desk.delete(plan)
    if desk.find(plan, await desk.all(poller)) is not None:
        raise ContractViolation(
            f"listPlans still shows the deleted plan {plan.id}", expected="no such plan", observed="it is there"
        )


def _must_agree(listed: Mapping[str, Any] | None, told: Any) -> None:
    """What both name is the same; one of them may say more."""
    if not isinstance(told, Mapping):
        raise Inconclusive("the event has no data of the plan, so nothing can be compared")
    if listed is None or any(listed[name] != told[name] for name in listed.keys() & told.keys()):
        raise ContractViolation(
            "listPlans does not show what the stream told", expected=str(told)[:400], observed=str(listed)[:400]
        )
