"""The life of one booking in a swarm: many students want one seat at one time, one gets it, and uses it or cancels.

What a call causes is entered when it was answered: only the answer tells whose booking it is.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Any, ClassVar, Final

from eventproof.catalog import load
from eventproof.load.actor import Actor
from eventproof.load.calls import said
from eventproof.load.generator import Generator
from eventproof.load.greenlets import together
from eventproof.load.life import Life, LifeStep, Table, table_of

from .desk import DeskScreen
from .hall import hall_of
from .library import RushedLibrary

__all__ = ["Rush"]

_CONFLICT: Final = 409
_BOOK: Final = "createBooking"
_CANCEL: Final = "cancelBooking"


class Rush(Life):
    """One seat of a library at one time, which `size` students want at once."""

    table: ClassVar[Table] = table_of(load().system("studyspot").states["booking"])

    def __init__(
        self,
        generator: Generator,
        library: RushedLibrary,
        desk: DeskScreen,
        intended: float,
        *,
        pace: float,
        size: int,
        is_cancelled: bool,
    ) -> None:
        super().__init__(generator, intended, pace)
        self._hall = hall_of(generator)
        self._library = library
        self._desk = desk
        self._size = size
        self._will_be_cancelled = is_cancelled
        self._winners: list[tuple[Actor, Mapping[str, Any]]] = []
        """Who has the seat, each with what the answer said; one, where the target is right."""

    def live(self) -> bool:
        """Live until the end of the booking, or of the test."""
        self._wanted = self._library.take()
        try:
            return super().live()
        finally:
            self._library.give_back(self._wanted["seatId"])

    def choose(self, steps: Sequence[LifeStep]) -> LifeStep:
        """Cancel, or come and go."""
        return next(step for step in steps if (step.operation == _CANCEL) is self._will_be_cancelled)

    def take(self, step: LifeStep, intended: float) -> bool:
        """Book, or take the booking further."""
        return self._book(step, intended) if step.operation == _BOOK else self._go_on(step, intended)

    def _book(self, step: LifeStep, intended: float) -> bool:
        """Have them all ask for the seat; whether one has it."""
        books, students = self.generator.books, self._hall.visitors.next(self._size)
        together([partial(self._ask, student, intended) for student in students])
        if len(self._winners) > 1:
            twice = len(self._winners) - 1
            books.count("booked_twice", twice)
            self._hall.twice[self._library.id, self._wanted["seatId"], self._wanted["startsAt"]] = twice
            books.incident(str(self._library), f"{len(self._winners)} students have one seat at one time")
        elif not self._winners:
            self._failed(f"nobody of {len(students)} got a seat that was free")
        self.state = step.state
        return len(self._winners) == 1

    def _ask(self, student: Actor, intended: float) -> None:
        books, called = self.generator.books, monotonic()
        answer = student.attempt(_BOOK, self._wanted)
        if answer.done:
            books.record("booking_to_answer", monotonic() - intended, late=called - intended)
            books.count("bookings")
            says = said(self.generator.target.operations[_BOOK], answer)
            self._winners.append((student, says))
            self._caused(_BOOK, student, self._wanted, says, intended, called)
        elif answer.status == _CONFLICT:
            books.count("outrun")
        else:
            self._failed(f"{_BOOK} was answered with {answer}")

    def _go_on(self, step: LifeStep, intended: float) -> bool:
        """Have the student cancel, or the desk check them in or out."""
        student, booking = self._winners[0]
        who: Actor = student if step.operation == _CANCEL else self._desk
        asked, called = {"bookingId": booking["bookingId"]}, monotonic()
        answer = who.attempt(step.operation, asked)
        if not answer.done:
            self._failed(f"{step.operation} was answered with {answer}")
            return False
        self.state = step.state
        says = {**booking, **said(self.generator.target.operations[step.operation], answer)}
        self._caused(step.operation, who, asked, says, min(intended, called), called)
        return True

    def _caused(
        self,
        operation: str,
        who: Actor,
        asked: Mapping[str, Any],
        says: Mapping[str, Any],
        intended: float,
        called: float,
    ) -> None:
        """The step is done: enter what it causes, and measure when the last in the library's room is told."""
        number = next(self._hall.steps)
        effects = who.caused(operation, asked, says, number)
        self._hall.seats.begin(effects, at=intended, called=called, step=number)

    def _failed(self, why: str) -> None:
        books = self.generator.books
        books.count("failed")
        books.incident(str(self._library), why)
