"""What an admin does to the accounts of users, in words."""

from typing import Any

from eventproof.errors import ContractViolation, Inconclusive
from eventproof.history import History
from eventproof.target import Target, Tier

from .calls import Answer
from .line import Line
from .person import Person
from .verdicts import NotTestable

__all__ = ["Accounts"]

_CANARY = "user.tier.updated"


class Accounts:
    """The admin's desk; every call is made by `admin`, and raises ContractViolation where it is not accepted."""

    def __init__(self, admin: Person, target: Target, history: History) -> None:
        self.admin = admin
        self._target = target
        self._history = history
        self._tiers: dict[str, Tier] = {}
        self._mute = ""

    def restored(self, user: Person) -> None:
        """The user has the tier again that they have outside the tests."""
        self._tiers.pop(user.name, None)

    async def ban(self, user: Person) -> Answer:
        """Ban a user."""
        return (await self.admin.call("banUser", userId=user.id)).must_be_accepted()

    async def unban(self, user: Person) -> Answer:
        """Lift the ban of a user."""
        return (await self.admin.call("unbanUser", userId=user.id)).must_be_accepted()

    async def set_tier(self, user: Person, tier: Tier) -> Answer:
        """Give a user another tier."""
        self._tiers[user.name] = tier
        return (await self.admin.call("updateUserTier", userId=user.id, tier=tier.name)).must_be_accepted()

    def tier_of(self, user: Person) -> Tier:
        """The tier that the user has now, as far as it is known; the lowest otherwise."""
        if user.name in self._tiers:
            return self._tiers[user.name]
        return next((tier for tier in self.tiers() if tier.name == user.tier), self.tiers()[0])

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
        where it does not arrive; from then on there is none in this run.
        """
        for user in users:
            if self._mute:
                raise Inconclusive(self._mute)
            tier = self.another_tier(user, unlike)
            mark = len(self._history)
            try:
                await self.set_tier(user, tier)
            except ContractViolation as refused:
                self._mute = f"the canary, a change of tier, cannot be caused: {refused}"
                raise Inconclusive(self._mute) from refused
            for line in user.lines:
                await self._heard(line, tier, mark)

    async def _heard(self, line: Line, tier: Tier, mark: int) -> None:
        while line.is_open:
            try:
                heard = await line.hears(_CANARY)
            except ContractViolation as missing:
                if not line.is_open:
                    return
                self._mute = f"the canary, `{_CANARY}` after a change of tier, did not arrive on {line.name}: {missing}"
                raise Inconclusive(self._mute) from missing
            if heard.order >= mark and _may_tell_of(tier, heard.payload):
                return


def _may_tell_of(tier: Tier, payload: Any) -> bool:
    """Whether this is the canary: it names the tier in some way, or says nothing at all."""
    message = payload.get("message") if isinstance(payload, dict) else None
    return not isinstance(message, str) or any(name.lower() in message.lower() for name in (tier.shown, tier.name))
