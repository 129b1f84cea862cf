"""What an admin does to the accounts of users, and what every system's cases need of user-state."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from eventproof.conform.cases import (
    ADMIN,
    Answer,
    Canaries,
    Case,
    Fire,
    History,
    NotTestable,
    People,
    Person,
    System,
    Target,
    Tier,
    Where,
)
from eventproof.conform.undoing import Undo

from .wording import TIER_UPDATED

SYSTEM = "user-state"
_CANARY = ("UST-TIER-1",)
"""What has to hold for the canary, a change of tier, to arrive."""


class Accounts:
    """The admin's desk: what is not accepted here only arranges a case, and so raises Inconclusive."""

    actors = 4

    def __init__(self, system: System, people: People, target: Target, history: History) -> None:
        self.admin = people.acting(ADMIN)
        self._target = target
        self._history = history
        self._undo = Undo([system])
        self._canaries = Canaries("a change of tier", TIER_UPDATED, *_CANARY)

    async def ban(self, user: Person) -> Answer:
        """Ban a user."""
        return (await self.admin.call("banUser", userId=user.id)).must_succeed()

    async def unban(self, user: Person) -> Answer:
        """Lift the ban of a user."""
        return (await self.admin.call("unbanUser", userId=user.id)).must_succeed()

    async def set_tier(self, user: Person, tier: Tier) -> Answer:
        """Give a user another tier."""
        answer = await self.admin.call("updateUserTier", userId=user.id, tier=tier.name)
        return answer.must_succeed()

    def tier_of(self, user: Person) -> Tier:
        """The tier that the user has now, as far as it is known; the lowest otherwise."""
        name = self._undo.tier(user, tuple(self._history))
        return next((tier for tier in self.tiers() if tier.name == name), self.tiers()[0])

    def tiers(self, at_least: int = 2) -> tuple[Tier, ...]:
        """The tiers of the target, the lowest first; raises NotTestable where there are too few."""
        if len(self._target.tiers) < at_least:
            raise NotTestable(f"the profile names fewer than {at_least} tiers: list them under [tiers]")
        return self._target.tiers

    def another_tier(self, user: Person, unlike: Tier | None = None) -> Tier:
        """A tier that the user does not have, if possible none that others were given meanwhile."""
        others = [tier for tier in self.tiers() if tier != self.tier_of(user)]
        return next((tier for tier in others if tier != unlike), others[0])

    async def canary(self, *users: Person, unlike: Tier | None = None) -> None:
        """Cause an event for each of these users, and await it on each of their open connections.

        What was sent to one of them before has arrived by then, so what has not arrived was not sent. It is a
        change of tier, to another one than `unlike`, and known by the name of the tier in it. Raises Inconclusive
        where it does not arrive; once two in a row did not, there is none in this run any more.
        """
        for user in users:
            tier, mark = self.another_tier(user, unlike), len(self._history)

            def is_it(_: Answer, tier: Tier = tier, mark: int = mark) -> Where:
                return lambda heard: heard.order >= mark and _may_tell_of(tier, heard.payload)

            call = partial(self.admin.call, "updateUserTier", userId=user.id, tier=tier.name)
            await self._canaries.send(call, [line for line in user.lines if line.system == SYSTEM], is_it)

    async def traffic(self, actors: Sequence[Person]) -> None:
        """Two are banned and two get another tier, all at once; then the bans are lifted."""
        banned, updated = actors[:2], actors[2:4]
        await asyncio.gather(
            *(self.ban(user) for user in banned),
            *(self.set_tier(user, self.another_tier(user)) for user in updated),
        )
        await asyncio.gather(*(self.unban(user) for user in banned))

    async def parameters(self, user: Person) -> Mapping[str, Any]:
        """The user themselves, and a tier and a feature that there are not."""
        return {"userId": user.id, "tier": "no-such-tier", "feature": "no-such-feature"}

    async def rehearse(self, user: Person, fire: Fire) -> None:
        """Every tier is given once; the ban ends the session, and so does the logout at last."""
        target = self._target
        for operation in ("getMe", "getUser"):
            await fire(operation, userId=user.id)
        unlocks = next((tier.unlocks for tier in target.tiers if tier.unlocks), None)
        if unlocks is not None:
            await fire(unlocks.operation, may_refuse=True, **unlocks.parameters)
        for tier in target.tiers:
            hint = f' for the tier "{tier.name}"'
            if await fire("updateUserTier", hint=hint, userId=user.id, tier=tier.name) is None:
                break
        await fire("banUser", userId=user.id)
        user.logged_out()
        await fire("unbanUser", userId=user.id)
        await fire("logout")
        user.logged_out()

    def missing(self) -> Iterator[str]:
        """What the profile lacks for cases of user-state."""
        target = self._target
        if target.other_channels is None:
            yield "other_channels is not said: list them, or write [] (UST-BAN-11)"
        if len(target.tiers) < 2 or not any(tier.unlocks for tier in target.tiers[1:]):
            yield "[tiers] needs two tiers, and what one of them unlocks (UST-TIER-3)"


def accounts(case: Case) -> Accounts:
    """The admin's desk in this run."""
    return case.driver(Accounts)


def _may_tell_of(tier: Tier, payload: Any) -> bool:
    """Whether this is the canary: it names the tier in some way, or says nothing at all."""
    message = payload.get("message") if isinstance(payload, dict) else None
    return not isinstance(message, str) or any(name.lower() in message.lower() for name in (tier.shown, tier.name))
