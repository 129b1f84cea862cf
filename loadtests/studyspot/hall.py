"""What the students and the desks of one process share: the libraries, who is there, and what everybody is told."""

from collections import Counter
from collections.abc import Hashable
from itertools import count
from typing import Final

from eventproof.load.generator import Generator
from eventproof.load.spread import Spread
from eventproof.load.visits import Visits

from .library import RushedLibrary

__all__ = ["Hall", "hall_of"]

_SEATS: Final = "seat:availability"


class Hall(Visits[RushedLibrary]):
    """That of one process and run; the places are libraries, and the visitors students."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator
        self.steps = count(1)
        """The places of all causes in the order in which they were known."""
        self.seats = Spread(generator, (_SEATS,), "seat_to_last")
        self.twice: Counter[tuple[str, ...]] = Counter()
        """How often more than once a seat was booked at a time, by library, seat and time, as answers said."""
        self._creating = 0
        self._known: set[Hashable] = set()
        self._strange: set[Hashable] = set()

    def begins_creating(self) -> None:
        """A library is being opened: what is told of one that nobody knows may be about it."""
        self._creating += 1

    def created(self, library: RushedLibrary | None) -> None:
        """It is there, or it could not be opened."""
        self._creating -= 1
        if library is not None:
            self._known.add(library.id)
            self.places.append(library)
        if not self._creating:
            strange, self._strange = self._strange, set()
            for subject in strange:
                self.met(subject)

    def met(self, subject: Hashable) -> None:
        """All students were told of a library: one that no process opens is that of others, and theirs to judge."""
        if subject in self._known or subject in self._strange:
            return
        if self._creating:
            self._strange.add(subject)
        else:
            self._known.add(subject)
            self.generator.disown(subject)


def hall_of(generator: Generator) -> Hall:
    """The one of this process and run."""
    return generator.one(Hall)
