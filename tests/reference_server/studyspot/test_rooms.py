"""Who hears what: by role, at the desk, in a library's room."""

from pathlib import Path
from typing import Any

import pytest

from reference_server.limits import Limits
from tests.reference_server.house import House, keep_house
from tests.reference_server.studyspot.spots import Portal, accepted, at, open_library, portal

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_a_booking_is_told_to_its_desk_and_what_becomes_of_it_to_its_student_too(house: House) -> None:
    desk, elsewhere = await open_library(house), await open_library(house)
    student, other = await house.person("student"), await house.person("student")
    at_desk = [await portal(house, who) for who in (desk.owner, desk.member)]
    mine = await portal(house, student)
    others = [await portal(house, who) for who in (other, elsewhere.owner, elsewhere.member)]
    booking = await desk.booked(student)
    path = f"/api/bookings/{booking['id']}"
    for each in at_desk:
        assert await each.hears() == ("booking:created", booking)
    moved = accepted(await house.call("PUT", path, student, json={"endsAt": at(13)}))
    for each in (*at_desk, mine):
        assert await each.hears() == ("booking:updated", moved)
    for call, name in (("checkin", "booking:checkin"), ("checkout", "booking:checkout")):
        accepted(await house.call("POST", f"{path}/{call}", desk.member))
        told, payload = await mine.hears()
        assert (told, payload["bookingId"]) == (name, booking["id"])
    second = await desk.booked(student)
    accepted(await house.call("DELETE", f"/api/bookings/{second['id']}", desk.owner))
    for each in at_desk:
        assert await each.hears_of() == "booking:created"
    for each in (*at_desk, mine):
        assert await each.hears() == ("booking:cancelled", {"id": second["id"]})
    await nothing_more(house, mine, *at_desk, *others)


async def nothing_more(house: House, *portals: Portal) -> None:
    """Nobody hears of anything, until each asks for something and is answered."""
    for each in portals:
        assert await each.asks("leave:library", "lib_none") == {"left": "library:lib_none"}


async def test_students_hear_of_libraries_and_prices_and_the_desk_of_its_own(house: House) -> None:
    desk, student = await open_library(house), await house.person("student")
    path = f"/api/libraries/{desk.id}"
    students = [await portal(house, student), await portal(house, student)]
    at_desk = [await portal(house, who) for who in (desk.owner, desk.member)]
    made = await open_library(house, desk.owner, name="Second")
    renamed = accepted(await house.call("PUT", path, desk.owner, json={"name": "Riverside"}))
    priced = accepted(await house.call("PUT", f"{path}/pricing", desk.owner, json={"hourly": 75}))
    accepted(await house.call("DELETE", path, desk.owner))
    for each in students:
        name, library = await each.hears()
        assert (name, library["id"], library["name"]) == ("library:created", made.id, "Second")
        assert await each.hears() == ("library:updated", renamed)
        assert await each.hears() == ("pricing:updated", {"libraryId": desk.id, "pricing": priced["pricing"]})
        assert await each.hears() == ("library:deleted", {"id": desk.id})
    for each in at_desk:
        assert await each.hears() == ("library:updated", renamed)
    await nothing_more(house, *students, *at_desk)


async def test_a_connection_that_has_not_joined_its_role_hears_what_is_its_users_alone(house: House) -> None:
    desk, student = await open_library(house), await house.person("student")
    silent = [Portal(await house.socket(who)) for who in (desk.owner, desk.member)]
    mine = Portal(await house.socket(student))
    booking = await desk.booked(student)
    accepted(await house.call("PUT", f"/api/libraries/{desk.id}", desk.owner, json={"name": "Riverside"}))
    accepted(await house.call("DELETE", f"/api/bookings/{booking['id']}", student))
    assert await mine.hears() == ("booking:cancelled", {"id": booking["id"]})
    await nothing_more(house, mine, *silent)


async def test_whoever_comes_to_a_desk_or_leaves_it_needs_no_new_connection(house: House) -> None:
    desk, student, newcomer = await open_library(house), await house.person("student"), await house.person("staff")
    portals = [await portal(house, who) for who in (newcomer, desk.member)]
    await desk.booked(student)
    staff = f"/api/libraries/{desk.id}/staff"
    assert (await house.call("POST", staff, desk.owner, json={"staffId": newcomer.id}))[0] == 201
    assert (await house.call("DELETE", f"{staff}/{desk.member.id}", desk.owner))[0] == 200
    second = await desk.booked(student, seat=1)
    assert (await portals[1].hears_of()) == "booking:created"
    assert await portals[0].hears() == ("booking:created", second)
    await nothing_more(house, *portals)


