"""Every call of the profile that needs a member's session and changes nothing."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from eventproof.conform.case import Inconclusive, NotTestable, Person, Stage
from eventproof.errors import EventproofError, UsageError
from eventproof.target import Call

from .accounts import accounts

__all__ = ["ReadingCall", "accepted_calls"]


@dataclass(frozen=True, slots=True)
class ReadingCall:
    """One call, with parameters with which it is accepted from its user."""

    operation: str
    parameters: Mapping[str, Any]


async def accepted_calls(stage: Stage, user: Person, tokens: Mapping[str, str]) -> list[ReadingCall]:
    """Those that were accepted with each of these tokens; what was left out stands in a note.

    Raises NotTestable where none is left.
    """
    found, left_out = [], []
    for call in await _candidates(stage, user):
        refusal = await _refusal(user, call, tokens)
        if refusal:
            left_out.append(f"{call.operation} ({refusal})")
        else:
            found.append(call)
    if left_out:
        stage.warn(f"UST-BAN-4 was judged without {', '.join(left_out)}")
    if not found:
        raise NotTestable(
            f"no call that reads was accepted before the ban: {', '.join(left_out) or 'the profile maps none'}; "
            "map getMe under [operations]"
        )
    return found


async def _refusal(user: Person, call: ReadingCall, tokens: Mapping[str, str]) -> str:
    """Why the call proves nothing; empty where it was accepted with every token."""
    for session, token in tokens.items():
        try:
            answer = await user.call(call.operation, token=token, **call.parameters)
        except (Inconclusive, UsageError) as unknown:
            return str(unknown)
        if not answer.is_accepted:
            return f"{answer.status} with the token of {session}"
    return ""


async def _candidates(stage: Stage, user: Person) -> list[ReadingCall]:
    known, unlocked = await _parameters(stage, user), await _unlocked(stage, user)
    return [ReadingCall(name, {**known, **unlocked.get(name, {})}) for name in dict.fromkeys(_reading(stage))]


def _reading(stage: Stage) -> Iterator[str]:
    """The ids of the calls that need a member's session and change nothing: GET, here or in the contract."""
    for system in stage.systems:
        for operation in system.operations:
            mapped = stage.target.operations.get(operation.id)
            if mapped is None or mapped.identity != "user" or operation.role != "user":
                continue
            if operation.method.upper() == "GET" or (isinstance(mapped, Call) and mapped.method == "GET"):
                yield operation.id


async def _parameters(stage: Stage, user: Person) -> dict[str, Any]:
    """What the calls of every system ask for; what cannot be had is not there: other cases judge why."""
    known: dict[str, Any] = {}
    for play in stage.plays.values():
        with suppress(EventproofError):
            known.update(await play.parameters(user))
    return known


async def _unlocked(stage: Stage, user: Person) -> Mapping[str, Mapping[str, Any]]:
    """What the highest tier unlocks by a call that reads, once the user has it."""
    reading = set(_reading(stage))
    for tier in reversed(stage.target.tiers):
        if tier.unlocks and tier.unlocks.operation in reading and "updateUserTier" in stage.target.operations:
            with suppress(EventproofError):
                await accounts(stage).set_tier(user, tier)
            return {tier.unlocks.operation: tier.unlocks.parameters}
    return {}
