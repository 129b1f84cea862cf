"""A user in the swarm of any contract: hears what they are told in one place, and has a habit."""

from collections.abc import Iterable
from time import monotonic
from typing import Final

from eventproof.load.acknowledging import Acknowledging
from eventproof.load.device import Device
from eventproof.load.generator import Generator
from eventproof.load.greenlets import sleep
from eventproof.load.outages import Outages
from eventproof.load.visits import Visitor
from eventproof.population import Habit
from eventproof.target import Identity

from .hall import hall_of
from .place import Place

__all__ = ["Listener"]

_GLANCE: Final = 0.05
_SETTLED_IN: Final = 10.0
"""Seconds after which who reads nothing begins with that, wherever they are."""


class Listener(Visitor[Place]):
    """On some devices on the main channel, and one on each further one."""

    knows_repeats = False

    def __init__(
        self, generator: Generator, identity: Identity, habit: Habit, devices: int, channels: Iterable[str]
    ) -> None:
        self._hall = hall_of(generator)
        self._number = generator.entered
        self.habit = habit
        super().__init__(generator, identity, self._hall, devices, channels)
        said = generator.target.population
        if habit is Habit.SLOW:
            self.will_read_nothing = True
        elif habit is Habit.SILENT:
            self.acknowledging = Acknowledging.SILENT
        elif habit is Habit.CUT:
            generator.one(Outages).plan(self, said.cut_every, said.cut_for)

    def __str__(self) -> str:
        is_named = self.identity.id is not None or self.identity.email is not None
        return self.identity.name if is_named else f"{self.identity.name} {self._number}"

    @property
    def replays(self) -> bool:  # type: ignore[override]  # the target says it
        """Whether what was missed is due on the return."""
        return "replay" in self.generator.target.capabilities

    def stall(self) -> None:
        """Read nothing, once they are where they want to be."""
        self.habit, self.will_read_nothing = Habit.SLOW, True

    def look_at(self, place: Place) -> None:
        """Ask to be told of it, on every device."""
        for event, argument in self._hall.asks(place):
            for device in self.devices:
                device.ask_for(event.name, argument)

    def connected(self, device: Device) -> None:
        """A device is connected; who reads nothing stops as soon as they are where they want to be."""
        is_first = sum(one.connections for one in self.devices) == 1
        super().connected(device)
        if is_first and self.habit is Habit.ACT:
            self._hall.acting.came(self)
        if self.habit is Habit.SLOW:
            self.generator.spawn(self._read_no_more, device)

    def _read_no_more(self, device: Device) -> None:
        end = monotonic() + _SETTLED_IN
        while (self.place is None or device.is_connecting) and monotonic() < end:
            sleep(_GLANCE)
        self.deafen()
        self.generator.books.ledger.miss(device)
        device.stall()
