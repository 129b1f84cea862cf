"""Every event is in its envelope and in the catalogue, and comes to every connection of its user and to no other's."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from eventproof import checks
from eventproof.conform.case import (
    ContractViolation,
    Inconclusive,
    Line,
    Person,
    Stage,
    requirement,
)

from .claims import Claim, Step, brought_to, deny, review, submit, take
from .reading import about, answered, data

LIVES: Final[Sequence[Sequence[Step]]] = ((review,), (review, deny))
"""An approval would take from what the plan covers."""


@requirement("SHD-EVT-2")
async def test_under_concurrent_traffic_everyone_hears_of_their_own_alone(stage: Stage) -> None:
    users = await stage.users(4)
    for index, user in enumerate(users):
        await user.connect(stage.transports[index % len(stage.transports)], acknowledges=True)
    await stage.canary(*users)
    settled, owners = len(stage.records), dict[Any, str]()
    await asyncio.gather(
        *(_claims(stage, user, owners, steps) for user in users for steps in LIVES),
        *(_notification(stage, user, owners) for user in users),
        stage.admin.call("setSubscriptionStatus", userId=users[0].id, status="past_due"),
        stage.admin.call("renewSubscription", userId=users[1].id),
    )
    await stage.canary(*users)
    stage.judge(checks.leaked(stage.story(settled)))
    for user in users:
        if not any(owners.get(data(heard).get("claimId")) == user.name for heard in user.lines[0].received):
            raise Inconclusive(f"{user.name} heard nothing of their own claims, so nothing can be said here")


async def _claims(stage: Stage, owner: Person, owners: dict[Any, str], steps: Sequence[Step]) -> None:
    """A claim that takes these steps; enters whose it is."""
    claim = await submit(stage, owner)
    owners[claim.id] = owner.name
    await take(stage, claim, steps)


async def _notification(stage: Stage, user: Person, owners: dict[Any, str]) -> None:
    """A notification; enters whose it is."""
    answer = await stage.admin.call(
        "notifyUser", userId=user.id, title="Almost there", message="80 % is used.", type="coverage_warning"
    )
    owners[str(answered(answer.must_succeed(), "id"))] = user.name


TOLD: Final = (
    "claim_submitted",
    "claim_under_review",
    "claim_approved",
    "payout_initiated",
    "payout_completed",
    "claim_paid",
    "coverage_updated",
)
"""What is told of a claim that is paid in the end, by its id."""


@requirement("SHD-EVT-3")
async def test_an_event_reaches_every_connection_of_its_user(stage: Stage) -> None:
    user = await stage.user()
    tokens = [await user.session(), await user.another_token()]
    lines = [
        await user.connect(transport, token=token, acknowledges=True)
        for transport in stage.transports
        for token in tokens
    ]
    claim = await brought_to(stage, user, "paid")
    told = [await _told_on_every(lines, name, claim) for name in TOLD]
    if not any(told):
        raise Inconclusive(f"nothing of the claim {claim.id} was told at all, so nothing can be said here")


async def _told_on_every(lines: Sequence[Line], name: str, claim: Claim) -> bool:
    """Whether the event came; raises ContractViolation where it came on some of these connections alone."""
    hearing = (line.hears(name, about(claim)) for line in lines)
    heard = await asyncio.gather(*hearing, return_exceptions=True)
    missing = [result for result in heard if isinstance(result, ContractViolation)]
    if missing and len(missing) < len(heard):
        deaf = [line.name for line, result in zip(lines, heard, strict=True) if isinstance(result, ContractViolation)]
        raise ContractViolation(
            f"`{name}` did not reach every connection of its user",
            expected=f"`{name}` on each of {', '.join(line.name for line in lines)}",
            observed=f"none on {', '.join(deaf)}",
        )
    return not missing
