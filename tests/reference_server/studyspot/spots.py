"""Libraries and bookings by REST, and portals: connections that have joined the room of their role."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.reference_server.house import House, Person, Socket

LIBRARY: dict[str, Any] = {"name": "Central Library", "address": "12 MG Road, Pune", "seatCount": 3, "hourly": 50}
DAY = datetime(2035, 3, 14, tzinfo=UTC)


def at(hours: float) -> str:
    """So many hours into a day to come."""
    return (DAY + timedelta(hours=hours)).isoformat()


@dataclass
class Portal:
    """A connection, whose client asks for its rooms."""

    socket: Socket

    async def asks(self, name: str, argument: Any) -> Any:
        """What the acknowledgement of this event says, which comes next."""
        await self.socket.send("427" + json.dumps([name, argument]))
        frame = await self.socket.read()
        assert frame.startswith("437["), frame
        (answer,) = json.loads(frame.removeprefix("437"))
        return answer

    async def refused(self, name: str, argument: Any) -> str:
        """The code with which this event is refused, with a sentence."""
        error = (await self.asks(name, argument))["error"]
        assert error["message"].endswith("."), error
        return str(error["code"])

    async def hears(self) -> tuple[str, Any]:
        """The next event: its name, and its argument."""
        frame = await self.socket.read()
        assert frame.startswith("42["), frame
        name, argument = json.loads(frame.removeprefix("42"))
        return name, argument

    async def hears_of(self) -> str:
        """The name of the next event."""
        return (await self.hears())[0]


async def portal(house: House, person: Person, *libraries: str) -> Portal:
    """A new connection that has joined its role's room and those of these libraries."""
    opened = Portal(await house.socket(person))
    role = person.account.role
    assert await opened.asks("join:role", role) == {"joined": f"role:{role}"}
    for library in libraries:
        assert await opened.asks("join:library", library) == {"joined": f"library:{library}"}
    return opened


@dataclass(frozen=True)
class Desk:
    """A library, its owner and one of its staff."""

    house: House
    owner: Person
    member: Person
    id: str
    seats: list[str]

    async def book(self, student: Person, seat: int = 0, begin: float = 9, end: float = 12) -> tuple[int, Any]:
        """What a booking of this seat is answered with."""
        fields = {"libraryId": self.id, "seatId": self.seats[seat], "startsAt": at(begin), "endsAt": at(end)}
        return await self.house.call("POST", "/api/bookings", student, json=fields)

    async def booked(self, student: Person, seat: int = 0, begin: float = 9, end: float = 12) -> dict[str, Any]:
        """A booking that was made."""
        made: dict[str, Any] = accepted(await self.book(student, seat, begin, end), 201)
        return made

    async def taken(self, seat: int = 0) -> list[dict[str, str]]:
        """When a seat is taken."""
        seats = accepted(await self.house.call("GET", f"/api/libraries/{self.id}/seats", self.owner))
        times: list[dict[str, str]] = seats[seat]["taken"]
        return times


async def open_library(house: House, owner: Person | None = None, **fields: Any) -> Desk:
    """A new library with somebody beside its owner at the desk."""
    owner, member = owner or await house.person("library_owner"), await house.person("staff")
    made = accepted(await house.call("POST", "/api/libraries", owner, json={**LIBRARY, **fields}), 201)
    placed = await house.call("POST", f"/api/libraries/{made['id']}/staff", owner, json={"staffId": member.id})
    assert placed[0] == 201, placed
    return Desk(house, owner, member, made["id"], [seat["id"] for seat in made["seats"]])


def accepted(answer: tuple[int, Any], status: int = 200) -> Any:
    """What an accepted call gives."""
    assert answer[0] == status, answer
    assert answer[1]["success"] is True
    return answer[1]["data"]


def refused(answer: tuple[int, Any]) -> tuple[int, str]:
    """The status and the code of a refused call."""
    return answer[0], answer[1]["error"]["code"]
