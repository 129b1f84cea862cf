"""Somebody of the target, in a case: their calls, their tokens, their connections."""

import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from eventproof.actions import credentials_of, mint
from eventproof.errors import ContractViolation, EventproofError, Inconclusive, UsageError
from eventproof.refusal import UNKNOWN
from eventproof.target import Emission, Endpoint, Identity, Target, Transport
from eventproof.wire.connection import Recovery

from .calls import Answer, Caller
from .dialer import PLAIN, Dialer, HandshakeOptions
from .line import Line
from .verdicts import NotTestable

__all__ = ["Person"]


_SHOWN_BY_NONE = "no call shows whose session a token is of: [operations] denies it, or the contract has none"
_STALE = 60.0
"""Seconds after which a session that another case used is proved again: it may have ended by itself."""


class Person:
    """One identity of the profile; `name` is what the history calls them.

    What only arranges a case (a session, a connection) raises Inconclusive where the target does not let them:
    whether it should have is judged by the cases made for that.
    """

    def __init__(self, name: str, identity: Identity, caller: Caller, dialer: Dialer) -> None:
        self.name = name
        self.identity = identity
        self.id: str | int = "" if identity.id is None else identity.id
        """As the target writes it, a text or a number; empty until it is known."""
        self.tier = identity.tier
        """The tier they had when they first took part in this run: as the target tells, else as the profile does."""
        self.system = ""
        """Whose main channel they connect to where no other is named: that of the case they take part in."""
        self.lines: list[Line] = []
        self._caller = caller
        self._dialer = dialer
        self._token = identity.token
        self._is_proven = False
        self._has_logged_in = False
        self._shut_out = ""
        """Why their password is wrong, where none was ever right: to guess on would meet a limit that hides it."""
        self.admin: Person | None = None
        """Who makes the calls of theirs that are an admin's on this target."""
        if self.id == "" and caller.target.is_sessionless:
            self.id = identity.email or name
        caller.meet(name, replace(identity, id=self.id or None))
        self._proven_at = 0.0
        self._told_tier = False

    async def session(self) -> str:
        """The token of their session, which begins now where there is none; their id is known from then on.

        A token that the profile gives may have been revoked since; one login replaces it.
        """
        if self._token is None:
            self._token = await self.another_token()
            self._is_proven, self._proven_at = True, time.monotonic()
        if not (self._is_proven and self.is_known):
            await self._prove()
        elif not self._told_tier:
            await self._ask_tier(self._token)
        return self._token

    async def fresh_session(self) -> str:
        """As `session`, but one that was not used for a while, or is in doubt, is proved first, and else replaced."""
        if self._token is not None and time.monotonic() - self._proven_at > _STALE:
            self._is_proven = False
        return await self.session()

    def doubt(self) -> None:
        """Their session may have been ended: it is proved before it is used in another case."""
        self._proven_at = 0.0

    async def _ask_tier(self, token: str) -> None:
        """Believe the target of the tier, where it tells, rather than the profile: earlier runs may have changed it."""
        whoami = self._caller.target.whoami
        if whoami is not None:
            me = await self._caller.call(self.name, whoami, {}, token)
            if me.is_accepted:
                self._learn_tier(me)
        self._told_tier = True

    def _learn_tier(self, answer: Answer) -> None:
        """The first answer that tells it: what comes later may be our own doing."""
        try:
            found = answer.says("tier")
        except ContractViolation:
            return
        if found is not None and not self._told_tier:
            self.tier, self._told_tier = str(found), True

    async def _prove(self) -> None:
        whoami = self._caller.target.whoami
        if whoami is None and self._caller.target.own:
            self._is_proven, self._proven_at = True, time.monotonic()
            return
        if whoami is None:
            raise UsageError(f"{self._caller.target.source}: {_SHOWN_BY_NONE}")
        if self._is_on_behalf(whoami) and self.is_known:
            self._is_proven = True
            return
        me = await self._caller.call(self.name, whoami, {}, self._token)
        if not me.is_accepted and not self._is_proven and self.can_log_in:
            self._token = await self.another_token()
        elif not me.is_accepted:
            raise Inconclusive(f"the session of {self.name} ({self.identity.name}) is no good: {whoami} answered {me}")
        else:
            self._learn_id(me)
            self._learn_tier(me)
            self._told_tier = True
        self._is_proven, self._proven_at = True, time.monotonic()
        if not self.is_known:
            raise NotTestable(f"{self.identity.name} has no id in the profile, and no answer tells it: answers.userId")

    def _learn_id(self, answer: Answer) -> None:
        try:
            found = None if self.is_known else answer.says("userId")
        except ContractViolation:  # another answer may tell it
            return
        if found is not None:
            self.id = found if isinstance(found, int) else str(found)
            self._caller.meet(self.name, replace(self.identity, id=self.id))

    @property
    def target(self) -> Target:
        """The server under test."""
        return self._caller.target

    @property
    def role(self) -> str:
        """What they may do, by the profile."""
        return self.identity.role

    @property
    def is_known(self) -> bool:
        """Whether their id is known."""
        return self.id != ""

    def logged_out(self) -> None:
        """Their session is over; the next call begins another one."""
        self._token = None

    @property
    def has_session(self) -> bool:
        """Whether they have a token that nothing has ended."""
        return self._token is not None

    @property
    def can_log_in(self) -> bool:
        """Whether they can ever get another token."""
        return (
            self._caller.target.is_sessionless
            or self._caller.mints
            or (self.identity.email is not None and self.identity.password is not None)
        )

    async def call(self, operation: str, *, token: str | None = None, **parameters: Any) -> Answer:
        """Perform an operation with their token, or with another one; by the admin where the profile says so.

        Raises NotTestable where another token is to be tried on a call that takes the admin's.
        """
        action = self._caller.target.operations.get(operation)
        if isinstance(action, Emission):
            return await self._caller.emit(self.name, action, parameters, await self._speaking(action))
        return await self._caller.call(self.name, operation, parameters, await self._token_for(operation, token))

    async def emit(self, operation: str, line: Line, parameters: Mapping[str, Any]) -> Answer:
        """Perform an operation that is an event of a client, on this connection of theirs."""
        action = self._caller.target.operations[operation]
        if not isinstance(action, Emission):
            raise UsageError(f"{operation} is a call, which no connection makes")
        return await self._caller.emit(self.name, action, parameters, line)

    async def _speaking(self, action: Emission) -> Line:
        """The connection on which they send: one that is open already, where there is one."""
        there = (line for line in self.lines if line.is_open and line.channel == action.channel)
        line = next(there, None)
        if line is not None:
            return line
        channel = self._dialer.channel_at(self.system, action.channel)
        return await self.connect(channel=channel, acknowledges=True)

    async def call_with(self, further: Mapping[str, Any], operation: str, **parameters: Any) -> Answer:
        """As `call`, with further fields of the body, which no contract knows."""
        token = await self._token_for(operation, None)
        return await self._caller.call(self.name, operation, parameters, token, further)

    async def _token_for(self, operation: str, token: str | None) -> str:
        if not self._is_on_behalf(operation):
            return token or await self.session()
        if token is not None or self.admin is None:
            raise NotTestable(f"an admin calls {operation} here, so it does not tell what a token of a user is worth")
        await self.session()
        return await self.admin.session()

    def _is_on_behalf(self, operation: str) -> bool:
        """Whether an admin makes this call for them."""
        there = self._caller.target.operations.get(operation)
        return self.identity.role != "admin" and there is not None and there.on_behalf

    async def call_unauthenticated(self, operation: str, **parameters: Any) -> Answer:
        """Perform an operation without a token."""
        return await self._caller.call(self.name, operation, parameters)

    async def whoami(self, token: str | None = None) -> Answer:
        """Ask whose session their token, or another one, is of; raises NotTestable where the target does not tell."""
        whoami = self._caller.target.whoami
        if whoami is None:
            raise NotTestable(_SHOWN_BY_NONE)
        return await self.call(whoami, token=token)

    async def log_in(self) -> Answer:
        """Begin a session with their e-mail address and password, whatever the answer."""
        login = self._caller.target.login
        if login is None:
            raise NotTestable("no call begins a session: [operations] denies it, or the contract has none")
        if self.identity.email is None or self.identity.password is None:
            raise NotTestable(f"{self.identity.name} has no password in the profile: give email and password_env")
        return await self._caller.call(self.name, login, credentials_of(self.identity))

    def minted(self) -> str | None:
        """A token that the target's secret signs; None where the profile does not tell how."""
        return mint(self._caller.target, self.identity, time.time(), uuid.uuid4().hex)

    async def another_token(self) -> str:
        """A further session, beside those they have; raises Inconclusive where none is to be had.

        Whoever was never let in and whose password is wrong (401) is not tried again in this run.
        """
        minted = self.minted()
        if minted is not None:
            return minted
        if self._caller.target.is_sessionless:
            return self.identity.token or ""
        if self._shut_out:
            raise Inconclusive(self._shut_out)
        answer = await self.log_in()
        if not answer.is_accepted:
            why = f"{self.name} could not log in: {answer}; {_remedy(answer, self.identity)}"
            if answer.status == UNKNOWN and not self._has_logged_in:
                self._shut_out = why
            raise Inconclusive(why)
        self._has_logged_in = True
        self._learn_id(answer)
        self._learn_tier(answer)
        token = answer.says("token")
        if token is None:
            raise NotTestable(
                f"the profile does not say where the token is: answers.token of [operations.{answer.operation}]"
            )
        return str(token)

    async def connect(
        self,
        transport: Transport | None = None,
        *,
        system: str | None = None,
        channel: str | None = None,
        says: HandshakeOptions = PLAIN,
        token: str | None = None,
        acknowledges: bool = False,
        answers_pings: bool = True,
        answers_heartbeats: bool = True,
        stalls: bool = False,
        recover: Recovery | None = None,
    ) -> Line:
        """Open a connection to the main channel of the case's system, to another `channel`, or to another system.

        The switches are those of `Line`, from its first event on; with `recover`, the `recovery` of a line that was
        cut, it goes on from there. Raises Inconclusive where it is not accepted.
        """
        line = self.connection(
            token or await self.session(),
            transport,
            system=system,
            channel=channel,
            says=says,
            acknowledges=acknowledges,
            answers_pings=answers_pings,
            answers_heartbeats=answers_heartbeats,
            stalls=stalls,
            recover=recover,
        )
        return await self._opened(line)

    async def connect_to(self, endpoint: Endpoint, *, token: str | None = None) -> Line:
        """Open a connection to a further channel; raises Inconclusive where it is not accepted."""
        return await self._opened(self.connection_to(endpoint, token or await self.session()))

    def connection(
        self,
        token: str | None,
        transport: Transport | None = None,
        *,
        system: str | None = None,
        channel: str | None = None,
        says: HandshakeOptions = PLAIN,
        recover: Recovery | None = None,
        **switches: bool,
    ) -> Line:
        """A connection with this token, or with none, that is not open yet; otherwise as `connect`.

        What it `says` goes with its handshake, beside the token.
        """
        place, says = system or self.system, replace(says, role=self.role)
        line = self._dialer.main(
            self.name, place, token, transport, channel=channel, says=says, recover=recover, **switches
        )
        return self._kept(line)

    def connection_to(self, endpoint: Endpoint, token: str | None) -> Line:
        """A connection to a further channel that is not open yet."""
        return self._kept(self._dialer.other(self.name, endpoint, token))

    async def leave(self) -> None:
        """Close every connection; what they were told and had to acknowledge is acknowledged by then."""
        lines, self.lines = self.lines, []
        for line in lines:
            with suppress(EventproofError):
                await line.settle()
            await line.close()

    @staticmethod
    async def _opened(line: Line) -> Line:
        try:
            await line.open()
        except ContractViolation as refused:
            raise Inconclusive(f"{line.name} could not be opened, so nothing can be said here: {refused}") from refused
        return line

    def _kept(self, line: Line) -> Line:
        self.lines.append(line)
        return line


def _remedy(answer: Answer, identity: Identity) -> str:
    """What to do about a login that was not accepted."""
    if 300 <= answer.status < 400:
        there = f" and points to {answer.location}" if answer.location else ""
        return f"it redirects{there}; redirects are not followed: correct base_url, or url under [rest]"
    return f"see [operations.{answer.operation}] and the password of {identity.name}"
