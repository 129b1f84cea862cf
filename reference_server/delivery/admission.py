"""Admission: who a token belongs to, and whether a connection may open.

One path for every transport: enrol, ask the store, open. A ban that is committed before the store is asked is seen
by the question; one that is committed after finds the connection enrolled, and dooms it.
"""

import asyncio
from typing import Protocol

from ..accounts.account import Account, Session, standing
from ..conduct import Conduct
from ..metrics import Metrics
from ..refusals import Refusal
from ..tokens import Tokens
from .connections import Connection, Connections, Link

REST = "rest"


class SessionStore(Protocol):
    """What admission asks of the store."""

    async def of_session(self, session: Session) -> tuple[Account | None, bool]:
        """The session's account, and whether the session was logged out."""


class Admission:
    """Lets sessions in, by REST and by every channel."""

    def __init__(
        self,
        tokens: Tokens,
        accounts: SessionStore,
        connections: Connections,
        metrics: Metrics,
        conduct: Conduct,
        most: int,
    ) -> None:
        self._tokens = tokens
        self._accounts = accounts
        self._connections = connections
        self._metrics = metrics
        self._conduct = conduct
        self._most = most

    async def caller(self, token: str | None) -> tuple[Session, Account]:
        """Whose session a call belongs to. Raises Refusal."""
        session = self._read(token)
        return session, await self._check(REST, session)

    async def admit(self, token: str | None, channel: str, link: Link) -> Connection:
        """Open a connection. Raises Refusal, and then has left no trace of it."""
        try:
            if len(self._connections) >= self._most:
                raise Refusal("unavailable", "There are as many connections as may be: try again in a few seconds.")
            session = self._read(token)
            connection = self._connections.enrol(session, channel, link)
            try:
                await self._check(channel, session)
                await self._conduct.opening(connection)
                self._connections.open(connection)
                left = max(0.0, session.expires_at - self._tokens.now())
                connection.expiry = asyncio.get_running_loop().call_later(left, self._expire, connection)
            except BaseException:
                self._connections.forget(connection)
                raise
        except Refusal as refusal:
            self._metrics.refused(channel, refusal.code)
            raise
        return connection

    def _expire(self, connection: Connection) -> None:
        self._connections.forget(connection)
        connection.link.close("token_expired")

    def leave(self, connection: Connection) -> None:
        """A connection is gone."""
        self._conduct.forget(self._connections, connection)

    def _read(self, token: str | None) -> Session:
        return self._tokens.read(token, verify=self._conduct.verifies_signatures)

    async def _check(self, door: str, session: Session) -> Account:
        account, ended = await self._accounts.of_session(session)
        code = self._conduct.standing(door, standing(session, account, ended), session, account)
        if code or account is None:
            raise Refusal(code or "token_invalid")
        return account
