"""The push fallback, as far as the profile makes it readable."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

from eventproof.conform.cases import Case, ContractViolation, NotTestable, Person

from .claims import Claim
from .reading import answered

__all__ = ["must_be_pushed"]

_PAUSE: Final = 0.1


async def must_be_pushed(
    case: Case, user: Person, wanted: Iterable[tuple[str, Claim]], why: str, within: float
) -> None:
    """Wait until the push fallback has these events of these claims; raises ContractViolation for those it lacks.

    `within` is in seconds. How an entry is written is left open: it has the name of the event and the id of the claim
    somewhere in it. Raises NotTestable where the profile gives no `listPushes`.
    """
    if "listPushes" not in case.target.operations:
        raise NotTestable("the profile gives no way to read the push fallback: [operations.listPushes]")
    missing = list(wanted)
    deadline = case.now + within
    while True:
        answer = (await case.admin.call("listPushes", userId=user.id)).must_succeed()
        pushes = answered(answer, "pushes")
        missing = [(name, claim) for name, claim in missing if not _is_among(pushes, name, claim.id)]
        if not missing:
            return
        if case.now > deadline:
            raise ContractViolation(
                f"the push fallback of {user.name} does not have what was sent {why}",
                expected=", ".join(f"`{name}` of the claim {claim.id}" for name, claim in missing),
                observed=str(answer),
            )
        await asyncio.sleep(_PAUSE)


def _is_among(pushes: Any, name: str, claim: str) -> bool:
    return isinstance(pushes, list) and any(_has(push, name) and _has(push, claim) for push in pushes)


def _has(value: Any, text: str) -> bool:
    """Whether a value of a JSON document is this text."""
    if isinstance(value, dict):
        return any(_has(inner, text) for inner in value.values())
    if isinstance(value, list):
        return any(_has(inner, text) for inner in value)
    return str(value) == text
