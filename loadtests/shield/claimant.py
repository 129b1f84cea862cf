"""A member of Shield in a swarm: connected on one or several devices, each of which comes back when it is cut off."""

from collections import deque
from collections.abc import Hashable
from time import monotonic
from typing import Any

from eventproof import actions
from eventproof.load.acknowledging import Acknowledging
from eventproof.load.actor import Actor
from eventproof.load.backoff import backoff
from eventproof.load.device import Device
from eventproof.load.generator import Generator
from eventproof.load.greenlets import sleep
from eventproof.target import Identity

__all__ = ["Claimant"]

_REPLAY = "replay"
_KNOWN = 200
"""So many claims of a member are remembered; about an older one the target is asked again."""


class Claimant(Actor):
    """A member who has claims."""

    def __init__(
        self, generator: Generator, identity: Identity, devices: int, acknowledging: Acknowledging, late_by: float
    ) -> None:
        super().__init__(generator, identity, devices)
        self.acknowledging = acknowledging
        self.late_by = late_by
        # Missed is what came while there was no connection at all: another device of the same member counts as one.
        self.replays = devices == 1 and _REPLAY in generator.target.capabilities
        self._is_asking = False
        self._strange: dict[Hashable, Device] = {}
        """The claims that nobody knows yet, and where something about them arrived."""
        self._asked_for: deque[Hashable] = deque(maxlen=_KNOWN)
        self.claims_known: deque[Hashable] = deque(maxlen=_KNOWN)
        """The last of those that were submitted in this run."""
        self.submitting = 0
        """Submissions that are not answered yet: what comes now may be about a claim that nobody knows yet."""

    @property
    def is_ready(self) -> bool:
        """Whether a claim may be theirs: they have been connected once, and may be away now."""
        return not self.has_left and not self.is_deaf and any(device.connections for device in self.devices)

    @property
    def has_acted(self) -> bool:  # type: ignore[override]  # it changes here
        """Whether a claim of this run is theirs."""
        return bool(self.submitting or self.claims_known)

    def claims(self) -> list[Any] | None:
        """All claims of this member, as the target lists them; None where it does not answer."""
        answer = self.perform("listClaims", {})
        if not answer.done:
            return None
        listed = actions.read(self.generator.target.operations["listClaims"], "claims", answer.body)
        return listed if isinstance(listed, list) else None

    def connected(self, device: Device) -> None:
        """A device is connected; with the first one, claims may be aimed here."""
        super().connected(device)
        if sum(one.connections for one in self.devices) == 1:
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
                    sleep(backoff(attempt, self.generator.random))
                    attempt += 1
                listed_ids = [str(actions.at(claim, place)) for claim in listed or ()]
                for subject, device in strange.items():
                    if subject in listed_ids and subject not in self.claims_known:
                        self.generator.books.ledger.own(device, subject)
        finally:
            self._is_asking = False
