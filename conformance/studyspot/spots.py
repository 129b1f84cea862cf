"""Libraries and bookings of the cases, by REST, and who is at which desk."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from eventproof import checks
from eventproof.actions import at
from eventproof.conform.cases import Answer, Case, ContractViolation, Inconclusive, Line, Person, Received

STUDENT: Final = "student"
OWNER: Final = "library_owner"
STAFF: Final = "staff"

JOIN_ROLE: Final = "join:role"
JOIN_LIBRARY: Final = "join:library"
LEAVE_LIBRARY: Final = "leave:library"

BOOKING_CREATED: Final = "booking:created"
BOOKING_UPDATED: Final = "booking:updated"
BOOKING_CANCELLED: Final = "booking:cancelled"
CHECKED_IN: Final = "booking:checkin"
CHECKED_OUT: Final = "booking:checkout"
LIBRARY_CREATED: Final = "library:created"
LIBRARY_UPDATED: Final = "library:updated"
PRICING_UPDATED: Final = "pricing:updated"
SEAT: Final = "seat:availability"

_FIELDS: Final[Mapping[str, Any]] = {"address": "12 MG Road, Pune", "seatCount": 4, "hourly": 50}
_FIRST_HOUR: Final = 9
_HOURS: Final = 3
"""That a booking takes, where its case does not say otherwise."""
_HOURS_APART: Final = 4
"""From one seat's hours to those of the next: nobody has to be allowed two seats at a time."""
Id = str | int


@dataclass(frozen=True, slots=True)
class Booking:
    """A booking of a case, and whose it is."""

    id: Id
    student: Person

    def is_about(self, event: Received) -> bool:
        """Whether an event is about this booking, by whichever name it has there."""
        return any(str(at(event.payload, place)) == str(self.id) for place in ("/id", "/bookingId"))


