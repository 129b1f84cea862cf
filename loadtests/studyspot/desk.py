"""A screen at the desk of a library: that of its owner or of a staff member, who are told of every booking there."""

from eventproof.load.actor import Actor
from eventproof.load.device import Device
from eventproof.load.greenlets import sleep

__all__ = ["DeskScreen"]

_GLANCE = 0.05


class DeskScreen(Actor):
    """Somebody on one device. Several screens may be of one person."""

    def enter(self) -> None:
        """Log in and connect; waits until that is done, or has failed."""
        super().enter()
        while self.is_connecting:
            sleep(_GLANCE)

    def connected(self, device: Device) -> None:
        """Who works at a desk is no student: nobody waits for this."""
