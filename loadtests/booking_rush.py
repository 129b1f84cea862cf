"""Students after the last seats of a few libraries: who gets one, who hears of it, and how soon the last one does.

Many want one seat at the same moment; one gets it, who cancels or is checked in and out at the desk. Everybody looks at
the seats of one library, and some go over to another.

locust -f loadtests/booking_rush.py --target eventproof.toml
eventproof swarm booking_rush --users 1000 --spawn-rate 200 --run-time 1m --option rush-rate=4 --option rush-size=10
"""

from collections import Counter
from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any

from eventproof import actions, layout
from eventproof.load import plugin
from eventproof.load.calls import CallAnswer, said
from eventproof.load.generator import Generator
from eventproof.load.users import Act, ActingUser, ConnectedUser
from eventproof.target import Identity

if TYPE_CHECKING:
    from loadtests.studyspot.desk import DeskScreen
    from loadtests.studyspot.hall import hall_of
    from loadtests.studyspot.library import RushedLibrary
    from loadtests.studyspot.opening import opened
    from loadtests.studyspot.rush import Rush
    from loadtests.studyspot.student import Student
else:
    DeskScreen = layout.loadtests("studyspot.desk").DeskScreen
    hall_of = layout.loadtests("studyspot.hall").hall_of
    RushedLibrary = layout.loadtests("studyspot.library").RushedLibrary
    opened = layout.loadtests("studyspot.opening").opened
    Rush = layout.loadtests("studyspot.rush").Rush
    Student = layout.loadtests("studyspot.student").Student

plugin.system("studyspot", members="student", acting="library_owner", others=("staff",), patience=15.0, recurs=True)
plugin.latency("seat_to_last", "from the intended time of a booking or its end to the last in the library who was told")
plugin.latency("booking_to_answer", "from the intended time of a rush to the answer of whoever got the seat")
plugin.count("bookings", "seats that somebody got", of="bookings")
plugin.count("outrun", "students who wanted a seat that another one got", of="outrun")
plugin.count("booked_twice", "bookings of a seat beyond the first at the same time", of="bookings")
plugin.objectives(
    "seat_to_last: p(99) < 2s",
    "booking:created: p(99) < 2s",
    "booked_twice == 0",
    "lost == 0",
    "leaked == 0",
    "out_of_order == 0",
    "unexplained == 0",
    "invalid == 0",
    "unjoined == 0",
    "dropped == 0",
    "failed == 0",
)

plugin.option("--rush-rate", above=0, type=float, default=4.0, help="Seats a second that students rush for.")
plugin.option("--rush-size", least=1, type=int, default=10, help="How many students want the same seat.")
plugin.option("--libraries", least=1, most=50, type=int, default=3, help="How many libraries each owner has.")
plugin.option("--seats", least=1, most=500, type=int, default=40, help="How many seats each library has.")
plugin.option("--stay", least=0, type=float, default=1.0, help="Seconds between two steps of a booking: in, out.")
plugin.option("--cancel-share", least=0, most=1, type=float, default=0.3, help="The share of bookings cancelled.")
plugin.option("--move-rate", least=0, type=float, default=4.0, help="Students a second who go to another library.")
plugin.option("--reprice-rate", least=0, type=float, default=0.2, help="New prices a second, which all students hear.")


class Learner(ConnectedUser):
    """A student who looks at seats, and runs for them."""

    def actor(self, generator: Generator, identity: Identity) -> Student:
        """On one device, or on two or three."""
        return Student(generator, identity, self.devices())


class Librarian(ActingUser):
    """An owner with some libraries, and a staff member who helps in all of them."""

    def enter(self) -> None:
        """Connect the screens of both, and open the libraries, which are closed at the end."""
        generator = self.generator
        self.hall = hall_of(generator)
        self.owner = DeskScreen(generator, generator.somebody("library_owner"))
        self.helper = DeskScreen(generator, generator.somebody("staff"))
        for screen in (self.owner, self.helper):
            generator.beside.append(screen)
            screen.enter()
        self.libraries = [self._opened() for _ in range(self.environment.parsed_options.libraries)]
        self.hall.settle_in()
        generator.last.append(self._look)

    def rates(self) -> Mapping[Act, float]:
        """Rushes, students who move, new prices a second."""
        options = self.environment.parsed_options
        rates: dict[Act, float] = {
            self.rush: options.rush_rate,
            self.move: options.move_rate,
            self.reprice: options.reprice_rate,
        }
        return {act: rate / self.fixed_count for act, rate in rates.items()}

    def aim(self) -> RushedLibrary | None:
        """The next library in turn that has a seat."""
        for _ in self.libraries:
            library = self.libraries.pop(0)
            self.libraries.append(library)
            if library.has_seat:
                return library
        self.generator.books.count("omitted")
        return None

    def rush(self, library: RushedLibrary, intended: float) -> None:
        """Have many students ask for one seat, and take the booking through its life."""
        options, random = self.environment.parsed_options, self.generator.random
        is_cancelled = random.random() < options.cancel_share
        desk = self.owner if random.random() < 0.5 else self.helper
        Rush(
            self.generator,
            library,
            desk,
            intended,
            pace=options.stay,
            size=options.rush_size,
            is_cancelled=is_cancelled,
        ).live()

    def move(self, library: RushedLibrary, intended: float) -> None:  # noqa: ARG002 - nobody waits for it
        """A student goes over to this library."""
        for student in self.hall.visitors.next(1):
            if student.place is not library:
                student.move(library)

    def reprice(self, library: RushedLibrary, intended: float) -> None:
        """Set another price, of which all students hear."""
        self.generator.books.count("actions")
        called, price = monotonic(), self.generator.random.randint(10, 99)
        answer = self.owner.must("updatePricing", {"libraryId": library.id, "hourly": price})
        self._caused("updatePricing", {"libraryId": library.id}, answer, intended, called)

    def _opened(self) -> RushedLibrary:
        """A new library, with the helper at its desk."""
        library = opened(self.owner, self.environment.parsed_options.seats)
        called, placed = monotonic(), {"libraryId": library.id, "staffId": self.helper.identity.id}
        self._caused("addStaff", placed, self.owner.must("addStaff", placed), called, called)
        return library

    def _look(self) -> None:
        """Read how the bookings stand: each seat is booked once at each time."""
        ours = {library.id for library in self.libraries}
        answer = self.owner.must("listBookings", {})
        places = self.generator.target.operations["listBookings"].answers
        booked: Counter[tuple[Any, ...]] = Counter()
        for booking in actions.at(answer.body, places.get("bookings", "/data")):
            library, seat, status, begins = (
                actions.at(booking, places.get(name, f"/{name}"))
                for name in ("libraryId", "seatId", "status", "startsAt")
            )
            if library in ours and status != "cancelled":
                booked[library, seat, begins] += 1
        for (library, seat, begins), number in booked.items():
            if number - 1 > self.hall.twice[library, seat, begins]:
                self.generator.books.count("booked_twice", number - 1 - self.hall.twice[library, seat, begins])
                self.generator.books.incident(f"library {library}", f"{seat} is booked {number} times at {begins}")

    def _caused(
        self, operation: str, asked: Mapping[str, Any], answer: CallAnswer, intended: float, called: float
    ) -> None:
        """A call of the owner was done: enter whom it put into which room, and what it causes."""
        says, number = said(self.generator.target.operations[operation], answer), next(self.hall.steps)
        effects = self.owner.caused(operation, asked, says, number)
        self.generator.moved(effects.cause, asked=called)
        effects.expect(at=intended, called=called, step=number)
