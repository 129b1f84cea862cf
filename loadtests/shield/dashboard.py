"""An admin's dashboard in a swarm: connected to the system's channel like any member, and told what admins are told."""

from math import inf

from eventproof.catalog import of_role
from eventproof.load.actor import Actor
from eventproof.load.device import Device
from eventproof.load.greenlets import sleep

__all__ = ["Dashboard"]

_GLANCE = 0.05


class Dashboard(Actor):
    """One admin of the profile, on one device. Several dashboards may be of one admin."""

    def enter(self) -> None:
        """Log in and connect; waits until that is done, or has failed."""
        self.token = self.generator.calls.token_of(self.identity)
        # What others do, other processes of the swarm for one, may be told here and is not known here.
        for event in self.generator.books.events.values():
            if of_role(self.identity.role) in event.audience:
                self.generator.books.ledger.permit(event.name, self.devices, until=inf)
        self.open()
        while self.is_connecting:
            sleep(_GLANCE)

    def connected(self, device: Device) -> None:
        """An admin is no member: nobody waits for this."""
