"""What owners, staff and students do by REST, and what they may not."""

from typing import Any

import pytest

from tests.reference_server.house import House
from tests.reference_server.studyspot.spots import LIBRARY, accepted, at, open_library, refused

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_a_library_is_read_by_everybody_and_changed_by_its_owner_alone(house: House) -> None:
    desk, other, student = await open_library(house), await house.person("library_owner"), await house.person("student")
    path = f"/api/libraries/{desk.id}"
    shown = accepted(await house.call("GET", path, student))
    assert shown == {
        "id": desk.id,
        "name": LIBRARY["name"],
        "address": LIBRARY["address"],
        "seatCount": 3,
        "pricing": {"hourly": 50},
    }
    for who, code in ((other, "not_your_library"), (desk.member, "wrong_role"), (student, "wrong_role")):
        assert refused(await house.call("PUT", path, who, json={"name": "Mine"})) == (403, code)
        assert refused(await house.call("PUT", f"{path}/pricing", who, json={"hourly": 1})) == (403, code)
        assert refused(await house.call("DELETE", path, who)) == (403, code)
        assert refused(await house.call("GET", f"{path}/staff", who)) == (403, code)
    renamed = accepted(await house.call("PUT", path, desk.owner, json={"name": "Riverside"}))
    priced = accepted(await house.call("PUT", f"{path}/pricing", desk.owner, json={"hourly": 75.5, "monthly": 900}))
    assert priced == {**renamed, "pricing": {"hourly": 75.5, "monthly": 900}}
    assert accepted(await house.call("GET", "/api/libraries", student))[0] == priced


async def test_a_deleted_library_takes_its_bookings_along(house: House) -> None:
    desk, student = await open_library(house), await house.person("student")
    booking = await desk.booked(student)
    assert accepted(await house.call("DELETE", f"/api/libraries/{desk.id}", desk.owner)) == {"id": desk.id}
    assert refused(await house.call("GET", f"/api/libraries/{desk.id}", student)) == (404, "library_not_found")
    assert refused(await house.call("DELETE", f"/api/bookings/{booking['id']}", student)) == (404, "booking_not_found")
    assert accepted(await house.call("GET", "/api/bookings", student)) == []
    assert refused(await desk.book(student)) == (404, "library_not_found")


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": " "},
        {"name": "a\0b"},
        {"name": "n" * 101},
        {"seatCount": 0},
        {"seatCount": 501},
        {"seatCount": 1.5},
        {"hourly": -1},
        {"hourly": 1e300},
        {"hourly": "50"},
        {"surprise": 1},
    ],
    ids=str,
)
async def test_a_library_with_bad_values_is_refused(house: House, fields: dict[str, Any]) -> None:
    owner = await house.person("library_owner")
    answer = await house.call("POST", "/api/libraries", owner, json={**LIBRARY, **fields})
    assert refused(answer) == (422, "invalid_input")


async def test_a_whole_number_may_be_written_with_a_point(house: House) -> None:
    assert len((await open_library(house, seatCount=2.0)).seats) == 2


async def test_a_booking_is_seen_by_its_student_and_at_its_desk_and_by_nobody_else(house: House) -> None:
    desk, elsewhere = await open_library(house), await open_library(house)
    student, other = await house.person("student"), await house.person("student")
    booking = await desk.booked(student)
    path = f"/api/bookings/{booking['id']}"
    assert booking["studentName"].startswith("Student ")
    assert booking["status"] == "booked"
    for who in (student, desk.owner, desk.member):
        assert accepted(await house.call("GET", path, who)) == booking
        assert accepted(await house.call("GET", "/api/bookings", who)) == [booking]
    for who in (other, elsewhere.owner, elsewhere.member):
        assert refused(await house.call("GET", path, who)) == (404, "booking_not_found")
        assert refused(await house.call("PUT", path, who, json={"endsAt": at(13)})) == (404, "booking_not_found")
        assert refused(await house.call("DELETE", path, who)) == (404, "booking_not_found")
        assert accepted(await house.call("GET", "/api/bookings", who)) == []
    for who in (elsewhere.owner, elsewhere.member):
        assert refused(await house.call("POST", f"{path}/checkin", who)) == (404, "booking_not_found")
    assert refused(await house.call("POST", f"{path}/checkin", student)) == (403, "wrong_role")
    assert accepted(await house.call("GET", path, student)) == booking, "nobody has changed anything"


