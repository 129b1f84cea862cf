"""A student in a swarm: connected on one or several devices, and looking at the seats of one library."""

from collections.abc import Hashable
from typing import Any, Final

from eventproof.load.device import Device
from eventproof.load.generator import Generator
from eventproof.load.judgement import Match
from eventproof.load.visits import Visitor
from eventproof.target import Identity

from .hall import hall_of
from .library import RushedLibrary

__all__ = ["Student"]

_OF_LIBRARIES: Final = frozenset({"library:created", "library:updated", "library:deleted", "pricing:updated"})
"""What all students are told, whoever caused it."""


class Student(Visitor[RushedLibrary]):
    """Somebody who books seats, and looks at those of one library."""

    def __init__(self, generator: Generator, identity: Identity, devices: int) -> None:
        self._hall = hall_of(generator)
        self._is_of_all = False
        super().__init__(generator, identity, self._hall, devices)

    def look_at(self, place: RushedLibrary) -> None:
        """Be in the library's room, on every device."""
        for device in self.devices:
            if self.place is not None:
                device.ask_to_leave("leave:library", self.place.id)
            device.ask_for("join:library", place.id)

    def received(self, device: Device, event: str, payload: Any, match: Match) -> None:  # noqa: ARG002 - its name tells
        """Something arrived; `met` follows where nobody knows what it is about."""
        self._is_of_all = event in _OF_LIBRARIES

    def met(self, device: Device, subject: Hashable) -> None:  # noqa: ARG002 - all of them are told
        """A library that nobody knows yet."""
        if self._is_of_all:
            self._hall.met(subject)
