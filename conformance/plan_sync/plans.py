"""What admins do to plans, and users have of them, by REST; and what every system's cases need of plan-sync."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from eventproof.actions import at
from eventproof.conform.cases import (
    ADMIN,
    Answer,
    Case,
    ContractDriver,
    ContractViolation,
    HandshakeOptions,
    History,
    Inconclusive,
    Line,
    People,
    Person,
    Received,
    System,
    Target,
)

SYSTEM: Final = "plan-sync"
CONNECTED: Final = "CONNECTED"
CREATE: Final = "CREATE"
UPDATE: Final = "UPDATE"
DELETE: Final = "DELETE"
CHANGES: Final = (CREATE, UPDATE, DELETE)
ONE_PLAN: Final = "plan"
"""The channel of one plan."""

_FIELDS: Final[Mapping[str, Any]] = {"roi": 2.5, "duration": 90, "minAmount": 100, "maxAmount": 10000}
_NAMED: Final = ("name", *_FIELDS)
_TRAFFIC: Final = 10
"""Plans of the traffic: enough for what goes wrong now and then."""
AMOUNT: Final = 750
"""What users invest: every plan of the cases takes it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan of a case: its id, as the target writes it, and what it was made with."""

    id: str | int
    fields: Mapping[str, Any]

    @property
    def address(self) -> HandshakeOptions:
        """How its own stream is asked for."""
        return HandshakeOptions(parameters={"planId": str(self.id)})

    def is_told_by(self, event: Received) -> bool:
        """Whether an event is about this plan."""
        return str(at(event.payload, "/planId")) == str(self.id)

    def told_with(self, **fields: Any) -> Callable[[Received], bool]:
        """Whether an event is about this plan, and says this of it."""

        def is_told_by(event: Received) -> bool:
            data = at(event.payload, "/planData")
            return self.is_told_by(event) and isinstance(data, dict) and fields.items() <= data.items()

        return is_told_by


class Plans(ContractDriver):
    """The calls that arrange a case, so that what is not accepted raises Inconclusive."""

    actors = 1

    def __init__(self, system: System, people: People, target: Target, history: History) -> None:
        super().__init__(system, people, target, history)
        self.admin = people.acting(ADMIN)
        self._numbers = count(1)

    def fields(self, **fields: Any) -> dict[str, Any]:
        """What a new plan may be made with; its name is like no other of this run."""
        return {"name": f"Plan {next(self._numbers)} of a check", **_FIELDS, **fields}

    async def create(self, **fields: Any) -> Plan:
        """A new plan, with these fields in place of the usual ones. It is deleted when the case is over."""
        made = self.fields(**fields)
        return plan_of((await self.admin.call("createPlan", **made)).must_succeed(), made)

    async def update(self, plan: Plan, **fields: Any) -> Answer:
        """Change some fields of a plan."""
        return (await self.admin.call("updatePlan", planId=plan.id, **fields)).must_succeed()

    async def delete(self, plan: Plan) -> Answer:
        """Delete a plan."""
        return (await self.admin.call("deletePlan", planId=plan.id)).must_succeed()

    async def invest(self, user: Person, plan: Plan) -> str:
        """A user plan of this user; its id."""
        answer = (await user.call("invest", planId=plan.id, amount=AMOUNT)).must_succeed()
        return str(answer.says("userPlanId"))

    async def all(self, user: Person) -> list[Mapping[str, Any]]:
        """All plans, as this user gets them by REST, in the words of our contract; without what the list leaves out."""
        answer = (await user.call("listPlans")).must_succeed()
        places = self._target.operations["listPlans"].answers
        return [_read(item, places, ("planId", *_NAMED)) for item in _items(answer, "plans")]

    async def of_user(self, user: Person) -> dict[str, Mapping[str, Any]]:
        """The user plans of this user, by their ids: each with its `planId`, its `roi` and its `duration`."""
        answer = (await user.call("listUserPlans")).must_succeed()
        places = self._target.operations["listUserPlans"].answers
        return {
            str(at(item, places["userPlanId"])): {"planId": None, **_read(item, places, ("planId", "roi", "duration"))}
            for item in _items(answer, "userPlans")
        }

    def find(self, plan: Plan, plans: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """The plan in a list of them; None where it is not there."""
        return next((item for item in plans if str(item.get("planId")) == str(plan.id)), None)

    async def traffic(self, actors: Sequence[Person]) -> None:  # noqa: ARG002 - everybody hears of every plan
        """Plans come, change and go."""
        for _ in range(_TRAFFIC):
            plan = await self.create()
            await self.update(plan, roi=3.5)
            await self.delete(plan)


def plan_of(answer: Answer, fields: Mapping[str, Any]) -> Plan:
    """The plan that a call made."""
    found = answer.says("planId")
    return Plan(found if isinstance(found, int) else str(found), fields)


def plans(case: Case) -> Plans:
    """The admin's desk in this run."""
    return case.driver(Plans)


async def must_be_silent(case: Case, user: Person, line: Line, since: int, *about: Plan) -> None:
    """Raise ContractViolation where this stream of the user was told of one of these plans, after so many events.

    A plan that was never made is known by its name. Raises Inconclusive where the stream ended.
    """
    await case.canary(user)
    if not line.is_open:
        raise Inconclusive(f"{line.name} ended before the canary, so nothing can be said here")
    for event in line.received[since:]:
        named = at(event.payload, "/planData/name")
        if event.name in CHANGES and any(plan.is_told_by(event) or named == plan.fields["name"] for plan in about):
            raise ContractViolation(
                f"`{event.name}` was sent although the change was refused",
                expected="no event",
                observed=shown(event),
            )


def shown(event: Received) -> str:
    """The argument of an event, for a sentence."""
    return repr(event.payload)[:400]


def _read(item: Mapping[str, Any], places: Mapping[str, str], names: Iterable[str]) -> dict[str, Any]:
    """What an item of a list says by these names; a number that is written as a text is a number."""
    found = {name: at(item, places[name]) for name in names if name in places}
    return {name: _number(value) if name in _FIELDS else value for name, value in found.items() if value is not None}


def _number(value: Any) -> Any:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _items(answer: Answer, name: str) -> list[Mapping[str, Any]]:
    found = answer.says(name)
    if not isinstance(found, list) or not all(isinstance(item, Mapping) for item in found):
        raise ContractViolation(
            f"{answer.operation} gives no list of {name}", expected="a list of objects", observed=str(answer)
        )
    return found