@dataclass(frozen=True, slots=True)
class Spot:
    """A library of a case, its owner, and the day on which the case books its seats."""

    case: Case
    owner: Person
    id: Id
    seats: Sequence[Id]
    day: date

    def is_about(self, event: Received) -> bool:
        """Whether an event is about this library."""
        return any(str(at(event.payload, place)) == str(self.id) for place in ("/id", "/libraryId"))

    def time(self, hour: float) -> str:
        """A time on that day."""
        midnight = datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC)
        return (midnight + timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def asked(self, seat: int = 0, begin: float | None = None, end: float | None = None) -> dict[str, Any]:
        """What a booking of this seat is asked for with: for the seat's own hours where none are named."""
        usual = _FIRST_HOUR + _HOURS_APART * seat
        begin = usual if begin is None else begin
        times = {"startsAt": self.time(begin), "endsAt": self.time(begin + _HOURS if end is None else end)}
        return {"libraryId": self.id, "seatId": self.seats[seat], **times}

    async def book(
        self, student: Person, seat: int = 0, begin: float | None = None, end: float | None = None
    ) -> Answer:
        """Ask for a seat, whatever the answer."""
        return await student.call("createBooking", **self.asked(seat, begin, end))

    async def booked(
        self, student: Person, seat: int = 0, begin: float | None = None, end: float | None = None
    ) -> Booking:
        """A booking, which only arranges the case."""
        return booking_of((await self.book(student, seat, begin, end)).must_succeed(), student)

    async def update(self, booking: Booking, by: Person, end: float) -> Answer:
        """Let a booking end at another time."""
        return (await by.call("updateBooking", bookingId=booking.id, endsAt=self.time(end))).must_succeed()

    async def cancel(self, booking: Booking, by: Person) -> Answer:
        """Cancel a booking."""
        return (await by.call("cancelBooking", bookingId=booking.id)).must_succeed()

    async def check_in(self, booking: Booking, by: Person) -> Answer:
        """Check a student in, a day ahead; raises Inconclusive where that is refused, since a server may be strict."""
        answer = await by.call("checkIn", bookingId=booking.id)
        if answer.is_refused:
            raise Inconclusive(
                f"checkIn was refused, so nothing can be said here: {answer}; bookings of the check are for tomorrow "
                "(UTC), and a server that checks in only near the beginning of a booking cannot be judged by them"
            )
        return answer

    async def employs(self, member: Person) -> Person:
        """Have somebody help at its desk; gives them back."""
        await member.session()
        (await self.owner.call("addStaff", libraryId=self.id, staffId=member.id)).must_succeed()
        return member


async def open_spot(case: Case, owner: Person | None = None) -> Spot:
    """A new library. It is removed when the case is over."""
    owner = owner or case.acting(OWNER)
    made = (await owner.call("createLibrary", name=a_name(case), **_FIELDS)).must_succeed()
    library = id_of(made, "libraryId")
    listed = (await owner.call("listSeats", libraryId=library)).must_succeed()
    place = case.target.operations["listSeats"].answers.get("seatId", "/seatId")
    return Spot(
        case,
        owner,
        library,
        [at(seat, place) for seat in items(listed, "seats")],
        datetime.now(UTC).date() + timedelta(days=1),
    )


def a_name(case: Case) -> str:
    """A name that no library has had."""
    return f"Library {case.random.getrandbits(48):x} of a check"


def id_of(answer: Answer, name: str) -> Id:
    """An id that an answer says, as the target writes it."""
    found = answer.says(name)
    return found if isinstance(found, int) else str(found)


def booking_of(answer: Answer, student: Person) -> Booking:
    """The booking that a call made."""
    return Booking(id_of(answer, "bookingId"), student)


def items(answer: Answer, name: str) -> list[Mapping[str, Any]]:
    """A list that an answer says; raises ContractViolation where it is none."""
    found = answer.says(name)
    if not isinstance(found, list) or not all(isinstance(item, Mapping) for item in found):
        raise ContractViolation(
            f"{answer.operation} gives no list of {name}", expected="a list of objects", observed=str(answer)
        )
    return found


@dataclass(frozen=True, slots=True)
class Scene:
    """A library whose owner and one staff member listen, as a student does, and others whom it does not concern."""

    spot: Spot
    student: Person
    mine: Line
    desk: Sequence[Line]
    others: Sequence[Person]
    """A student, and where the profile gives them, an owner and a staff member of another library."""

    async def nobody_else(self, name: str) -> None:
        """Raise ContractViolation where somebody else heard such an event; a canary came later to all who listen."""
        case = self.spot.case
        await case.canary(*self.others, self.student)
        case.judge(checks.leaked(case.story(), name), checks.invalid(case.records, case.known, name))


async def set_scene(case: Case) -> Scene:
    """Everybody is connected, and has joined the room of their role."""
    student, other = await case.users(2)
    spot = await open_spot(case)
    member = await spot.employs(case.acting(STAFF))
    others = [other]
    if len(case.target.people(OWNER)) > 1:
        elsewhere = await open_spot(case, await case.person(OWNER))
        others.append(elsewhere.owner)
        if len(case.target.people(STAFF)) > 1:
            others.append(await elsewhere.employs(await case.person(STAFF)))
    _warn_of_silent_desks(case, others)
    mine, *desk = [await person.connect() for person in (student, spot.owner, member)]
    for person in others:
        await person.connect()
    return Scene(spot, student, mine, desk, others)


def _warn_of_silent_desks(case: Case, others: Sequence[Person]) -> None:
    """Nobody listens at another desk where the profile gives too few: what is told to all desks is not seen then."""
    if silent := {OWNER, STAFF} - {person.role for person in others}:
        roles = " and ".join(f'"{role}"' for role in sorted(silent))
        case.warn(
            f"nobody of the role {roles} listens at the desk of another library, so it is not seen whether they are "
            "told of this one: give two of each under [[identities.people]]"
        )


def says(name: str, value: Any) -> Callable[[Received], bool]:
    """Whether an event says this in a field at its top."""
    return lambda event: str(at(event.payload, f"/{name}")) == str(value)
