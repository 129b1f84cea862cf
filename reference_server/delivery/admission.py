"""Admission: who a token belongs to, and whether a connection may open.

One path for every transport: enrol, ask the store, open. A ban that is committed before the store is asked is seen
by the question; one that is committed after finds the connection enrolled, and condemns it.
"""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Final, Protocol

from ..accounts.account import Account, Session, standing
from ..alarms import Alarms
from ..deadline import in_time
from ..places import Places
from ..reasons import Reason
from ..refusals import Refusal
from ..tokens import Tokens, bare
from .channels import Channels
from .conduct import Conduct
from .connections import Connection, Connections, Link
from .emission import Emission
from .rooms import of_role

REST = "rest"
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


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
        conduct: Conduct,
        channels: Channels,
        places: Places,
        alarms: Alarms,
        seconds: float,
    ) -> None:
        self._tokens = tokens
        self._accounts = accounts
        self._connections = connections
        self._conduct = conduct
        self._channels = channels
        self._places = places
        self._alarms = alarms
        self._seconds = seconds
        """For which the store may be asked."""

    async def caller(self, token: str | None, operation: str) -> tuple[Session, Account]:
        """Whose session a call of this operation belongs to. Raises Refusal."""
        session = self._read(token, again=True)
        if not self._conduct.guards(operation) and (account := (await self._accounts.of_session(session))[0]):
            return session, account
        return session, await self._check(REST, session)

    async def admit(
        self, token: str | None, channel: str, link: Link, asked: Mapping[str, str] = NOTHING
    ) -> Connection:
        """Open a connection that `asked` for this: the parameters of its channel's address.

        Raises Refusal, in the channel's own codes, and then has left no trace of it.
        """
        try:
            self._places.check()
            session = self._read(bare(token))
            connection = self._connections.enrol(session, channel, link)
            try:
                account = await in_time(self._seconds, self._check(channel, session))
                await self._conduct.opening(connection)
                here = [served.options for served in self._channels.at(channel)]
                rooms = (of_role(account.role), *(room for options in here for room in options.rooms(asked)))
                self._connections.open(connection, rooms, reads=any(options.keeps for options in here))
                left = self._tokens.left(session)
                connection.expiry = self._alarms.after(left, partial(self._expire, connection))
            except BaseException:
                self._connections.forget(connection)
                raise
        except Refusal as refusal:
            raise self._told(channel, refusal) from None  # No name for it here: the frame would hold what holds it.
        return connection

    def _told(self, channel: str, refusal: Refusal) -> Refusal:
        """A refusal in the channel's own codes."""
        code = self._channels.code(channel, refusal.code)
        own = refusal if code == refusal.code else Refusal(code, refusal.sentence)
        return self._conduct.channel_refusal(channel, own)

    def _expire(self, connection: Connection) -> None:
        """The session ends: the client is told so by the systems that have an event for it."""
        refusal = Refusal(self._channels.code(connection.channel, Reason.TOKEN_EXPIRED))

        def tell() -> None:
            for served in self._channels.at(connection.channel):
                if served.options.complaint is not None:
                    said = served.options.complaint(refusal.code, refusal.sentence, None)
                    connection.link.send(Emission(*said))

        def close() -> None:
            self._connections.forget(connection)
            connection.link.close(Reason.TOKEN_EXPIRED)

        self._conduct.expired(tell, close)

    def leave(self, connection: Connection) -> None:
        """A connection is gone."""
        self._conduct.forget(self._connections, connection)

    def _read(self, token: str | None, *, again: bool = False) -> Session:
        return self._tokens.read(token, unverified=self._conduct.unverified, again=again)

    async def _check(self, channel: str, session: Session) -> Account:
        account, ended = await self._accounts.of_session(session)
        code = self._conduct.standing(channel, standing(session, account, ended), session, account)
        if code or account is None:
            raise Refusal(code or "token_invalid")
        return account
