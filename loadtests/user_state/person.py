"""One user of the target, with a session on every device: who is told, is logged out, and comes back."""

from contextlib import suppress
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from eventproof import actions
from eventproof.client.hub_connection import Closed, CloseReason, HubConnection
from eventproof.errors import ContractViolation, EventproofError
from eventproof.load.calls import Answer
from eventproof.load.judgement import Receipt
from eventproof.refusal import Proof, Refusal, proof
from eventproof.target import Identity
from eventproof.wire.connection import AckReceived, EventReceived

from .action import Action, Until

if TYPE_CHECKING:
    from eventproof.load.generator import Generator

BANNED, TIER_UPDATED, UNBANNED = "user.banned", "user.tier.updated", "user.unbanned"
_LATENCIES = {BANNED: "ban_to_event", TIER_UPDATED: "tier_to_event"}
_GIVEN_UP = frozenset({CloseReason.VIOLATION, CloseReason.OVERSIZED, CloseReason.SILENT, CloseReason.CONGESTED})
"""Ends that are our doing, because of what the target did or did not do: none of them is a logout."""


class Session:
    """One connection of a person, from opening to closing; the next one on the same device is another session."""

    __slots__ = ("_began", "_connection", "_person", "_was_open", "number")

    def __init__(self, person: "Person", number: int) -> None:
        self.number = number
        self._person = person
        self._was_open = False
        self._began = monotonic()
        self._connection: HubConnection | None = person.generator.open(self, person.token)

    def __str__(self) -> str:
        return f"{self._person} on device {self.number}"

    @property
    def is_open(self) -> bool:
        """Whether events can arrive here."""
        return self._connection is not None and self._connection.is_open

    @property
    def has_ended(self) -> bool:
        """Whether the connection is gone."""
        return self._connection is None

    @property
    def is_connecting(self) -> bool:
        """Whether it is not known yet what comes of it."""
        return self._connection is not None and not self._was_open

    def close(self) -> None:
        """Leave; also for good where the server did not want to end it."""
        if self._connection is not None:
            self._connection.close()

    # What the connection tells.

    def opened(self, _connection: HubConnection, at: float) -> None:
        """The server accepted the token."""
        self._was_open = True
        self._person.generator.connected.add(self._person.identity)
        self._person.generator.books.count("sessions")
        self._person.generator.books.record("connect", at - self._began)
        self._person.session_opened()

    def received(self, _connection: HubConnection, event: EventReceived, at: float) -> None:
        """An event arrived."""
        books = self._person.generator.books
        if books.contract(event.name, event.args, self) is None:
            return
        match = books.received(event.name, self, at)
        if match.receipt is Receipt.DELIVERED:
            if event.name in _LATENCIES and match.latency is not None:
                books.record(_LATENCIES[event.name], match.latency)
            action = self._person.action
            if action is not None and action.until is Until.EVENT:
                action.is_over_for(self, at)

    def acknowledged(self, _connection: HubConnection, _ack: AckReceived, _at: float) -> None:
        """An answer to an event of ours; this user sends none."""

    def disconnected(self, _connection: HubConnection, _at: float) -> None:
        """Logged out: nothing may arrive from now on."""
        self._person.generator.books.ledger.logout(self)

    def closed(self, _connection: HubConnection, how: Closed, at: float) -> None:
        """The connection is gone."""
        self._connection = None
        self._person.generator.books.ledger.forget(self)
        if how.reason is not CloseReason.OURS:
            self._person.session_ended(self, how, at, was_open=self._was_open)


