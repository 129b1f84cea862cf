"""A member of Shield in a swarm: connected on one or several devices, each of which comes back when it is cut off."""

from collections import deque
from collections.abc import Hashable, Mapping
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any

import gevent

from eventproof import actions
from eventproof.errors import EventproofError
from eventproof.load.backoff import backoff
from eventproof.load.calls import Answer
from eventproof.load.device import Device
from eventproof.load.manner import Manner
from eventproof.target import Identity

if TYPE_CHECKING:
    from eventproof.load.generator import Generator

__all__ = ["Claimant"]

_REPLAY = "replay"
_KNOWN = 200
"""So many claims of a member are remembered; about an older one the target is asked again."""


class Claimant:
    """One identity of the target, with its token and its devices."""

    def __init__(
        self, generator: "Generator", identity: Identity, devices: int, manner: Manner, late_by: float
    ) -> None:
        self.generator = generator
        self.identity = identity
        self.token = identity.token
        self.manner = manner
        self.late_by = late_by
        # Missed is what came while there was no connection at all: another device of the same member counts as one.
        self.replays = devices == 1 and _REPLAY in generator.target.capabilities
        self.devices = tuple(Device(self, number + 1) for number in range(devices))
        self._is_entering = True
        self._is_asking = False
        self._has_left = False
        self._why: object = ""
        """What a login that failed was answered with."""
        self._strange: dict[Hashable, Device] = {}
        """The claims that nobody knows yet, and where something about them arrived."""
        self._asked_for: deque[Hashable] = deque(maxlen=_KNOWN)
        self.claims_known: deque[Hashable] = deque(maxlen=_KNOWN)
        """The last of those that were submitted in this run."""
        self.submitting = 0
        """Submissions that are not answered yet: what comes now may be about a claim that nobody knows yet."""

    def __str__(self) -> str:
        return self.identity.name

    @property
    def is_connecting(self) -> bool:
        """Whether it is not known yet what comes of a session."""
        return self._is_entering or any(device.is_connecting for device in self.devices)

    @property
    def is_ready(self) -> bool:
        """Whether a claim may be theirs: they have been connected once, and may be away now."""
        return not self._has_left and any(device.connections for device in self.devices)

    @property
    def has_acted(self) -> bool:
        """Whether a claim of this run is theirs."""
        return bool(self.submitting or self.claims_known)

    def enter(self) -> None:
        """Come in, with the profile's token, or by login where it gives none, or where only a login tells the id."""
        if self.token is None or (self.identity.id is None and self.identity.password is not None):
            self.generator.spawn(self._enter_by_login)
        else:
            self._open()

    def leave(self) -> None:
        """Close the app on every device, for good."""
        self._has_left = True
        for device in self.devices:
            device.leave()

    def prepare(self) -> None:
        """A claim needs to know nothing in advance."""

    def renew(self) -> bool:
        """Get a new token; whether there is one."""
        login = self.generator.calls.log_in(self.identity)
        if login.token is None:
            self._why = login.answer
            return False
        self.token = login.token
        if login.id is not None:
            self.identity = replace(self.identity, id=login.id)
        return True

    def perform(self, operation: str, parameters: Mapping[str, Any]) -> Answer:
        """Perform an operation as this member; with a new token where the old one is refused."""
        answer = self._perform(operation, parameters)
        if answer.status == 401 and self.renew():
            answer = self._perform(operation, parameters)
        return answer

    def _perform(self, operation: str, parameters: Mapping[str, Any]) -> Answer:
        calls = self.generator.calls
        token = calls.token_for(operation, self.token, self.generator.admin_token)
        return calls.perform(operation, {**actions.credentials_of(self.identity), **parameters}, token)

    def claims(self) -> list[Any] | None:
        """All claims of this member, as the target lists them; None where it does not answer."""
        answer = self.perform("listClaims", {})
        if not answer.done:
            return None
        listed = actions.read(self.generator.target.operations["listClaims"], "claims", answer.body)
        return listed if isinstance(listed, list) else None

    def owes(self, what: Hashable, *, at: float) -> bool:
        """Whether the target need not know yet that this member acknowledged `what`, on any device."""
        return all(self.generator.acks.is_owed(device, what, at=at) for device in self.devices)

    def connected(self) -> None:
        """A device is connected; with the first one, claims may be aimed here."""
        self.generator.connected.add(self.identity)
        if sum(device.connections for device in self.devices) == 1:
            self.generator.ready.append(self)

    def met(self, device: Device, subject: Hashable) -> None:
        """About a claim that this run does not know, the target is asked whether it is this member's all the same.

        It may be one of an earlier run, or one that was done after all when it had been given up.
        """
        if subject not in self.claims_known and subject not in self._asked_for and len(self._strange) < _KNOWN:
            self._strange[subject] = device
            self.ask_whose()

    def ask_whose(self) -> None:
        """Ask about every claim that is still strange when no submission of this member is under way."""
        if not self.submitting and self._strange and not self._is_asking:
            self._is_asking = True
            self.generator.spawn(self._ask_whose)

    def _ask_whose(self) -> None:
        """One question answers for all claims that are strange by then, and one is under way at a time."""
        place = self.generator.target.operations["listClaims"].answers.get("claimId", "")
        try:
            while self._strange and not self.submitting:
                strange, self._strange = self._strange, {}
                self._asked_for.extendleft(strange)
                end, attempt = monotonic() + self.generator.patience, 0
                while (listed := self.claims()) is None and monotonic() < end:
                    gevent.sleep(backoff(attempt, self.generator.random))
                    attempt += 1
                listed_ids = [actions.at(claim, place) for claim in listed or ()]
                for subject, device in strange.items():
                    if subject in listed_ids and subject not in self.claims_known:
                        self.generator.books.ledger.own(device, subject)
        finally:
            self._is_asking = False

    def _open(self) -> None:
        self._is_entering = False
        for device in self.devices:
            device.open()

    def _enter_by_login(self) -> None:
        books = self.generator.books
        try:
            if not self.renew():
                books.count("unopened", len(self.devices))
                books.note(f"somebody could not log in: {self._why}")
        except EventproofError as error:
            books.note(str(error))
        if self.token is None:
            self._is_entering = False
        else:
            self._open()
