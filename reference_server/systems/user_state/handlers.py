"""User-state's calls: features, and the three actions of an admin. Commit, then emit.

Nothing of it is replayed: who logs in again after a ban is not to hear of it, and reads the tier in the answer.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import structlog

from ...accounts.account import Account, Change, Tier
from ...delivery.connections import opened
from ...delivery.message import Message
from ...refusals import Refusal
from ...services import Services
from ...store.sql import SqlConnection
from ...transport.rest import Answer, Call, Handler
from ..served import Served
from ..sessions import Sessions, user
from . import events, rules

SYSTEM: Final = "user-state"
_log = structlog.get_logger(SYSTEM)


def served(services: Services) -> Served:
    """User state, on these services."""
    return Served(UserState(services).operations())


class UserState:
    """The handlers, by the contract's operationIds."""

    def __init__(self, services: Services) -> None:
        self._accounts = services.accounts
        self._connections = services.connections
        self._courier = services.courier
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
        online = bool(opened(self._connections.of_user(call.parameters["userId"])))

        def told(change: Change) -> Sequence[Message]:
            return [events.banned(change.after)] if self._conduct.news(change) else ()

        change = await self._change(call, lambda account: self._conduct.ban(account, rules.ban(account), online), told)
        if self._conduct.news(change):
            self._metrics.banned()
            _log.info("user-banned", user=change.after.id, by=call.caller[1].id)
        return Answer(200, _account(change.after))

    async def unban_user(self, call: Call) -> Answer:
        """Let the user log in again; sessions that the ban ended stay ended."""

        def told(change: Change) -> Sequence[Message]:
            return [events.unbanned(change.after)] if change.changed else ()

        change = await self._change(call, rules.unban, told)
        if change.changed:
            _log.info("user-unbanned", user=change.after.id, by=call.caller[1].id)
        return Answer(200, _account(change.after))

    async def update_user_tier(self, call: Call) -> Answer:
        """Set the tier, and announce it where it is another one."""
        tier = Tier(call.parameters["tier"])

        def told(change: Change) -> Sequence[Message]:
            if not change.changed:
                return ()
            self._conduct.tier_changed(change)
            return [events.tier_updated(change.after)]

        change = await self._change(call, lambda account: rules.with_tier(account, tier), told)
        if change.changed:
            _log.info("tier-updated", user=change.after.id, by=call.caller[1].id, tier=tier.value)
        return Answer(200, _account(change.after))

    async def _change(
        self, call: Call, rule: Callable[[Account], Account], told: Callable[[Change], Sequence[Message]]
    ) -> Change:
        user_id = call.parameters["userId"]

        async def change(connection: SqlConnection) -> tuple[Change, Sequence[Message]]:
            made = await self._accounts.change(connection, user_id, rule)
            if made is None:
                nobody = self._conduct.missing(user_id)
                return Change(nobody, nobody), ()
            return made, told(made)

        return await self._courier.carry(SYSTEM, change, self._accounts.committed)


def _account(account: Account) -> dict[str, Any]:
    return {**user(account), "banned": account.banned}
