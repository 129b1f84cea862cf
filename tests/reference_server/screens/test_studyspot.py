"""A student books, and the owner sees it; the owner acts, and the student sees it; others see the seat."""

from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.reference_server.house import House, Person
from tests.reference_server.screens.pages import MILLISECONDS, Visitor, call, logged_in, says, shows

pytestmark = pytest.mark.asyncio(loop_scope="package")
SCREEN = "Library seats"
MORNING = {"startsAt": "2035-03-14T09:00:00Z", "endsAt": "2035-03-14T12:00:00Z"}


async def library(house: House, owner: Person, name: str) -> dict[str, Any]:
    new = {"name": name, "address": "12 MG Road, Pune", "seatCount": 6, "hourly": 50}
    made: dict[str, Any] = (await call(house, owner, "POST", "/api/libraries", new))["data"]
    return made


async def book(house: House, student: Person, of: dict[str, Any], seat: int) -> str:
    asked = {"libraryId": of["id"], "seatId": of["seats"][seat]["id"], **MORNING}
    return str((await call(house, student, "POST", "/api/bookings", asked))["data"]["id"])


async def agrees(visitor: Visitor, title: str) -> None:
    """The bookings that are shown are those of REST."""
    bookings = (await visitor.calls("GET", "/api/bookings"))["data"]
    for booking in bookings:
        await expect(visitor.row(booking["id"]).locator("[data-status]")).to_have_attribute(
            "data-status", booking["status"], timeout=MILLISECONDS
        )
    await expect(visitor.part(title).get_by_role("listitem")).to_have_count(len(bookings), timeout=MILLISECONDS)


async def test_a_booking_appears_at_the_owners_desk_and_is_checked_in(house: House, browser: Browser) -> None:
    async with (
        logged_in(browser, house, "library_owner", SCREEN) as owner,
        logged_in(browser, house, "student", SCREEN) as student,
    ):
        made = await library(house, owner.person, "Central")
        await student.page.get_by_role("button", name="See the seats of Central").click()
        await student.page.get_by_role("radio", name="Seat 3").check()
        await student.page.get_by_role("button", name="Book the seat").click()
        await shows(student.toast("Your seat is booked."))
        await shows(owner.page.get_by_role("log", name="Notifications").get_by_text("New booking from Student"))
        booking = (await student.calls("GET", "/api/bookings"))["data"][0]
        assert booking["seatId"] == made["seats"][2]["id"]
        desk, own = owner.row(booking["id"]), student.row(booking["id"])
        await says(desk, "Booked")
        await says(desk, "seat 3")
        await student.mark(own)
        await desk.get_by_role("button", name="Check in").click()
        await shows(student.toast("You have been checked in!"))
        await says(own, "Checked in")
        await desk.get_by_role("button", name="Check out").click()
        await says(own, "Checked out")
        await student.is_marked(own)


async def test_a_seat_that_another_student_books_is_taken_and_free_again(house: House, browser: Browser) -> None:
    owner, other = await house.person("library_owner"), await house.person("student")
    made = await library(house, owner, "Riverside")
    async with logged_in(browser, house, "student", SCREEN) as student:
        await student.page.get_by_role("button", name="See the seats of Riverside").click()
        await student.page.get_by_label("From").fill("2035-03-14T10:00")
        await student.page.get_by_label("From").dispatch_event("change")
        seat = student.page.get_by_role("radio", name="Seat 2")
        await expect(seat).to_be_enabled(timeout=MILLISECONDS)
        booking = await book(house, other, made, 1)
        await expect(seat).to_be_disabled(timeout=MILLISECONDS)
        await expect(student.part("Your bookings").get_by_role("listitem")).to_have_count(0)
        await call(house, other, "DELETE", f"/api/bookings/{booking}")
        await expect(seat).to_be_enabled(timeout=MILLISECONDS)


async def test_libraries_and_prices_change_while_a_student_looks(house: House, browser: Browser) -> None:
    owner = await house.person("library_owner")
    async with logged_in(browser, house, "student", SCREEN) as student:
        await student.state("Connected")
        await shows(student.part("Libraries"))
        made = await library(house, owner, "Hillside")
        row = student.row(made["id"])
        await shows(student.toast("New library available: Hillside"))
        await says(row, "₹50.00 / h")
        await student.mark(row)
        await call(house, owner, "PUT", f"/api/libraries/{made['id']}/pricing", {"hourly": 75})
        await says(row, "₹75.00 / h")
        await call(house, owner, "PUT", f"/api/libraries/{made['id']}", {"name": "Hilltop"})
        await says(row, "Hilltop")
        await student.is_marked(row)
        await call(house, owner, "DELETE", f"/api/libraries/{made['id']}")
        await expect(student.part("Libraries").get_by_text("Hilltop")).to_have_count(0, timeout=MILLISECONDS)


async def test_after_the_network_was_cut_both_sides_agree_with_rest_and_hear_again(
    house: House, browser: Browser
) -> None:
    async with (
        logged_in(browser, house, "library_owner", SCREEN) as owner,
        logged_in(browser, house, "student", SCREEN) as student,
    ):
        made = await library(house, owner.person, "Lakeside")
        first = await book(house, student.person, made, 0)
        await says(owner.row(first), "Booked")
        await student.page.reload()
        await student.state("Connected")
        await says(student.row(first), "Booked")
        await owner.cut_off()
        await student.cut_off()
        second = await book(house, student.person, made, 1)
        await call(house, owner.person, "POST", f"/api/bookings/{first}/checkin")
        await owner.come_back()
        await student.come_back()
        for visitor, title in ((owner, "Bookings at your desk"), (student, "Your bookings")):
            await says(visitor.row(first), "Checked in")
            await says(visitor.row(second), "Booked")
            await agrees(visitor, title)
        third = await book(house, student.person, made, 2)
        await says(owner.row(third), "Booked")
