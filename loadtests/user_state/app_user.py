"""One user of the target, with a session on every device: who is told, is logged out, and comes back."""

from dataclasses import replace
from typing import Any

from eventproof import actions
from eventproof.client.hub_connection import Closure, ClosureReason
from eventproof.errors import EventproofError
from eventproof.load.actor import Actor
from eventproof.load.calls import CallAnswer
from eventproof.load.device import Device
from eventproof.load.generator import Generator
from eventproof.load.judgement import Match, Receipt
from eventproof.refusal import Proof, Refusal, proof
from eventproof.target import Identity

from .admin_action import AdminAction, Until
from .tiers import tier_of

__all__ = ["BANNED", "TIER_UPDATED", "UNBANNED", "AppUser"]

BANNED, TIER_UPDATED, UNBANNED = "user.banned", "user.tier.updated", "user.unbanned"
_LATENCIES = {BANNED: "ban_to_event", TIER_UPDATED: "tier_to_event"}
_GIVEN_UP = frozenset({ClosureReason.VIOLATION, ClosureReason.OVERSIZED, ClosureReason.SILENT, ClosureReason.CONGESTED})
"""Ends that are our doing, because of what the target did or did not do: none of them is a logout."""


class AppUser(Actor):
    """One identity of the target, with its tier; a session ends with its connection, and the next one is another."""

    returns = False
    knows_repeats = False

    def __init__(self, generator: Generator, identity: Identity, devices: int) -> None:
        self.tier: str | None = None
        """As the target told it; the profile may be older."""
        self.own_tier: str | None = None
        """The one that they had before this run gave them another; None where nobody knows it."""
        self.action: AdminAction | None = None
        self._number = devices
        self._was_renewed = False
        self._answer: CallAnswer | None = None
        """What the last login was answered with."""
        super().__init__(generator, identity, 0)

    @property
    def is_ready(self) -> bool:
        """Whether an action may be aimed here: every session is open, and no action is under way."""
        return self.action is None and bool(self.devices) and all(device.is_open for device in self.devices)

    def renew(self) -> bool:
        """Get a new token; whether there is one."""
        self.token = None
        login = self.generator.calls.log_in(self.identity)
        self.token, self.tier, self._answer = login.token, self._tier_told(login.answer), login.answer
        if login.id is not None:
            self.identity = replace(self.identity, id=login.id)
        return self.token is not None

    def _tier_told(self, answer: CallAnswer | None) -> str | None:
        """The tier that a login tells; that of the profile where there was no call, since the token was minted."""
        if answer is None:
            return self.identity.tier
        target = self.generator.target
        if target.login is None or not answer.done:
            return None
        tier = actions.at(answer.body, target.operations[target.login].answers.get("tier", ""))
        return tier if isinstance(tier, str) else None

    def prepare(self) -> None:
        """Know the tier, from the target itself; where it does not tell, the first update of it is a guess."""
        if self.tier is None:
            self.tier = tier_of(self.generator, self.identity, self.token)

    def open(self) -> None:
        """Open a session on every device, with the token that there is."""
        self.is_entering = False
        if not self.has_left:
            self._leave_rooms()
            self.devices = tuple(Device(self, number + 1) for number in range(self._number))
            self.join()
            for device in self.devices:
                device.open()

    def close(self) -> None:
        """Close every session that is open."""
        self._leave_rooms()
        for device in self.devices:
            device.close()
        self.devices = ()

    def _leave_rooms(self) -> None:
        for device in self.devices:
            self.generator.rooms.leave(device)

    def leave(self) -> None:
        """Close the app on every device, for good."""
        self.has_left = True
        if self.action is not None:
            pending = [device for device in self.devices if device.is_open]
            self.generator.books.ledger.withdraw(self.action.name, self.action.event, pending)
            self.action.leave_out(device for device in self.devices if not device.has_ended)
        self.close()

    def is_free(self) -> None:
        """No action is under way any more."""
        self.action = None
        self._may_be_ready()

    def connected(self, device: Device) -> None:
        """One more session is open."""
        super().connected(device)
        self._may_be_ready()

    def _may_be_ready(self) -> None:
        if self.is_ready:
            self.generator.ready.append(self)

    def received(self, device: Device, event: str, payload: Any, match: Match) -> None:  # noqa: ARG002 - its name tells
        """A receipt: how long it took, and whether it ends the action that is under way."""
        if match.receipt is Receipt.DELIVERED:
            if event in _LATENCIES and match.latency is not None:
                self.generator.books.record(_LATENCIES[event], match.latency, late=match.late)
            if self.action is not None and self.action.until is Until.EVENT:
                self.action.is_over_for(device, match.received)

    def ended(self, device: Device, how: Closure, at: float, *, was_open: bool) -> None:
        """A session ended, and not because we closed it."""
        generator, action = self.generator, self.action
        if how.reason is ClosureReason.VIOLATION:
            generator.books.count("violations")
        if not was_open and how.reason is ClosureReason.REFUSED and not self._was_renewed:
            # The token of the profile may have been revoked by an earlier run: a new one decides.
            self._was_renewed = self.is_entering = True
            self.generator.spawn(self._enter_by_login)
        elif not was_open and not self.is_entering:
            generator.books.count("unopened")
            generator.books.note(f"a session could not be opened: {how}")
        elif (
            action is not None
            and action.until is Until.CLOSE
            and device in action.waiting
            and how.reason not in _GIVEN_UP
        ):
            generator.books.record("ban_to_closed", at - action.at, late=action.late)
            action.is_over_for(device, at)
        elif was_open:
            generator.books.count("dropped")
            generator.books.incident(str(device), f"the session ended without a ban: {how}")

    def _is_banned(self) -> bool:
        """Whether the last login was answered as that of a banned user may be."""
        return self._answer is not None and proof(self._answer.status, Refusal.LOGIN) is Proof.FULL

    def _enter_by_login(self) -> None:
        self.close()
        books = self.generator.books
        try:
            if not self.renew() and self._is_banned() and self.generator.administer("unbanUser", self.identity).done:
                books.note("somebody was banned before the run, and was unbanned for it")
                self.renew()
        except EventproofError as error:
            books.note(str(error))
        if self.token is None:
            books.count("unopened", self._number)
            books.note(f"somebody could not log in: {self._answer}")
            self.is_entering = False
        else:
            self.open()
