"""How portals connect, from which pages, and what becomes of one that lost its connection."""

from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from eventproof import checks
from eventproof.acknowledgement import is_refusal
from eventproof.actions import at, presented
from eventproof.conform.cases import (
    SOCKET_IO,
    Case,
    ContractViolation,
    HandshakeOptions,
    Inconclusive,
    Line,
    Person,
    Transport,
    requirement,
)
from eventproof.conform.exchange import HttpReceived, exchange, session

from .spots import (
    BOOKING_CANCELLED,
    BOOKING_CREATED,
    BOOKING_UPDATED,
    JOIN_LIBRARY,
    LIBRARY_UPDATED,
    SEAT,
    Booking,
    Spot,
    a_name,
    items,
    open_spot,
    says,
)

_LISTED: Final = (
    "http://localhost:3000",
    "http://localhost:5173",
    "https://studyspot-librarys.vercel.app",
    "https://studyspot-student.vercel.app",
)
"""The origins that the specification lists."""
_FOREIGN: Final = ("https://studyspot.example", "https://studyspot-student.vercel.app.studyspot.example")
_CANCELLED: Final = frozenset({"cancelled", "canceled"})


@requirement("STD-CONN-1")
@pytest.mark.parametrize("transport", SOCKET_IO)
async def test_a_token_opens_the_channel_and_events_arrive(case: Case, transport: Transport) -> None:
    student = await case.user()
    line = student.connection(await student.session(), transport)
    await line.open()
    spot = await open_spot(case)
    booking = await spot.booked(student)
    await spot.cancel(booking, student)
    await line.hears(BOOKING_CANCELLED, booking.is_about)


# Origins.


def _from_page(user: Person, token: str, transport: Transport, origin: str) -> Line:
    return user.connection(token, transport, says=HandshakeOptions(headers={"Origin": origin}))


async def _polled(case: Case, origin: str) -> HttpReceived:
    """The answer to the first request of a page that connects by polling."""
    path, endpoint = case.target.socketio.path, case.target.main(case.system.name)
    usual = presented(endpoint.headers, None, case.target.source)
    query = {"EIO": "4", "transport": "polling", **presented(endpoint.query, None, case.target.source)}
    async with session() as http:
        return await exchange(
            http,
            "GET",
            f"{case.target.base_url}{path}?{urlencode(query)}",
            what=f"GET {path} of a page of {origin}",
            seconds=case.budgets.connect,
            headers={**{name: value for name, value in usual.items() if name.lower() != "origin"}, "Origin": origin},
        )


@requirement("STD-CONN-2")
@pytest.mark.parametrize("origin", _LISTED)
async def test_a_page_of_a_listed_origin_connects_with_credentials(case: Case, origin: str) -> None:
    """On each transport; a browser lets it read the answers to its polls by what these say of it."""
    user = await case.user()
    token = await user.session()
    for transport in case.transports:
        await _from_page(user, token, transport, origin).open()
    if Transport.POLLING in case.transports:
        headers = (await _polled(case, origin)).headers
        allowed = (headers.get("Access-Control-Allow-Origin"), headers.get("Access-Control-Allow-Credentials"))
        if allowed != (origin, "true"):
            raise ContractViolation(
                f"no browser lets a page of {origin} read what is answered to its requests with credentials",
                expected=f"Access-Control-Allow-Origin: {origin}, and Access-Control-Allow-Credentials: true",
                observed=f"{allowed[0]}, and {allowed[1]}",
            )


@requirement("STD-CONN-2")
@pytest.mark.parametrize("origin", _FOREIGN)
async def test_a_page_of_another_origin_cannot_connect(case: Case, origin: str) -> None:
    """By polling it is refused, or its browser keeps the answer from it. A WebSocket no browser keeps from any page."""
    user = await case.user()
    token = await user.session()
    if Transport.POLLING in case.transports:
        answer = await _polled(case, origin)
        allowed = answer.headers.get("Access-Control-Allow-Origin")
        if answer.status < 400 and allowed in (origin, "*"):
            raise ContractViolation(
                f"a page of {origin} may connect by polling",
                expected="a refusal, or an answer that its browser keeps from it",
                observed=f"{answer.status}, with Access-Control-Allow-Origin: {allowed}",
            )
    if Transport.WEBSOCKET in case.transports:
        twin = _from_page(user, token, Transport.WEBSOCKET, _LISTED[0])
        line = _from_page(user, token, Transport.WEBSOCKET, origin)
        await case.must_refuse(line, beside=twin, special=f"from a page of {origin}")


# Coming back.


