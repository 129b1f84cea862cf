"""Rooms: joined and left by the client's request, with an answer; nobody is where they do not belong."""

from typing import Any, Final

import pytest

from eventproof import checks
from eventproof.acknowledgement import is_refusal
from eventproof.actions import at
from eventproof.conform.cases import Case, ContractViolation, HandshakeOptions, Inconclusive, Line, Person, requirement
from eventproof.unknown import unlike

from .spots import (
    BOOKING_CREATED,
    JOIN_LIBRARY,
    JOIN_ROLE,
    LEAVE_LIBRARY,
    LIBRARY_CREATED,
    OWNER,
    SEAT,
    STAFF,
    STUDENT,
    Spot,
    open_spot,
    says,
)

_UNOPENED: Final = HandshakeOptions(begins=False)
"""A connection whose client has asked for nothing yet."""
_MALFORMED: Final[dict[str, Any]] = {
    "an-object": {"role": 1},
    "a-list": [["x"]],
    "nothing": None,
    "yes": True,
    "an-empty-text": "",
}


async def _must_join(line: Line, event: str, room: Any) -> None:
    answer = await line.asks(event, room)
    if answer is None or is_refusal(answer):
        raise ContractViolation(
            f"`{event}` of {room!r} was not acknowledged on {line.name}",
            expected="an acknowledgement that says yes",
            observed="none" if answer is None else repr(answer),
        )


async def _joined(line: Line, event: str, room: Any) -> None:
    """As `_must_join`, where another case judges whether it can."""
    answer = await line.asks(event, room)
    if answer is not None and is_refusal(answer):
        raise Inconclusive(f"`{event}` of {room!r} was refused on {line.name}, so nothing can be said here: {answer!r}")


@requirement("STD-ROOM-1")
async def test_who_joins_the_room_of_their_role_is_answered_and_hears_its_events(case: Case) -> None:
    student = await case.user()
    line = await student.connect(says=_UNOPENED)
    await _must_join(line, JOIN_ROLE, student.role)
    spot = await open_spot(case)
    await line.hears(LIBRARY_CREATED, spot.is_about)


@requirement("STD-ROOM-1")
async def test_who_joins_the_room_of_a_library_is_answered_and_hears_its_events(case: Case) -> None:
    student = await case.user()
    spot = await open_spot(case)
    line = await student.connect()
    await _must_join(line, JOIN_LIBRARY, spot.id)
    await spot.booked(student)
    await line.hears(SEAT, says("seatId", spot.seats[0]))


@requirement("STD-ROOM-2")
@pytest.mark.parametrize(("own", "wanted"), [(STUDENT, OWNER), (STUDENT, STAFF), (OWNER, STUDENT), (STAFF, STUDENT)])
async def test_the_room_of_another_role_is_refused_and_its_events_do_not_come(
    case: Case, own: str, wanted: str
) -> None:
    """A member of that role hears what happens then."""
    intruder = await case.user() if own == STUDENT else case.acting(own)
    line = await intruder.connect()
    spot = await open_spot(case)
    if wanted == STUDENT:
        witness = await (await case.user()).connect()
    else:
        witness = await (spot.owner if wanted == OWNER else await spot.employs(case.acting(STAFF))).connect()
    before = len(line.received)
    answer = await line.asks(JOIN_ROLE, wanted)
    is_refused = _says_no(line, answer, before) or (answer is None and not line.is_open)
    booking, another = await spot.booked(await case.user()), await open_spot(case)
    name, where = (LIBRARY_CREATED, another.is_about) if wanted == STUDENT else (BOOKING_CREATED, booking.is_about)
    await witness.awaits(name, where)
    if line.is_open:
        await case.canary(intruder)
    heard = [event.name for event in line.heard(name, where)]
    if heard or not is_refused:
        raise ContractViolation(
            f"{line.name}, whose token is of the role {own}, "
            + ("was not refused" if answer is None and not heard else "has joined")
            + f" the room of {wanted}",
            expected="a refusal, an event that tells of an error or the end of the connection, and none of its events",
            observed=", ".join(["no answer" if answer is None else repr(answer), *heard]),
        )


def _says_no(line: Line, answer: tuple[Any, ...] | None, before: int) -> bool:
    """Whether a request was refused: by its acknowledgement or, without one, by an event that came since."""
    if answer is not None:
        return is_refusal(answer)
    return any("error" in event.name.lower() for event in line.received[before:])