class Person:
    """One identity of the target, with its token, its tier and its sessions."""

    __slots__ = (
        "_devices",
        "_has_left",
        "_is_entering",
        "_was_renewed",
        "_why",
        "action",
        "generator",
        "identity",
        "own_tier",
        "sessions",
        "tier",
        "token",
    )

    def __init__(self, generator: "Generator", identity: Identity, devices: int) -> None:
        self.generator = generator
        self.identity = identity
        self.token = identity.token
        self.tier: str | None = None
        """As the target told it; the profile may be older."""
        self.own_tier: str | None = None
        """The one that they had before this run gave them another; None where nobody knows it."""
        self.action: Action | None = None
        self.sessions: tuple[Session, ...] = ()
        self._devices = devices
        self._is_entering = True
        self._was_renewed = self._has_left = False
        self._why: Answer | None = None
        """What the last login was answered with."""

    def __str__(self) -> str:
        return self.identity.name

    @property
    def is_connecting(self) -> bool:
        """Whether it is not known yet what comes of a session."""
        return self._is_entering or any(session.is_connecting for session in self.sessions)

    @property
    def is_ready(self) -> bool:
        """Whether an action may be aimed here: every session is open, and no action is under way."""
        return self.action is None and bool(self.sessions) and all(session.is_open for session in self.sessions)

    def enter(self) -> None:
        """Come in, with the profile's token, or by login where it gives none, or where only a login tells the id."""
        if self.token is None or (self.identity.id is None and self.identity.password is not None):
            self.generator.spawn(self._renew)
        else:
            self._is_entering = False
            self.connect()

    def log_in(self) -> bool:
        """Get a new token; whether there is one."""
        self.token = None
        login = self.generator.calls.log_in(self.identity)
        self.token, self.tier, self._why = login.token, login.tier, login.answer
        if login.id is not None:
            self.identity = replace(self.identity, id=login.id)
        return self.token is not None

    def prepare(self) -> None:
        """Know the tier, from the target itself; where it does not tell, the first update of it is a guess."""
        if self.tier is None:
            generator = self.generator
            whoami = generator.target.whoami
            if whoami is None:
                return
            token = generator.calls.token_for(whoami, self.token, generator.admin_token)
            answer = generator.calls.perform(whoami, actions.credentials_of(self.identity), token)
            with suppress(ContractViolation):
                if answer.done:
                    tier = actions.read(generator.target.operations["getMe"], "tier", answer.body)
                    self.tier = tier if isinstance(tier, str) else None

    def connect(self) -> None:
        """Open the session of every device, with the token that there is."""
        if self._has_left:
            return
        self.sessions = tuple(Session(self, number + 1) for number in range(self._devices))

    def disconnect(self) -> None:
        """Close every session that is open."""
        for session in self.sessions:
            session.close()
        self.sessions = ()

    def leave(self) -> None:
        """Close the app on every device, for good."""
        self._has_left = True
        if self.action is not None:
            pending = [session for session in self.sessions if session.is_open]
            self.generator.books.ledger.withdraw(self.action.name, self.action.event, pending)
            self.action.leave_out(session for session in self.sessions if not session.has_ended)
        self.disconnect()

    def is_free(self) -> None:
        """No action is under way any more."""
        self.action = None
        self.session_opened()

    def session_opened(self) -> None:
        """One more session is open."""
        if self.is_ready:
            self.generator.ready.append(self)

    def session_ended(self, session: Session, how: Closed, at: float, *, was_open: bool) -> None:
        """A session ended, and not because we closed it."""
        generator, action = self.generator, self.action
        if how.reason is CloseReason.VIOLATION:
            generator.books.count("violations")
        if not was_open and how.reason is CloseReason.REFUSED and not self._was_renewed:
            # The token of the profile may have been revoked by an earlier run: a new one decides.
            self._was_renewed = self._is_entering = True
            self.generator.spawn(self._renew)
        elif not was_open and not self._is_entering:
            generator.books.count("unopened")
            generator.books.note(f"a session could not be opened: {how}")
        elif (
            action is not None
            and action.until is Until.CLOSE
            and session in action.waiting
            and how.reason not in _GIVEN_UP
        ):
            generator.books.record("ban_to_closed", at - action.at)
            action.is_over_for(session, at)
        elif was_open:
            generator.books.count("dropped")
            generator.books.incident(str(session), f"the session ended without a ban: {how}")

    def _is_banned(self) -> bool:
        """Whether the last login was answered as that of a banned user may be."""
        return self._why is not None and proof(self._why.status, Refusal.LOGIN) is Proof.FULL

    def _renew(self) -> None:
        self.disconnect()
        generator = self.generator
        try:
            if not self.log_in() and self._is_banned() and generator.administer("unbanUser", self.identity).done:
                generator.books.note("somebody was banned before the run, and was unbanned for it")
                self.log_in()
        except EventproofError as error:
            generator.books.note(str(error))
        if self.token is None:
            generator.books.count("unopened", self._devices)
            generator.books.note(f"somebody could not log in: {self._why}")
        else:
            self.connect()
        self._is_entering = False
