"""Makes a call about somebody, as the contract has it: by whoever makes it, with what is known of what it is about."""

from collections.abc import Mapping
from typing import Any, Protocol

from eventproof import call_arguments
from eventproof.call_arguments import begun
from eventproof.catalog import USER, Cause, Operation

from .calls import Answer
from .person import Person
from .undoing import TIER

__all__ = ["WhoActs", "arguments", "attempt", "begun", "people_in", "perform"]


class WhoActs(Protocol):
    """Who makes which call: a case, or the people of a run."""

    def acting(self, role: str) -> Person:
        """Who acts for a role in this run."""

    def caller(self, operation: Operation, user: Person) -> Person:
        """Who makes a call about a user."""

    def another_tier(self, person: Person) -> str | None:
        """The name of a tier that somebody does not have now; None where there is none, or nobody knows."""


def arguments(operation: Operation, known: Mapping[str, Any], tier: str | None = None) -> dict[str, Any]:
    """What a call is made with; a tier that its undoing would give back is another one than `tier`, the one to give."""
    undoing = operation.undone_by.parameters if operation.undone_by is not None else {}
    tiers = {name: tier for name, value in undoing.items() if value == TIER and tier is not None}
    return call_arguments.arguments(operation, known) | tiers


async def perform(who: WhoActs, user: Person, operation: Operation, known: dict[str, Any]) -> tuple[Answer, Cause]:
    """Make a call about a user, by whoever makes it; what its answer says is `known` from then on.

    Raises Inconclusive where it is not accepted: what it only arranges cannot be seen then.
    """
    answer, cause = await attempt(who, user, operation, known)
    answer.must_succeed()
    known |= {name: answer.says(name) for name in operation.answers if name in answer.ids}
    return answer, cause


async def attempt(who: WhoActs, user: Person, operation: Operation, known: Mapping[str, Any]) -> tuple[Answer, Cause]:
    """Make a call about a user, by whoever makes it, whatever the answer is."""
    gives_tier = operation.undone_by is not None and TIER in operation.undone_by.parameters.values()
    caller = who.caller(operation, user)
    await caller.session()  # whose id is known from then on
    people = await people_in(who, operation, user)
    given = arguments(operation, {**people, **known, "userId": user.id}, who.another_tier(user) if gives_tier else None)
    answer = await caller.call(operation.id, **given)
    return answer, Cause(operation.id, given, caller.id, answer.ids, dict(known))


async def people_in(who: WhoActs, operation: Operation, user: Person) -> dict[str, str | int]:
    """The ids of those whom a call names: of the user's own role they are the user, else who acts for that role."""
    found = {name: user if role in (USER, user.role) else who.acting(role) for name, role in operation.people.items()}
    for person in found.values():
        await person.session()
    return {name: person.id for name, person in found.items()}
