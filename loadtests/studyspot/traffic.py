"""What students of studyspot are told in a scenario of any system: that a booking of theirs is another one now.

Each of them moves a booking of their own, to a seat and a time that nobody else is given. Who has no connection then is
not told later. The libraries are closed at the end, and the bookings with them.
"""

from collections import deque
from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Final

from eventproof import layout
from eventproof.load.actor import Actor
from eventproof.load.calls import said
from eventproof.load.generator import Generator
from eventproof.target import Identity

from .hall import hall_of
from .library import RushedLibrary
from .opening import opened
from .student import Student

if TYPE_CHECKING:
    from loadtests.any_system.aimed import Aimed
    from loadtests.any_system.traffic import Traffic
else:
    Aimed = layout.loadtests("any_system.aimed").Aimed
    Traffic = layout.loadtests("any_system.traffic").Traffic

__all__ = ["TRAFFIC", "BookingTraffic", "Mover"]

_SEATS: Final = 100


class Mover(Aimed, Student):
    """A student with a booking, who looks at the seats of no library."""

    def __init__(self, generator: Generator, identity: Identity, devices: int) -> None:
        super().__init__(generator, identity, devices)
        self.library: RushedLibrary | None = None
        """Where they have a booking; None before they have one."""
        self.booking: Mapping[str, Any] = {}
        """What the target said of it."""

    def look_at(self, place: RushedLibrary) -> None:
        """Ask for nothing: what becomes of seats is told to nobody here."""


class BookingTraffic(Traffic):
    """Students move their bookings in the libraries of an owner."""

    acting: ClassVar[str] = "library_owner"

    def __init__(self, generator: Generator) -> None:
        super().__init__(generator)
        self._steps = hall_of(generator).steps
        self._libraries: deque[RushedLibrary] = deque()

    def member(self, identity: Identity, devices: int) -> Mover:
        """On so many devices."""
        return Mover(self.generator, identity, devices)

    def begin(self) -> None:
        """Open a library, of which all students hear."""
        owner = Actor(self.generator, self.generator.somebody(self.acting), 0)
        self._libraries.append(opened(owner, _SEATS))

    def tell(self, aim: Mover, intended: float) -> None:
        """Have them move their booking; before the first time they make one."""
        self.begins(intended)
        try:
            library = aim.library or self._booked(aim)
            if library is None:
                return
            asked = {"bookingId": aim.booking["bookingId"], **library.another()}
            del asked["libraryId"]
            called, answer = monotonic(), aim.attempt("updateBooking", asked)
            if self.done(f"updateBooking of {aim}", answer):
                says = {**aim.booking, **said(self.generator.target.operations["updateBooking"], answer)}
                number = next(self._steps)
                effects = aim.caused("updateBooking", asked, says, number)
                effects.expect(at=min(intended, called), called=called, step=number)
        finally:
            # Of two at once, nobody would know which one was the last.
            self.generator.ready.append(aim)

    def _booked(self, mover: Mover) -> RushedLibrary | None:
        """Where they have a booking from now on, of which only a desk is told; None where they were not given it."""
        self._libraries.rotate()
        library = self._libraries[0]
        answer = mover.attempt("createBooking", library.another())
        if not self.done(f"createBooking of {mover}", answer):
            return None
        mover.booking = said(self.generator.target.operations["createBooking"], answer)
        mover.library = library
        return library


TRAFFIC: Final = BookingTraffic
