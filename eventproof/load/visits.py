"""Visitors who go from place to place, and the places that one process has for them."""

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Generic, TypeVar

from eventproof.target import Identity

from .actor import Actor
from .turns import Turns

if TYPE_CHECKING:
    from .device import Device
    from .generator import Generator

__all__ = ["Visitor", "Visits"]

_Place = TypeVar("_Place")


class Visitor(Actor, Generic[_Place]):
    """Somebody who looks at one place at a time, such as a shop; a class of their own says how that is asked for."""

    def __init__(
        self,
        generator: "Generator",
        identity: Identity,
        visits: "Visits[_Place]",
        devices: int = 1,
        channels: Iterable[str] = (),
    ) -> None:
        self.place: _Place | None = None
        """Where they are."""
        self._visits = visits
        super().__init__(generator, identity, devices, channels)

    @property
    def is_there(self) -> bool:
        """Whether they are connected on any device."""
        return not self.has_left and any(device.is_open for device in self.devices)

    def move(self, place: _Place) -> None:
        """Go to another place."""
        self.look_at(place)
        self.place = place

    def look_at(self, place: _Place) -> None:
        """Ask, on every device, to be told of this place, and no more of the one where they are."""

    def connected(self, device: "Device") -> None:
        """A device is connected; with the first one, a visitor is there."""
        super().connected(device)
        if sum(one.connections for one in self.devices) == 1:
            self._visits.came(self)


class Visits(Generic[_Place]):
    """The places of one process, and who is at which."""

    def __init__(self) -> None:
        self.places: deque[_Place] = deque()
        self.visitors: Turns[Visitor[_Place]] = Turns()

    def came(self, visitor: Visitor[_Place]) -> None:
        """Somebody is connected for the first time."""
        self.visitors.came(visitor)
        self._place(visitor)

    def settle_in(self) -> None:
        """Who is nowhere yet goes to a place, each to the next one in turn."""
        for visitor in self.visitors.all():
            self._place(visitor)

    def _place(self, visitor: Visitor[_Place]) -> None:
        if visitor.place is None and self.places:
            self.places.rotate(-1)
            visitor.move(self.places[-1])
