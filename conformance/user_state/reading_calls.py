"""Every call of the profile that needs a member's session and changes nothing."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from eventproof.conform.cases import Answer, Case, Inconclusive, NotTestable, Person
from eventproof.errors import EventproofError, UsageError
from eventproof.target import Call

from .accounts import accounts

__all__ = ["ReadingCall", "accepted_calls"]


@dataclass(frozen=True, slots=True)
class ReadingCall:
    """One call, with parameters with which it is accepted from its user."""

    operation: str
    parameters: Mapping[str, Any]
    accepted: Answer
    """Its answer before the ban."""


async def accepted_calls(case: Case, user: Person, tokens: Mapping[str, str]) -> list[ReadingCall]:
    """Those that were accepted with each of these tokens; what was left out stands in a note.

    Raises NotTestable where none is left.
    """
    found, left_out = [], []
    for operation, parameters in await _candidates(case, user):
        answered = await _answered(user, operation, parameters, tokens)
        if isinstance(answered, str):
            left_out.append(f"{operation} ({answered})")
        else:
            found.append(ReadingCall(operation, parameters, answered))
    if left_out:
        case.warn(f"UST-BAN-4 was judged without {', '.join(left_out)}")
    if not found:
        raise NotTestable(
            f"no call that reads was accepted before the ban: {', '.join(left_out) or 'the profile maps none'}; "
            "map getMe under [operations]"
        )
    return found


async def _answered(
    user: Person, operation: str, parameters: Mapping[str, Any], tokens: Mapping[str, str]
) -> Answer | str:
    """The answer to the call, which was accepted with every token; or why it proves nothing."""
    answer = None
    for session, token in tokens.items():
        try:
            answer = await user.call(operation, token=token, **parameters)
        except (Inconclusive, UsageError) as unknown:
            return str(unknown)
        if not answer.is_accepted:
            return f"{answer.status} with the token of {session}"
    return answer or "no token to try it with"


async def _candidates(case: Case, user: Person) -> list[tuple[str, Mapping[str, Any]]]:
    known, unlocked = await _parameters(case, user), await _unlocked(case, user)
    return [(name, {**known, **unlocked.get(name, {})}) for name in dict.fromkeys(_reading(case))]


def _reading(case: Case) -> Iterator[str]:
    """The ids of the calls that need a member's session and change nothing: GET, here or in the contract."""
    for system in case.systems:
        for operation in system.operations:
            mapped = case.target.operations.get(operation.id)
            if mapped is None or mapped.identity != "user" or operation.role != "user":
                continue
            if operation.method.upper() == "GET" or (isinstance(mapped, Call) and mapped.method == "GET"):
                yield operation.id


async def _parameters(case: Case, user: Person) -> dict[str, Any]:
    """What the calls of every system ask for; what cannot be had is not there: other cases judge why."""
    known: dict[str, Any] = {}
    for driver in case.drivers.values():
        with suppress(EventproofError):
            known.update(await driver.parameters(user))
    return known


async def _unlocked(case: Case, user: Person) -> Mapping[str, Mapping[str, Any]]:
    """What the highest tier unlocks by a call that reads, once the user has it."""
    reading = set(_reading(case))
    for tier in reversed(case.target.tiers):
        if tier.unlocks and tier.unlocks.operation in reading and "updateUserTier" in case.target.operations:
            with suppress(EventproofError):
                await accounts(case).set_tier(user, tier)
            return {tier.unlocks.operation: tier.unlocks.parameters}
    return {}
