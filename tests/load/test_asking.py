"""What a device asks for by events of its own: on every connection again, and what is known of it meanwhile."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from eventproof import profile
from eventproof.catalog import Cause
from eventproof.client.hub_connection import Closure, ClosureReason
from eventproof.errors import UsageError
from eventproof.load.actor import Actor
from eventproof.load.call_effects import CallEffects
from eventproof.load.contracts import contracts
from eventproof.load.generator import Generator
from eventproof.load.requests import Requests
from eventproof.load.saturation import GeneratorLimits
from eventproof.load.scenario import Scenario
from eventproof.load.share import ProcessShare
from eventproof.target import Identity
from eventproof.wire.connection import AckReceived, EventReceived

_BOOKED = Cause(
    "createBooking",
    {"libraryId": "l1", "seatId": "s1"},
    "42",
    {"bookingId": "b1", "id": "b1", "libraryId": "l1", "seatId": "s1", "studentId": "42"},
)


class Connection:
    """Keeps what was emitted."""

    is_open = True
    recovery = None

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any, int | None]] = []
        self.was_dropped = False

    def emit(self, name: str, *args: Any, ack_id: int | None = None) -> None:
        self.sent.append((name, args[0], ack_id))

    def drop(self) -> None:
        self.was_dropped = True

    def close(self) -> None:
        """There is nothing to close."""


class Line:
    """A student's device on one connection after the other, without a server."""

    def __init__(self, generator: Generator) -> None:
        self.student = Actor(generator, Identity("student", id="42", token="t"))
        (self.device,) = self.student.devices
        self.books = generator.books
        self.open()

    def open(self) -> None:
        self.connection = Connection()
        self.device.opened(self.connection, monotonic())  # type: ignore[arg-type]  # as much of one as is used

    def lose(self) -> None:
        self.device.closed(self.connection, Closure(ClosureReason.RESET), monotonic())  # type: ignore[arg-type]

    def answer(self, *args: Any) -> None:
        """Answer the last request."""
        _, _, number = self.connection.sent[-1]
        self.acknowledge(number, *args)

    def acknowledge(self, number: int | None, *args: Any) -> None:
        ack = AckReceived("/", number or 0, args)
        self.device.acknowledged(self.connection, ack, monotonic())  # type: ignore[arg-type]

    def names(self) -> list[tuple[str, Any]]:
        return [(name, argument) for name, argument, _ in self.connection.sent]

    def caused(self, generator: Generator) -> None:
        now = monotonic()
        CallEffects(generator, _BOOKED, "booking").expect(at=now, called=now)

    def hears(self, name: str, **payload: Any) -> None:
        event = EventReceived("/", name, (payload,), None)
        self.device.received(self.connection, event, monotonic())  # type: ignore[arg-type]


@pytest.fixture
def generator(tmp_path: Path) -> Iterator[Generator]:
    people = tmp_path / "people.ndjson"
    people.write_text('{"email": "ada@example.com", "role": "student"}')
    target = profile.for_url("http://127.0.0.1:1", env={"EVENTPROOF_CREDENTIALS": str(people)})
    generator = Generator(
        target,
        scenario=Scenario("studyspot", members="student", acting="library_owner"),
        share=ProcessShare(),
        deadline=1,
        limits=GeneratorLimits(),
        seed=0,
        report=lambda *_: None,
    )
    yield generator
    generator.close()


@pytest.fixture
def line(generator: Generator) -> Line:
    return Line(generator)


def _open(line: Line) -> None:
    line.answer({"joined": "role:student"})


def test_a_connection_is_open_when_what_opens_it_was_answered(generator: Generator, line: Line) -> None:
    assert line.names() == [("join:role", "student")]
    assert not line.device.is_open
    _open(line)
    assert line.device.is_open
    assert generator.rooms.of({"role:student"}) == (line.device,)


def test_a_connection_whose_opening_is_refused_is_given_up(line: Line) -> None:
    line.answer({"error": {"code": "wrong_role", "message": "No."}})
    assert line.connection.was_dropped
    account = line.books.account(users=0, connections=0, gauges=())
    assert account.count("unjoined") == 1
    assert account.incidents[0].what == "join:role was refused: wrong_role: No."


def test_what_it_wants_it_asks_for_again_on_the_next_connection(generator: Generator, line: Line) -> None:
    _open(line)
    line.device.ask_for("join:library", "l1")
    line.answer({"joined": "room:library:l1"})
    line.lose()
    assert generator.rooms.of({"room:library:l1", "role:student"}) == ()
    line.open()
    _open(line)
    assert line.names() == [("join:role", "student"), ("join:library", "l1")]


