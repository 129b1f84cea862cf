"""The calls of plan-sync: what users see and have of plans, and what admins do to them. Commit, then emit."""

import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from ...delivery.message import Message
from ...refusals import Refusal
from ...services import Services
from ...store.sql import SqlConnection
from ...transport.rest import Answer, Call, Handler
from ..served import Served
from ..sessions import Sessions
from . import events, tables
from .channel import SUBSCRIBERS, SYSTEM, milliseconds, options
from .plans import LIFE, OF_A_CALL, Plan, Standing, UserPlan, changed, is_crossed, made, matches, owned, shown, takes

Told = tuple[Plan, list[Message]]


def served(services: Services) -> Served:
    """Plan sync, on these services."""
    return Served(PlanSync(services).operations(), options())


class PlanSync:
    """The handlers, by the contract's operationIds; `clock` gives seconds of Unix time."""

    def __init__(self, services: Services, clock: Callable[[], float] = time.time) -> None:
        self._store = services.store
        self._courier = services.courier
        self._connections = services.connections
        self._conduct = services.conduct
        self._sessions = Sessions(services)
        self._clock = clock

    def operations(self) -> Mapping[str, Handler]:
        """Every operation of `contracts/plan_sync/openapi.yaml`."""
        return {
            **self._sessions.operations(),
            "listPlans": self.list_plans,
            "getPlan": self.get_plan,
            "invest": self.invest,
            "listUserPlans": self.list_user_plans,
            "endUserPlan": self.end_user_plan,
            "createPlan": self.create_plan,
            "updatePlan": self.update_plan,
            "deletePlan": self.delete_plan,
            "countSubscribers": self.count_subscribers,
        }

    async def list_plans(self, _: Call) -> Answer:
        """All plans."""
        async with self._store.reading() as connection:
            return Answer(200, {"plans": [shown(plan) for plan in await tables.plans(connection)]})

    async def get_plan(self, call: Call) -> Answer:
        """One plan, with its version."""
        async with self._store.reading() as connection:
            return _as_it_is(await _plan(connection, call))

    async def invest(self, call: Call) -> Answer:
        """A user plan with the ROI and the duration of its plan."""
        user, amount = call.caller[1], call.parameters["amount"]
        async with self._store.writing() as connection:
            plan = await _plan(connection, call)
            if not takes(plan, amount):
                raise Refusal("amount_out_of_range")
            user_plan = UserPlan(_new_id("upl"), user.id, plan.id, amount, plan.roi, plan.duration, Standing.ACTIVE)
            await tables.add(connection, user_plan)
        return Answer(201, owned(user_plan))

    async def list_user_plans(self, call: Call) -> Answer:
        """What the caller has."""
        async with self._store.reading() as connection:
            mine = await tables.of_user(connection, call.caller[1].id)
        return Answer(200, {"userPlans": [owned(user_plan) for user_plan in mine]})

    async def end_user_plan(self, call: Call) -> Answer:
        """It follows its plan no more."""
        async with self._store.writing() as connection:
            user_plan = await tables.find(connection, UserPlan, call.parameters["userPlanId"])
            if user_plan is None or user_plan.user_id != call.caller[1].id:
                raise Refusal("user_plan_not_found")
            if LIFE.after(user_plan.status, "endUserPlan") is None:
                raise Refusal("user_plan_ended")
            return Answer(200, owned(await tables.end(connection, user_plan)))

    async def create_plan(self, call: Call) -> Answer:
        """A plan, and `CREATE` to every subscriber."""

        async def change(connection: SqlConnection) -> Told:
            plan = made(_new_id("pln"), _fields(call))
            if is_crossed(plan):
                raise Refusal("amounts_crossed")
            await tables.add(connection, plan)
            return plan, [events.created(plan, call.caller[1].email, self._now())]

        return _as_it_is(await self._courier.carry(SYSTEM, change), status=201)

    async def update_plan(self, call: Call) -> Answer:
        """Another version of a plan, which its active user plans follow, and `UPDATE` to every subscriber."""

        async def change(connection: SqlConnection) -> Told:
            plan = changed(await self._to_write(connection, call), _fields(call))
            if is_crossed(plan):
                raise Refusal("amounts_crossed")
            await tables.write(connection, plan)
            return plan, [events.updated(plan, call.caller[1].email, self._now())]

        return _as_it_is(await self._courier.carry(SYSTEM, change))

    async def delete_plan(self, call: Call) -> Answer:
        """The plan is gone, from its user plans too, and `DELETE` goes to every subscriber."""

        async def change(connection: SqlConnection) -> Told:
            plan = await self._to_write(connection, call)
            await tables.remove(connection, plan)
            return plan, [events.deleted(plan, call.caller[1].email, self._now())]

        await self._courier.carry(SYSTEM, change)
        return Answer(204)

    async def count_subscribers(self, _: Call) -> Answer:
        """How many streams are open."""
        return Answer(200, {"subscribers": len(self._connections.hearing(SUBSCRIBERS))})

    async def _to_write(self, connection: SqlConnection, call: Call) -> Plan:
        """The plan in the version that was edited. Raises Refusal."""
        plan = await _plan(connection, call)
        if self._conduct.conflict(not matches(plan, call.parameters.get("ifMatch"))):
            raise Refusal("version_conflict")
        return plan

    def _now(self) -> int:
        return milliseconds(self._clock())


async def _plan(connection: SqlConnection, call: Call) -> Plan:
    plan = await tables.find(connection, Plan, call.parameters["planId"])
    if plan is None:
        raise Refusal("plan_not_found")
    return plan


def _fields(call: Call) -> dict[str, Any]:
    return {name: value for name, value in call.parameters.items() if name in OF_A_CALL}


def _as_it_is(plan: Plan, status: int = 200) -> Answer:
    return Answer(status, shown(plan), {"ETag": plan.etag})


def _new_id(kind: str) -> str:
    """An id that nobody has and nobody can guess: `pln_…`."""
    return f"{kind}_{uuid4().hex}"
