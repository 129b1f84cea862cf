"""The library: a made-up system that shares `/`, registered the way a real one is."""

from typing import Any, Final

from reference_server.delivery.connections import Connection
from reference_server.delivery.message import Message
from reference_server.delivery.options import ChannelOptions
from reference_server.delivery.rooms import of_user
from reference_server.refusals import Refusal
from reference_server.services import Services
from reference_server.store.sql import SqlConnection
from reference_server.systems.served import Served
from reference_server.transport.rest import Answer, Call
from tests.reference_server.house import Person

CLOSED: Final = "lib_closed"


def served(services: Services) -> Served:
    """The library, on these services."""

    async def join(connection: Connection, library: str) -> dict[str, Any]:
        if library == CLOSED:
            raise Refusal("forbidden", "This library is closed to you: choose another.")
        services.connections.join(connection, room_of(library))
        return {"joined": library}

    async def leave(connection: Connection, library: str) -> None:
        services.connections.leave(connection, room_of(library))

    async def free_seat(call: Call) -> Answer:
        async def change(_: SqlConnection) -> tuple[None, list[Message]]:
            return None, [seat_free(call.parameters["libraryId"], 7)]

        await services.courier.carry("library", change)
        return Answer(204)

    options = ChannelOptions(
        greeting=lambda _: {"seats": 3}, handlers={"join:library": join, "leave:library": leave}, replays=True
    )
    return Served({"freeSeat": free_seat}, {"readers": options})


def room_of(library: str) -> str:
    return f"libraries/{library}"


def seat_free(library: str, seat: int) -> Message:
    return Message("seat:free", {"libraryId": library, "seat": seat}, room_of(library))


def returned(user: Person, title: str) -> Message:
    return Message("book:returned", {"userId": user.id, "title": title}, of_user(user.id))
