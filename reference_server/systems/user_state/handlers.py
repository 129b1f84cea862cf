"""User-state's calls: features, and the three actions of an admin. Commit, then emit."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from ...accounts.account import Account, Change, Tier
from ...refusals import Refusal
from ...services import Services
from ...transport.rest import Answer, Call, Handler
from ..served import Served
from ..sessions import Sessions, user
from . import rules

_log = structlog.get_logger("user-state")


def served(services: Services) -> Served:
    """User state, on these services."""
    return Served(UserState(services).operations())


class UserState:
    """The handlers, by the contract's operationIds."""

    def __init__(self, services: Services) -> None:
        self._accounts = services.accounts
        self._delivery = services.delivery
        self._metrics = services.metrics
        self._conduct = services.conduct
        self._sessions = Sessions(services)

    def operations(self) -> Mapping[str, Handler]:
        """Every operation of `contracts/user_state/openapi.yaml`."""
        return {
            **self._sessions.operations(),
            "useFeature": self.use_feature,
            "getUser": self.get_user,
            "banUser": self.ban_user,
            "unbanUser": self.unban_user,
            "updateUserTier": self.update_user_tier,
        }

    async def use_feature(self, call: Call) -> Answer:
        """A feature, where the tier includes it."""
        account, feature = call.caller[1], call.parameters["feature"]
        code = rules.grants(self._conduct.tier(account), feature)
        if code:
            raise Refusal(code)
        return Answer(200, {"feature": feature, "tier": account.tier.value})

    async def get_user(self, call: Call) -> Answer:
        """One account, as an admin sees it."""
        user_id = call.parameters["userId"]
        return Answer(200, _account(await self._accounts.find(user_id) or self._conduct.missing(user_id)))

    async def ban_user(self, call: Call) -> Answer:
        """Revoke, tell, close."""
        online = self._delivery.reaches(call.parameters["userId"])
        change = await self._change(call, lambda account: self._conduct.ban(account, rules.ban(account), online))
        account = change.after
        if self._conduct.news(change):
            ended = self._delivery.evict(account.id, account.epoch, "user.banned", rules.banned(account))
            self._metrics.banned()
            _log.info("user-banned", user=account.id, by=call.caller[1].id, connections=ended)
        return Answer(200, _account(account))

    async def unban_user(self, call: Call) -> Answer:
        """Let the user log in again; sessions that the ban ended stay ended."""
        change = await self._change(call, rules.unban)
        account = change.after
        if change.changed:
            self._delivery.tell(account.id, "user.unbanned", rules.unbanned(account))
            _log.info("user-unbanned", user=account.id, by=call.caller[1].id)
        return Answer(200, _account(account))

    async def update_user_tier(self, call: Call) -> Answer:
        """Set the tier, and announce it where it is another one."""
        tier = Tier(call.parameters["tier"])
        change = await self._change(call, lambda account: rules.with_tier(account, tier))
        account = change.after
        if change.changed:
            self._conduct.tier_changed(change)
            self._delivery.tell(account.id, "user.tier.updated", rules.tier_updated(account))
            _log.info("tier-updated", user=account.id, by=call.caller[1].id, tier=tier.value)
        return Answer(200, _account(account))

    async def _change(self, call: Call, rule: Callable[[Account], Account]) -> Change:
        user_id = call.parameters["userId"]
        change = await self._accounts.change(user_id, rule)
        if change is None:
            nobody = self._conduct.missing(user_id)
            return Change(nobody, nobody)
        return change


def _account(account: Account) -> dict[str, Any]:
    return {**user(account), "banned": account.banned}
