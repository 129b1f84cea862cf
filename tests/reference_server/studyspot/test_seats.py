"""No seat is booked twice for one time, however many want it at once."""

import asyncio
from collections import Counter

import pytest

from tests.reference_server.house import House
from tests.reference_server.studyspot.spots import accepted, at, open_library, portal, refused

pytestmark = pytest.mark.asyncio(loop_scope="package")
MANY = 200


async def test_of_two_hundred_who_book_one_seat_at_once_one_has_it_and_its_desk_hears_of_one(house: House) -> None:
    desk = await open_library(house)
    students = [await house.person("student") for _ in range(MANY)]
    owner, hall = await portal(house, desk.owner), await portal(house, students[0], desk.id)
    # Half of them want all of the time, and half a part of it.
    answers = await asyncio.gather(
        *(desk.book(student, begin=9 + 2 * (number % 2)) for number, student in enumerate(students))
    )
    assert Counter(status for status, _ in answers) == {201: 1, 409: MANY - 1}
    assert {refused(answer) for answer in answers if answer[0] == 409} == {(409, "seat_taken")}
    (won,) = (body["data"] for status, body in answers if status == 201)
    assert await owner.hears() == ("booking:created", won)
    assert (await hall.hears())[1]["available"] is False
    assert len(await desk.taken()) == 1
    last = await desk.booked(students[1], seat=1)
    assert (await owner.hears())[1]["id"] == last["id"], "one was told, and no more"
    assert (await hall.hears())[1]["seatId"] == desk.seats[1]


async def test_bookings_that_touch_are_no_conflict_and_those_that_overlap_are(house: House) -> None:
    desk, student = await open_library(house), await house.person("student")
    await desk.booked(student, begin=9, end=12)
    for begin, end in ((8, 9.25), (11.75, 13), (10, 11), (8, 13), (9, 12)):
        assert refused(await desk.book(student, begin=begin, end=end)) == (409, "seat_taken")
    await desk.booked(student, begin=12, end=13)
    await desk.booked(student, begin=8, end=9)
    await desk.booked(student, seat=1)
    assert [each["startsAt"][11:16] for each in await desk.taken()] == ["08:00", "09:00", "12:00"]


async def test_a_booking_that_is_cancelled_or_moved_leaves_its_seat_to_others(house: House) -> None:
    desk, student, other = await open_library(house), await house.person("student"), await house.person("student")
    booking = await desk.booked(student)
    path = f"/api/bookings/{booking['id']}"
    moved = accepted(await house.call("PUT", path, student, json={"seatId": desk.seats[1]}))
    assert moved == {**booking, "seatId": desk.seats[1]}
    await desk.booked(other)
    assert refused(await house.call("PUT", path, desk.member, json={"seatId": desk.seats[0]})) == (409, "seat_taken")
    assert refused(await desk.book(other, seat=1)) == (409, "seat_taken"), "a move that failed has freed nothing"
    assert accepted(await house.call("DELETE", path, desk.member))["status"] == "cancelled"
    await desk.booked(other, seat=1)


async def test_of_many_who_move_to_one_seat_one_comes_there_and_the_others_keep_theirs(house: House) -> None:
    desk, student = await open_library(house, seatCount=30), await house.person("student")
    made = [await desk.booked(student, seat=number) for number in range(1, 30)]
    move = {"seatId": desk.seats[0]}
    answers = await asyncio.gather(
        *(house.call("PUT", f"/api/bookings/{booking['id']}", student, json=move) for booking in made)
    )
    assert Counter(status for status, _ in answers) == {200: 1, 409: 28}
    assert sum([len(await desk.taken(number)) for number in range(30)]) == 29


async def test_a_booking_can_be_prolonged_over_its_own_time(house: House) -> None:
    desk, student = await open_library(house), await house.person("student")
    booking = await desk.booked(student)
    later = accepted(await house.call("PUT", f"/api/bookings/{booking['id']}", student, json={"endsAt": at(13.5)}))
    assert later["endsAt"] == "2035-03-14T13:30:00Z"
    assert await desk.taken() == [{"startsAt": "2035-03-14T09:00:00Z", "endsAt": "2035-03-14T13:30:00Z"}]