def test_an_event_of_a_room_is_expected_after_the_answer_and_permitted_before(generator: Generator, line: Line) -> None:
    _open(line)
    line.device.ask_for("join:library", "l1")
    line.caused(generator)
    tally = generator.books.ledger.tally("seat:availability")
    assert tally.expected == 0
    line.hears("seat:availability", seatId="s1", available=False)
    assert tally.leaked == 0
    line.answer({"joined": "room:library:l1"})
    line.caused(generator)
    assert tally.expected == 1
    line.hears("seat:availability", seatId="s1", available=False)
    assert (tally.delivered, tally.leaked) == (1, 0)


def test_an_event_of_a_room_is_leaked_once_the_leaving_was_answered(generator: Generator, line: Line) -> None:
    _open(line)
    line.device.ask_for("join:library", "l1")
    line.answer({"joined": "room:library:l1"})
    line.caused(generator)
    line.device.ask_to_leave("leave:library", "l1")
    tally = generator.books.ledger.tally("seat:availability")
    assert tally.expected == 0, "what is on its way is not due any more"
    line.hears("seat:availability", seatId="s1", available=False)
    assert tally.leaked == 0
    line.answer({"left": "room:library:l1"})
    line.hears("seat:availability", seatId="s1", available=False)
    assert tally.leaked == 1


def test_who_comes_back_while_leaving_stays(generator: Generator, line: Line) -> None:
    _open(line)
    line.device.ask_for("join:library", "l1")
    line.answer({"joined": "room:library:l1"})
    line.device.ask_to_leave("leave:library", "l1")
    _, _, leaving = line.connection.sent[-1]
    line.device.ask_for("join:library", "l1")
    line.acknowledge(leaving, {})
    line.answer({"joined": "room:library:l1"})
    assert generator.rooms.told({"room:library:l1"}, since=monotonic())[line.device].is_certain


def test_a_room_that_is_refused_is_not_asked_for_again(line: Line) -> None:
    _open(line)
    line.device.ask_for("join:library", "l1")
    line.answer({"error": {"code": "library_not_found"}})
    line.lose()
    line.open()
    _open(line)
    assert line.names() == [("join:role", "student")]


def test_a_call_puts_its_caller_into_a_room(generator: Generator) -> None:
    owner = Actor(generator, Identity("library_owner", id="7", token="t"))
    cause = Cause("createLibrary", {}, "7", {"libraryId": "l1", "id": "l1"})
    generator.moved(cause, asked=monotonic())
    assert generator.rooms.of({"room:desk:l1"}) == owner.devices


def test_a_call_takes_somebody_out_of_a_room_and_what_was_on_its_way_may_still_come(generator: Generator) -> None:
    staff, desk = Actor(generator, Identity("staff", id="8", token="t")), {"libraryId": "l1", "staffId": "8"}
    generator.moved(Cause("addStaff", desk, "7"), asked=monotonic())
    generator.moved(Cause("removeStaff", desk, "7"), asked=monotonic())
    now = monotonic()
    assert not generator.rooms.told({"room:desk:l1"}, since=now)[staff.devices[0]].is_certain
    assert generator.rooms.told({"room:desk:l1"}, since=now + generator.deadline + 0.1) == {}


def test_who_joins_a_room_that_the_target_does_not_name_is_not_judged_there(generator: Generator) -> None:
    owner = Line(generator)
    generator.moved(Cause("createLibrary", {}, "42", {}), asked=monotonic())
    owner.hears("booking:created", id="b1", libraryId="l1", seatId="s1", studentId="9")
    generator.books.ledger.conclude()
    account = generator.books.account(users=1, connections=1, gauges=())
    assert account.count("leaked") == 0
    assert account.count("untold") == 1
    assert any("the answer to createLibrary gives no libraryId" in note for note in account.notes)


def test_an_event_that_joins_no_room_cannot_be_asked_for() -> None:
    requests = Requests.of(contracts().system("studyspot"), "/")
    assert requests.opened("staff") == {"role:staff"}
    with pytest.raises(UsageError, match="no client of this channel can ask for a room by booking:created"):
        requests.event("booking:created")
    assert Requests.of(contracts().system("plan-sync"), "/api/plans/subscribe").opened("user") == frozenset()