def _listed(answer_items: list[Any], place: str, status: str) -> Iterator[str]:
    """The ids of the bookings in a list that were not cancelled."""
    for item in answer_items:
        if str(at(item, status)).lower() not in _CANCELLED:
            yield str(at(item, place))


async def _view(case: Case, person: Person, *known: Booking) -> set[str]:
    """Which of these bookings somebody sees by REST; of others a server need not show all in one list."""
    answer = (await person.call("listBookings")).must_succeed()
    places = case.target.operations["listBookings"].answers
    shown = set(_listed(items(answer, "bookings"), places.get("bookingId", "/id"), places.get("status", "/status")))
    return shown & _ids(known)


def _ids(bookings: Iterable[Booking]) -> set[str]:
    return {str(booking.id) for booking in bookings}


def _must_show(view: set[str]) -> None:
    """Raise Inconclusive where the list has none of the case's bookings: what agrees with it then says nothing."""
    if not view:
        raise Inconclusive(
            "listBookings shows none of the bookings of this case, so what its reader sees cannot be compared: "
            "have it list the newest first, or all of them"
        )


@requirement("STD-CONN-3")
async def test_an_owner_who_comes_back_hears_each_event_once_and_sees_what_rest_shows(case: Case) -> None:
    """What they missed they read by REST, and go on from there by the events."""
    student = await case.user()
    spot = await open_spot(case)
    line = await spot.owner.connect()
    first = await spot.booked(student, 0)
    await line.awaits(BOOKING_CREATED, first.is_about)
    line.drop()
    missed = await spot.booked(student, 1)
    back = await spot.owner.connect()
    view = await _view(case, spot.owner, first, missed)
    _must_show(view)
    last = await spot.booked(student, 2)
    await back.hears(BOOKING_CREATED, last.is_about)
    await spot.update(last, student, 21)
    await back.hears(BOOKING_UPDATED, last.is_about)
    await spot.cancel(missed, student)
    await back.hears(BOOKING_CANCELLED, missed.is_about)
    await case.canary(spot.owner)
    for name in (BOOKING_CREATED, BOOKING_UPDATED, BOOKING_CANCELLED):
        case.judge(checks.duplicated(case.records, name, [back.name]))
    shown = await _view(case, spot.owner, first, missed, last)
    _must_agree((view | _ids([last])) - _ids([missed]), shown)


@requirement("STD-CONN-3")
async def test_a_student_who_comes_back_hears_each_event_once_and_sees_what_rest_shows(case: Case) -> None:
    """Of their role, of the library whose room they have joined again, and of their own bookings."""
    student, other = await case.users(2)
    spot = await open_spot(case)
    line = await student.connect()
    await _rejoin(line, spot)
    await spot.booked(other, 0)
    await line.awaits(SEAT, says("seatId", spot.seats[0]))
    line.drop()
    mine = await spot.booked(student, 1)
    back = await student.connect()
    await _rejoin(back, spot)
    view = await _view(case, student, mine)
    _must_show(view)
    await spot.booked(other, 2)
    await back.hears(SEAT, says("seatId", spot.seats[2]))
    (await spot.owner.call("updateLibrary", libraryId=spot.id, name=a_name(case))).must_succeed()
    await back.hears(LIBRARY_UPDATED, spot.is_about)
    await spot.cancel(mine, spot.owner)
    await back.hears(BOOKING_CANCELLED, mine.is_about)
    await case.canary(student)
    case.judge(checks.duplicated(case.records, BOOKING_CANCELLED, [back.name]))
    _must_come_once(back, SEAT, says("seatId", spot.seats[2]))
    _must_come_once(back, LIBRARY_UPDATED, spot.is_about)
    _must_agree(view - _ids([mine]), await _view(case, student, mine))


async def _rejoin(line: Line, spot: Spot) -> None:
    answer = await line.asks(JOIN_LIBRARY, spot.id)
    if answer is None:
        raise Inconclusive(f"{line.name} was not answered when it joined a room, so nothing can be said here")
    if is_refusal(answer):
        raise Inconclusive(f"{line.name} was refused the room of a library, so nothing can be said here: {answer!r}")


def _must_come_once(line: Line, name: str, where: Any) -> None:
    if (count := len(line.heard(name, where))) != 1:
        raise ContractViolation(
            f"{line.name} received one `{name}` {count} times", expected="once", observed=str(count)
        )


def _must_agree(view: set[str], shown: set[str]) -> None:
    if view != shown:
        raise ContractViolation(
            "who read the bookings and then followed the events sees others than REST shows",
            expected=", ".join(sorted(shown)),
            observed=", ".join(sorted(view)),
        )
