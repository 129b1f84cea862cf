"""Shield's people over REST, and what they hear on its channel."""

import itertools
import json
from dataclasses import dataclass
from typing import Any

from eventproof.catalog import AckLevel, Direction
from tests.reference_server.house import House, Person, Socket
from tests.reference_server.shield import documented

CHANNEL = "/shield/ws"
TICKET: dict[str, Any] = {
    "ticketNumber": "SF-2026-114502",
    "amount": 175,
    "city": "San Francisco",
    "state": "CA",
    "violationType": "no_parking",
}
_canaries = itertools.count(1)

Heard = tuple[str, Any]
"""An event's name and its argument."""


@dataclass
class Ears:
    """One connection to the channel; it answers pings and, unless it is told not to, acknowledges what it must."""

    house: House
    person: Person
    socket: Socket
    acknowledges: bool = True
    greeting: Any = None

    async def next(self) -> Heard:
        """The next event, heartbeats aside."""
        while True:
            frame = await self.socket.read()
            if frame == "2":
                await self.socket.send("3")
            elif frame.startswith(f"42{CHANNEL},"):
                name, *arguments = json.loads(frame.removeprefix(f"42{CHANNEL},"))
                argument = arguments[0] if arguments else None
                if self.acknowledges:
                    await self.acknowledge(name, argument)
                if name != "ping":
                    return name, argument
            else:
                raise AssertionError(f"an event was to come, and not {frame}")

    async def acknowledge(self, name: str, argument: Any) -> None:
        """Acknowledge an event, where it must be."""
        event = documented.SYSTEM.event(CHANNEL, Direction.SEND, name)
        if event and event.ack and event.ack.level is AckLevel.REQUIRED:
            await self.say(event.ack.by, event.acknowledgement(argument))

    async def say(self, name: str, argument: Any) -> None:
        """Send an event."""
        await self.socket.send(f"42{CHANNEL}," + json.dumps([name, argument]))

    async def heard(self) -> list[Heard]:
        """All that came since the last time: a notification tells that there is no more.

        Those of the person's other connections are left out.
        """
        title = f"canary {next(_canaries)}"
        note = {"title": title, "message": "No more.", "type": "general"}
        path = f"/api/admin/users/{self.person.id}/notifications"
        assert (await self.house.call("POST", path, self.house.admin, json=note))[0] == 201
        return await self.until(title)

    async def until(self, title: str) -> list[Heard]:
        """All that comes until the notification of this title, other canaries aside."""
        events: list[Heard] = []
        while True:
            name, argument = await self.next()
            if name != "notification_received" or not _is_canary(argument):
                events.append((name, argument))
            elif argument["data"]["notification"]["title"] == title:
                return events

    async def so_far(self) -> list[Heard]:
        """All that was sent before the server complained of an event of ours that it does not know."""
        await self.say("canary", {})
        events: list[Heard] = []
        while True:
            name, argument = await self.next()
            if name == "error" and argument["data"].get("originalEvent") == "canary":
                return events
            if not (name == "notification_received" and _is_canary(argument)):
                events.append((name, argument))

    async def names(self) -> list[str]:
        """The names of all that came since the last time."""
        return [name for name, _ in await self.heard()]

    async def close(self) -> None:
        """Hang up."""
        await self.socket.raw.close()


def _is_canary(payload: Any) -> bool:
    return bool(payload["data"]["notification"]["title"].startswith("canary "))


async def listen(house: House, person: Person) -> Ears:
    """Connect to the channel, and hear what was missed; from then on there is only news."""
    ears = await connect(house, person)
    await ears.heard()
    return ears


async def connect(house: House, person: Person, *, acknowledges: bool = True) -> Ears:
    """Connect to the channel; the greeting is read."""
    socket = await house.engine()
    await socket.send(f"40{CHANNEL}," + json.dumps({"token": f"Bearer {person.token}"}))
    answer = await socket.read()
    assert answer.startswith(f"40{CHANNEL},"), answer
    ears = Ears(house, person, socket, acknowledges)
    name, ears.greeting = await ears.next()
    assert name == "connected"
    return ears


@dataclass(frozen=True)
class Member:
    """What a user does in Shield, and what admins do to it. What is refused fails the test."""

    house: House
    person: Person

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the member's own."""
        return await self._call(method, f"/api/shield/{path}", self.person, body)

    async def have(self, path: str, body: Any = None, method: str = "POST") -> Any:
        """An admin's call about the member."""
        return await self._call(method, f"/api/admin/users/{self.person.id}/{path}", self.house.admin, body)

    async def refused(self, method: str, path: str, body: Any = None, by: Person | None = None) -> str:
        """The code that refuses a call; an admin's, where nobody is named."""
        options = {} if body is None else {"json": body}
        place = f"/api/shield/{path}" if by else f"/api/admin/users/{self.person.id}/{path}"
        status, answer = await self.house.call(method, place, by or self.house.admin, **options)
        assert status >= 400, answer
        documented.check(method, place, status, answer)
        return str(answer["error"]["code"])

    async def claim(self, amount: float = 175) -> str:
        """A new claim's id."""
        return str((await self.ask("POST", "claims", TICKET | {"amount": amount}))["claimId"])

    async def approved(self, amount: float = 175) -> str:
        """The id of a claim that was approved."""
        claim = await self.claim(amount)
        await self.have(f"claims/{claim}/approve", {})
        return claim

    async def paid(self, amount: float = 175) -> str:
        """The id of a claim that was paid."""
        claim = await self.approved(amount)
        await self.have(f"claims/{claim}/pay")
        return claim

    async def _call(self, method: str, path: str, by: Person, body: Any) -> Any:
        options = {} if body is None else {"json": body}
        status, answer = await self.house.call(method, path, by, **options)
        assert status < 300, answer
        documented.check(method, path, status, answer)
        return answer


async def a_member(house: House) -> Member:
    """A user whom Shield has not seen."""
    return Member(house, await house.person())
