"""Somebody at whom what is told in a scenario of any system may be aimed."""

from eventproof.load.actor import Actor
from eventproof.load.device import Device

__all__ = ["Aimed"]


class Aimed(Actor):
    """Is told as soon as they have been connected once, also while they are away; unless they read nothing."""

    @property
    def is_ready(self) -> bool:
        """Whether they may be told: nothing is aimed at who has left, or reads nothing."""
        return not self.has_left and not self.is_deaf

    def connected(self, device: Device) -> None:
        """With the first connection, they may be told."""
        super().connected(device)
        if sum(one.connections for one in self.devices) == 1:
            self.generator.ready.append(self)
