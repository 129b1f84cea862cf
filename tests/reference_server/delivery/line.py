"""Shield's channel as a client sees it, frame by frame; and messages without Shield's rules."""

import copy
import json
from typing import Any

from eventproof.catalog import Direction
from reference_server.delivery.message import Message
from reference_server.delivery.rooms import ADMINS, of_user
from reference_server.refusals import contracts
from tests.reference_server.house import House, Person, Socket

PLACE = "/shield/ws"
Said = tuple[str, Any]


def frame(*event: Any) -> str:
    """The frame of an event from a client."""
    return f"42{PLACE},{json.dumps(event)}"


def read(frame: str) -> Said:
    """The event in a frame from the server; null where it has no argument."""
    assert frame.startswith(f"42{PLACE},"), frame
    name, *argument = json.loads(frame.removeprefix(f"42{PLACE},"))
    return name, argument[0] if argument else None


async def hears(socket: Socket) -> Said:
    """The next event."""
    return read(await socket.read())


async def names(socket: Socket, count: int) -> list[str]:
    """The names of the next events."""
    return [(await hears(socket))[0] for _ in range(count)]


async def join(house: House, person: Person) -> Socket:
    """A new connection, up to the answer to its CONNECT."""
    socket = await house.engine()
    await socket.send(f"40{PLACE}," + json.dumps({"token": f"Bearer {person.token}"}))
    while (answer := await socket.read()) == "2":  # A heartbeat that is quick comes first where a machine is slow.
        await socket.send("3")
    assert answer.startswith(f'40{PLACE},{{"sid"'), answer
    return socket


async def greeted(house: House, person: Person) -> Socket:
    """A new connection that has heard `connected`."""
    socket = await join(house, person)
    name, payload = await hears(socket)
    assert (name, payload["userId"]) == ("connected", person.id)
    return socket


async def says(socket: Socket, name: str, argument: Any) -> None:
    await socket.send(frame(name, argument))


async def complaint(socket: Socket) -> tuple[str, str | None]:
    """The code and the original event of the error that comes next."""
    name, payload = await hears(socket)
    assert name == "error", (name, payload)
    return payload["data"]["code"], payload["data"].get("originalEvent")


async def is_heard(socket: Socket) -> None:
    """A round trip: everything sent before has been dealt with, and nothing else was answered to it."""
    await socket.send(f'42{PLACE},7["pong"]')
    assert await socket.read() == f"43{PLACE},7[]"


def sample(name: str, **data: Any) -> dict[str, Any]:
    """A payload of this event that fits its contract, with these fields in its data."""
    event = contracts().event("shield", PLACE, Direction.SEND, name)
    assert event is not None
    payload = copy.deepcopy(event.examples[0])
    payload["data"] |= data
    assert event.is_valid(payload), event.explain(payload)
    return dict(payload)


def message(user: Person | None, name: str = "claim_under_review", **data: Any) -> Message:
    return Message(name, sample(name, **data), ADMINS if user is None else of_user(user.id), data.get("claimId"))


def paid(user: Person, number: int = 1) -> Message:
    """A `claim_paid`, which must be acknowledged."""
    return message(user, "claim_paid", claimId=f"clm_{user.id}_{number}", transactionId=f"txn_{user.id}_{number}")


def ack(of: Message) -> dict[str, Any]:
    """What acknowledges a `claim_paid`."""
    data = of.payload["data"]
    return {"claimId": data["claimId"], "transactionId": data["transactionId"], "received": True}


async def tell(house: House, *messages: Message) -> None:
    """Commit these in one transaction, and have them sent."""

    await house.tell("shield", *messages)


async def comes_next(house: House, user: Person, socket: Socket) -> None:
    """Nothing is on its way: the next event is one that is told now."""
    await tell(house, message(user, "claim_approved", claimId="clm_canary"))
    name, payload = await hears(socket)
    assert (name, payload["data"]["claimId"]) == ("claim_approved", "clm_canary"), (name, payload)