async def test_the_room_of_a_library_tells_when_its_seats_are_booked_and_freed(house: House) -> None:
    desk, student, other = await open_library(house), await house.person("student"), await house.person("student")
    elsewhere = await open_library(house)
    hall, away = await portal(house, other, desk.id), await portal(house, other, elsewhere.id)

    async def told(*expected: tuple[str, bool]) -> None:
        for seat, available in expected:
            name, payload = await hall.hears()
            assert (name, payload["seatId"], payload["available"]) == ("seat:availability", seat, available)

    first, second, _ = desk.seats
    path = f"/api/bookings/{(await desk.booked(student))['id']}"
    await told((first, False))
    accepted(await house.call("PUT", path, student, json={"seatId": second}))
    await told((first, True), (second, False))
    accepted(await house.call("POST", f"{path}/checkin", desk.owner))
    accepted(await house.call("POST", f"{path}/checkout", desk.owner))
    await told((second, True))
    booking = await desk.booked(student)
    accepted(await house.call("DELETE", f"/api/bookings/{booking['id']}", student))
    await told((first, False), (first, True))
    assert await hall.asks("leave:library", desk.id) == {"left": f"library:{desk.id}"}
    await desk.booked(student)
    await nothing_more(house, hall, away)


async def test_joining_the_room_of_another_role_is_refused_and_its_events_do_not_come(house: House) -> None:
    desk, student = await open_library(house), await house.person("student")
    stranger = await portal(house, await house.person("user"))
    curious = await portal(house, student)
    for role in ("library_owner", "staff", "admin", "janitor"):
        assert await curious.refused("join:role", role) == "wrong_role"
    for role in ("student", "library_owner"):
        assert await stranger.refused("join:role", role) == "wrong_role"
    witness = await portal(house, desk.owner)
    await desk.booked(await house.person("student"))
    assert await witness.hears_of() == "booking:created"
    await nothing_more(house, curious, stranger)


@pytest.mark.parametrize(
    ("name", "argument", "code"),
    [
        ("join:role", None, "invalid_input"),
        ("join:role", 7, "invalid_input"),
        ("join:role", ["student"], "invalid_input"),
        ("join:role", {"role": "student"}, "invalid_input"),
        ("join:role", "Student", "invalid_input"),
        ("join:role", "s" * 5000, "invalid_input"),
        ("join:library", "lib_nowhere", "library_not_found"),
        ("join:library", "a/b", "invalid_input"),
        ("join:library", "", "invalid_input"),
        ("join:library", "../lib", "invalid_input"),
        ("join:library", True, "invalid_input"),
        ("leave:library", {}, "invalid_input"),
        ("join:everything", "x", "invalid_input"),
    ],
    ids=str,
)
async def test_a_room_that_there_is_not_is_refused_and_the_connection_stays(
    house: House, name: str, argument: Any, code: str
) -> None:
    desk, student = await open_library(house), await house.person("student")
    mine = await portal(house, student)
    assert await mine.refused(name, argument) == code
    assert await mine.asks("join:library", desk.id) == {"joined": f"library:{desk.id}"}
    await desk.booked(student)
    assert await mine.hears_of() == "seat:availability"


@pytest.mark.unmeasured
async def test_ten_thousand_rooms_that_do_not_exist_leave_nothing(tmp_path: Path) -> None:
    # No heartbeat comes in between, however slow the machine is.
    pace = Limits(ping_interval=3600.0, by_system={"studyspot": {"events_a_second": 1_000_000}})
    async with keep_house(tmp_path, systems=("user-state", "studyspot"), limits=pace) as house:
        mine = await portal(house, await house.person("student"))
        before = await house.gauges()
        for number in range(10_000):
            assert await mine.refused("join:library", f"lib_{number}") == "library_not_found"
        after = await house.gauges()
        registered = {name for name in before if name.startswith("eventproof_registered")}
        assert {name: after[name] for name in registered} == {name: before[name] for name in registered}


async def test_a_client_that_asks_too_often_is_told_so_and_may_ask_again_later(tmp_path: Path) -> None:
    async with keep_house(tmp_path, systems=("studyspot",)) as house:
        mine = await portal(house, await house.person("student"))
        now = house.services.incoming.clock()
        house.services.incoming.clock = lambda: now
        codes = [(await mine.asks("join:role", "student")).get("error", {}).get("code") for _ in range(101)]
        assert set(codes[:99]) == {None}
        assert codes[-1] == "too_many_events"
        house.services.incoming.clock = lambda: now + 1.01
        assert await mine.asks("join:role", "student") == {"joined": "role:student"}


async def test_nobody_is_in_the_room_of_a_library_that_is_gone(tmp_path: Path) -> None:
    async with keep_house(tmp_path, systems=("studyspot",)) as house:
        desk = await open_library(house)
        mine = await portal(house, await house.person("student"), desk.id)
        await house.settles(rooms=4)
        accepted(await house.call("DELETE", f"/api/libraries/{desk.id}", desk.owner))
        assert await mine.hears_of() == "library:deleted"
        await house.settles(rooms=3)