async def test_whoever_helps_at_a_desk_no_more_sees_nothing_of_it(house: House) -> None:
    desk, student = await open_library(house), await house.person("student")
    await desk.booked(student)
    place = f"/api/libraries/{desk.id}/staff/{desk.member.id}"
    assert accepted(await house.call("GET", f"/api/libraries/{desk.id}/staff", desk.owner)) == [{"id": desk.member.id}]
    assert (await house.call("DELETE", place, desk.owner))[0] == 200
    assert accepted(await house.call("GET", "/api/bookings", desk.member)) == []
    assert refused(await house.call("DELETE", place, desk.owner)) == (404, "staff_not_found")


async def test_nobody_helps_at_a_desk_who_is_no_staff_and_nobody_helps_twice(house: House) -> None:
    desk, student = await open_library(house), await house.person("student")
    path = f"/api/libraries/{desk.id}/staff"
    for who in (student.id, desk.owner.id, "usr_nobody"):
        answer = await house.call("POST", path, desk.owner, json={"staffId": who})
        assert refused(answer) == (404, "staff_not_found")
    assert (await house.call("POST", path, desk.owner, json={"staffId": desk.member.id}))[0] == 201
    assert len(accepted(await house.call("GET", path, desk.owner))) == 1


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"startsAt": at(12), "endsAt": at(9)}, 422, "times_crossed"),
        ({"startsAt": at(9), "endsAt": at(9)}, 422, "times_crossed"),
        ({"startsAt": "2020-01-01T09:00:00Z", "endsAt": "2020-01-01T12:00:00Z"}, 422, "time_past"),
        ({"startsAt": at(9), "endsAt": at(34)}, 422, "booking_too_long"),
        ({"startsAt": at(9.1)}, 422, "time_between_slots"),
        ({"startsAt": "2035-02-30T09:00:00Z"}, 422, "invalid_input"),
        ({"startsAt": "2035-03-14T09:00:00"}, 422, "invalid_input"),
        ({"startsAt": 9}, 422, "invalid_input"),
        ({"seatId": "sea_nowhere"}, 404, "seat_not_found"),
        ({"libraryId": "lib_nowhere"}, 404, "library_not_found"),
        ({"note": "by the window"}, 422, "invalid_input"),
    ],
    ids=str,
)
async def test_a_booking_that_cannot_be_is_refused_and_takes_no_seat(
    house: House, fields: dict[str, Any], status: int, code: str
) -> None:
    desk, student = await open_library(house), await house.person("student")
    right = {"libraryId": desk.id, "seatId": desk.seats[0], "startsAt": at(9), "endsAt": at(12)}
    answer = await house.call("POST", "/api/bookings", student, json={**right, **fields})
    assert refused(answer) == (status, code)
    assert answer[1]["error"]["message"].endswith(".")
    assert await desk.taken() == []


async def test_a_seat_of_another_library_is_none_of_this_one(house: House) -> None:
    desk, other, student = await open_library(house), await open_library(house), await house.person("student")
    fields = {"libraryId": desk.id, "seatId": other.seats[0], "startsAt": at(9), "endsAt": at(12)}
    assert refused(await house.call("POST", "/api/bookings", student, json=fields)) == (404, "seat_not_found")
    booking = await desk.booked(student)
    move = await house.call("PUT", f"/api/bookings/{booking['id']}", student, json={"seatId": other.seats[0]})
    assert refused(move) == (404, "seat_not_found")


async def test_a_booking_goes_from_booked_to_checked_out_and_not_back(house: House) -> None:
    desk, student = await open_library(house), await house.person("student")
    path = f"/api/bookings/{(await desk.booked(student))['id']}"
    assert refused(await house.call("POST", f"{path}/checkout", desk.member)) == (409, "not_checked_in")
    assert accepted(await house.call("POST", f"{path}/checkin", desk.member))["status"] == "checked_in"
    assert refused(await house.call("POST", f"{path}/checkin", desk.owner)) == (409, "already_checked_in")
    assert len(await desk.taken()) == 1
    assert accepted(await house.call("POST", f"{path}/checkout", desk.owner))["status"] == "checked_out"
    assert await desk.taken() == []
    for method, further in (("POST", "/checkin"), ("POST", "/checkout"), ("DELETE", "")):
        assert refused(await house.call(method, path + further, desk.owner)) == (409, "booking_over")
    assert refused(await house.call("PUT", path, student, json={"endsAt": at(13)})) == (409, "booking_over")
