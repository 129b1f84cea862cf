"""The official JavaScript client as a portal: it joins its rooms, loses its connection, and joins them again."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.reference_server.house import House, Person
from tests.reference_server.studyspot.spots import Desk, accepted, open_library

pytestmark = pytest.mark.asyncio(loop_scope="package")
PORTAL = Path(__file__).parent / "portal.mjs"
TRANSPORTS = pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]], ids="+".join)
SECONDS = 15.0


@dataclass(frozen=True)
class Page:
    """A Node process with a portal in it."""

    process: asyncio.subprocess.Process

    async def next(self) -> dict[str, Any]:
        """What happens next."""
        assert self.process.stdout is not None
        async with asyncio.timeout(SECONDS):
            line: dict[str, Any] = json.loads(await self.process.stdout.readline())
        return line

    async def joins(self, role: str, *libraries: str) -> None:
        """It is connected, and in these rooms."""
        line = await self.next()
        rooms = [f"role:{role}", *(f"library:{library}" for library in libraries)]
        assert (line["what"], line.get("answers")) == ("joined", [{"joined": room} for room in rooms])

    async def hears(self, name: str) -> Any:
        """The argument of the next event, which is this one."""
        line = await self.next()
        assert (line["what"], line.get("name")) == ("event", name), line
        return line["payload"]

    async def loses(self) -> None:
        """Its connection is gone."""
        line = await self.next()
        assert line["what"] == "lost", line

    async def is_told(self, what: str) -> None:
        """Have it do this."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what}\n".encode())
        await self.process.stdin.drain()


@asynccontextmanager
async def page(modules: Path, house: House, person: Person, *libraries: str, **options: Any) -> AsyncIterator[Page]:
    """A portal that has joined the rooms of its role and of these libraries."""
    node = shutil.which("node")
    assert node, "Node is missing, though its packages are there"
    role = person.account.role
    settings = {
        "url": house.url,
        "token": person.token,
        "role": role,
        "libraries": libraries,
        "options": {"transports": ["websocket", "polling"], **options},
    }
    process = await asyncio.create_subprocess_exec(
        *(node, str(PORTAL), str(modules), json.dumps(settings)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    opened = Page(process)
    try:
        await opened.joins(role, *libraries)
        yield opened
    finally:
        process.stdin.close()
        await process.communicate()


async def became(house: House, desk: Desk, booking: dict[str, Any], call: str, by: Person) -> Any:
    return accepted(await house.call("POST", f"/api/bookings/{booking['id']}/{call}", by))


@TRANSPORTS
async def test_both_portals_see_a_booking_from_beginning_to_end(
    house: House, node_modules: Path, transports: list[str]
) -> None:
    desk, student = await open_library(house), await house.person("student")
    async with (
        page(node_modules, house, desk.owner, transports=transports) as owner,
        page(node_modules, house, student, desk.id, transports=transports) as mine,
    ):
        booking = await desk.booked(student)
        assert await owner.hears("booking:created") == booking
        assert (await mine.hears("seat:availability"))["available"] is False
        await became(house, desk, booking, "checkin", desk.owner)
        assert (await mine.hears("booking:checkin"))["bookingId"] == booking["id"]
        await became(house, desk, booking, "checkout", desk.member)
        assert (await mine.hears("booking:checkout"))["bookingId"] == booking["id"]
        assert (await mine.hears("seat:availability"))["available"] is True


@TRANSPORTS
async def test_who_lost_the_connection_joins_again_hears_each_event_once_and_agrees_with_rest(
    house: House, node_modules: Path, transports: list[str]
) -> None:
    desk, student = await open_library(house), await house.person("student")
    async with (
        page(node_modules, house, desk.owner, transports=transports) as owner,
        page(node_modules, house, student, desk.id, transports=transports) as mine,
    ):
        for each, role, libraries in ((owner, "library_owner", ()), (mine, "student", (desk.id,))):
            await each.is_told("drop")
            await each.loses()
            await each.joins(role, *libraries)
        first = await desk.booked(student)
        assert await owner.hears("booking:created") == first
        assert (await mine.hears("seat:availability"))["seatId"] == first["seatId"]
        await owner.is_told("wait")
        await owner.loses()
        missed = await desk.booked(student, seat=1)
        await owner.is_told("back")
        await owner.joins("library_owner")
        last = await desk.booked(student, seat=2)
        assert await owner.hears("booking:created") == last, "what it missed it reads by REST"
        assert accepted(await house.call("GET", "/api/bookings", desk.owner)) == [last, missed, first]
        for booking in (missed, last):
            assert (await mine.hears("seat:availability"))["seatId"] == booking["seatId"]
