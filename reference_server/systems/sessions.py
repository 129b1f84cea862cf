"""Sessions: the calls that every system shares. Whoever mounts them serves the same accounts."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from ..accounts.account import Account
from ..attempts import network
from ..refusals import Refusal
from ..services import Services
from ..transport.rest import Answer, Call, Handler


class Sessions:
    """The handlers, by the contracts' operationIds."""

    def __init__(self, services: Services) -> None:
        self._accounts = services.accounts
        self._tokens = services.tokens
        self._passwords = services.passwords
        self._eviction = services.eviction
        self._conduct = services.conduct
        self._attempts = services.attempts

    def operations(self) -> Mapping[str, Handler]:
        """What a system's document takes from `contracts/user_state/openapi.yaml` to have sessions."""
        return {"login": self.login, "logout": self.logout, "getMe": self.get_me}

    async def login(self, call: Call) -> Answer:
        """A new session for whoever knows the password, unless they are banned."""
        email, address = call.parameters["email"], network(call.remote)
        self._attempts.check(address, email)
        self._attempts.begin(address, email)
        try:
            found = await self._accounts.find_login(email)
            known = await self._passwords.matches(call.parameters["password"], found[1] if found else None, address)
        except BaseException:
            self._attempts.take_back(address, email)
            raise
        if found is None or not known:
            self._attempts.failed(address, email)
            raise Refusal("invalid_credentials")
        self._attempts.succeeded(address, email)
        # Asked again: a ban may have been committed while the password was being verified.
        account = await self._accounts.find(found[0].id) or found[0]
        code = self._conduct.login("account_banned" if account.banned else None, account)
        if code:
            raise Refusal(code)
        return Answer(200, {"token": self._tokens.issue(account), "user": user(account)})

    async def logout(self, call: Call) -> Answer:
        """End this session, and the connections that it opened."""
        session, _ = call.caller
        evict = partial(self._eviction.log_out, session.user_id, session.token_id)
        await self._accounts.end_session(session, self._tokens.dead_since(), evict)
        return Answer(204)

    async def get_me(self, call: Call) -> Answer:
        """Who calls."""
        return Answer(200, user(call.caller[1]))


def user(account: Account) -> dict[str, Any]:
    """An account as its owner sees it."""
    return {"id": account.id, "email": account.email, "role": account.role, "tier": account.tier.value}
