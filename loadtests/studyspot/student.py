"""A student in a swarm: connected on one or several devices, and looking at the seats of one library."""

from collections.abc import Hashable
from typing import Any, Final

from eventproof.load.actor import Actor
from eventproof.load.device import Device
from eventproof.load.generator import Generator
from eventproof.load.judgement import Match
from eventproof.target import Identity

from .hall import hall_of
from .library import RushedLibrary

__all__ = ["Student"]

_OF_LIBRARIES: Final = frozenset({"library:created", "library:updated", "library:deleted", "pricing:updated"})
"""What all students are told, whoever caused it."""


class Student(Actor):
    """Somebody who books seats."""

    def __init__(self, generator: Generator, identity: Identity, devices: int) -> None:
        self.library: RushedLibrary | None = None
        """The one whose seats they look at."""
        self._hall = hall_of(generator)
        self._is_of_all = False
        super().__init__(generator, identity, devices)

    @property
    def is_there(self) -> bool:
        """Whether they are connected on any device."""
        return not self.has_left and any(device.is_open for device in self.devices)

    def move(self, library: RushedLibrary) -> None:
        """Look at the seats of another library, on every device."""
        for device in self.devices:
            if self.library is not None:
                device.ask_to_leave("leave:library", self.library.id)
            device.ask_for("join:library", library.id)
        self.library = library

    def connected(self, device: Device) -> None:
        """A device is connected; with the first one, a student is there."""
        super().connected(device)
        if sum(one.connections for one in self.devices) == 1:
            self._hall.came(self)

    def received(self, device: Device, event: str, payload: Any, match: Match) -> None:  # noqa: ARG002 - its name tells
        """Something arrived; `met` follows where nobody knows what it is about."""
        self._is_of_all = event in _OF_LIBRARIES

    def met(self, device: Device, subject: Hashable) -> None:  # noqa: ARG002 - all of them are told
        """A library that nobody knows yet."""
        if self._is_of_all:
            self._hall.met(subject)
