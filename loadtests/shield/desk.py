"""An admin's dashboard in a swarm: connected to the system's channel like any member, and told what admins are told."""

from collections.abc import Hashable
from math import inf
from typing import TYPE_CHECKING

import gevent

from eventproof.load.device import Device
from eventproof.load.manner import Manner
from eventproof.target import Identity

if TYPE_CHECKING:
    from eventproof.load.generator import Generator

__all__ = ["ADMINS", "Desk"]

ADMINS = "role:admin"
_GLANCE = 0.05


class Desk:
    """One admin of the profile, on one device. Several desks may be of one admin."""

    manner = Manner.PROMPT
    late_by = 0.0
    replays = False
    has_acted = True

    def __init__(self, generator: "Generator", identity: Identity) -> None:
        self.generator = generator
        self.identity = identity
        self.token: str | None = None
        self.device = Device(self, 1)

    def __str__(self) -> str:
        return self.identity.name

    def enter(self) -> None:
        """Log in and connect; waits until that is done, or has failed."""
        self.token = self.generator.calls.token_of(self.identity)
        # What others do, other processes of the swarm for one, may be told here and is not known here.
        for event in self.generator.books.events.values():
            if ADMINS in event.audience:
                self.generator.books.ledger.permit(event.name, [self.device], until=inf)
        self.device.open()
        while self.device.is_connecting:
            gevent.sleep(_GLANCE)

    def leave(self) -> None:
        """Close for good."""
        self.device.leave()

    def renew(self) -> bool:
        """Get a new token; whether there is one."""
        token = self.generator.calls.log_in(self.identity).token
        self.token = token or self.token
        return token is not None

    def owes(self, what: Hashable, *, at: float) -> bool:
        """Whether the target need not know yet that this admin acknowledged `what`."""
        return self.generator.acks.is_owed(self.device, what, at=at)

    def connected(self) -> None:
        """Nothing waits for this."""

    def met(self, device: Device, subject: Hashable) -> None:
        """Admins are told about everybody's claims."""