async def _must_be_refused(case: Case, user: Person, line: Line, event: str, room: Any) -> None:
    before = len(line.received)
    answer = await line.asks(event, room)
    if not line.is_open:
        raise ContractViolation(
            f"`{event}` of {room!r} ended {line.name}", expected="an error, and an open connection", observed="its end"
        )
    if not _says_no(line, answer, before):
        raise ContractViolation(
            f"`{event}` of {room!r} was not refused on {line.name}",
            expected="an error in its acknowledgement",
            observed="no answer" if answer is None else repr(answer),
        )
    await case.canary(user)
    if not line.is_open:
        raise ContractViolation(
            f"`{event}` of {room!r} ended {line.name}", expected="an error, and an open connection", observed="its end"
        )


@requirement("STD-ROOM-3")
@pytest.mark.parametrize("bad", _MALFORMED)
@pytest.mark.parametrize("event", [JOIN_ROLE, JOIN_LIBRARY])
async def test_a_malformed_room_is_refused_with_an_error_and_the_connection_stays(
    case: Case, event: str, bad: str
) -> None:
    """Beside the right one, which is joined on the same connection."""
    user = await case.user()
    line = await user.connect()
    await _must_be_refused(case, user, line, event, _MALFORMED[bad])
    spot = await open_spot(case)
    await _joined(line, event, user.role if event == JOIN_ROLE else spot.id)


@requirement("STD-ROOM-3")
@pytest.mark.parametrize("event", [JOIN_ROLE, JOIN_LIBRARY])
async def test_an_unknown_room_is_refused_with_an_error_and_the_connection_stays(case: Case, event: str) -> None:
    user = await case.user()
    line = await user.connect()
    spot = await open_spot(case)
    nowhere = unlike(spot.id, case.random) if event == JOIN_LIBRARY else "no_such_role"
    await _must_be_refused(case, user, line, event, nowhere)
    await _joined(line, event, user.role if event == JOIN_ROLE else spot.id)


@requirement("STD-ROOM-4")
async def test_who_leaves_the_room_of_a_library_hears_no_more_of_its_seats(case: Case) -> None:
    """They heard before, another one hears all the time, and they hear again when they have joined again."""
    user, other = await case.users(2)
    spot = await open_spot(case)
    line, witness = await user.connect(), await other.connect()
    for each in (line, witness):
        await _joined(each, JOIN_LIBRARY, spot.id)
    await _told(spot, user, 0, line, witness)
    await line.asks(LEAVE_LIBRARY, spot.id)
    await _told(spot, user, 1, witness)
    await case.canary(user)
    if strange := line.heard(SEAT, says("seatId", spot.seats[1])):
        raise ContractViolation(
            f"{line.name} has left the room of the library {spot.id}, and heard of its seats",
            expected=f"no `{SEAT}`",
            observed=repr(strange[0].payload)[:400],
            breaks=(f"{case.system.name}/{SEAT}/audience",),
        )
    await _joined(line, JOIN_LIBRARY, spot.id)
    await _told(spot, user, 2, line, witness)


async def _told(spot: Spot, student: Person, seat: int, *lines: Line) -> None:
    await spot.booked(student, seat)
    for line in lines:
        await line.awaits(SEAT, says("seatId", spot.seats[seat]))


@requirement("STD-SEAT-1")
async def test_the_room_of_a_library_hears_whether_a_seat_is_booked_or_free(case: Case) -> None:
    """Who is in the room of another library does not, nor who has joined none."""
    user, other, third = await case.users(3)
    spot, elsewhere = await open_spot(case), await open_spot(case)
    line, away = await user.connect(), await other.connect()
    await third.connect()
    await _joined(line, JOIN_LIBRARY, spot.id)
    await _joined(away, JOIN_LIBRARY, elsewhere.id)
    booking = await spot.booked(other)
    await _must_say(spot, line, available=False)
    await spot.cancel(booking, other)
    await _must_say(spot, line, available=True)
    await case.canary(user, other, third)
    case.judge(checks.leaked(case.story(), SEAT), checks.invalid(case.records, case.known, SEAT))


async def _must_say(spot: Spot, line: Line, *, available: bool) -> None:
    told = await line.hears(SEAT, says("seatId", spot.seats[0]))
    if at(told.payload, "/available") is not available:
        raise ContractViolation(
            f"`{SEAT}` does not say whether the seat is free",
            expected=f"available: {str(available).lower()}",
            observed=repr(told.payload)[:400],
        )
