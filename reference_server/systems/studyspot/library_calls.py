"""The calls about libraries: everybody reads them, owners keep their own. Commit, then emit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ...delivery.message import Message
from ...refusals import Refusal
from ...services import Services
from ...store.sql import SqlConnection
from ...transport.rest import Answer, Call, Handler
from . import events, ledger, libraries, tables, times
from .answers import Clock, done, new_id
from .channel import SYSTEM, of_library
from .libraries import MOST_STAFF, Library, Seat

Told = tuple[Library, list[Message]]


class LibraryCalls:
    """The handlers, by the contract's operationIds."""

    def __init__(self, services: Services, clock: Clock) -> None:
        self._store = services.store
        self._accounts = services.accounts
        self._courier = services.courier
        self._connections = services.connections
        self._conduct = services.conduct
        self._clock = clock

    def operations(self) -> Mapping[str, Handler]:
        """Those of the contract's operations that are about libraries."""
        return {
            "listLibraries": self.list_libraries,
            "createLibrary": self.create_library,
            "getLibrary": self.get_library,
            "updateLibrary": self.update_library,
            "deleteLibrary": self.delete_library,
            "updatePricing": self.update_pricing,
            "listSeats": self.list_seats,
            "listStaff": self.list_staff,
            "addStaff": self.add_staff,
            "removeStaff": self.remove_staff,
        }

    async def list_libraries(self, _: Call) -> Answer:
        """All libraries."""
        async with self._store.reading() as connection:
            return done([libraries.shown(library) for library in await tables.libraries(connection)])

    async def get_library(self, call: Call) -> Answer:
        """One library."""
        async with self._store.reading() as connection:
            return done(libraries.shown(await _library(connection, call)))

    async def list_seats(self, call: Call) -> Answer:
        """The seats of a library, and when they are taken."""
        async with self._store.reading() as connection:
            library = await _library(connection, call)
            seats = await tables.seats(connection, library.id)
            taken = await ledger.taken(connection, library.id, self._clock())
        return done([_seat(seat, [_time(*each) for each in taken.get(seat.id, ())]) for seat in seats])

    async def create_library(self, call: Call) -> Answer:
        """A library of the caller's, and `library:created` to students."""
        library = libraries.made(new_id("lib"), call.caller[1], call.parameters)
        seats = [Seat(new_id("sea"), library.id, label) for label in libraries.labels(library.seat_count)]

        async def change(connection: SqlConnection) -> Told:
            await tables.add_library(connection, library, seats)
            return library, [*events.library_created(library)]

        await self._courier.carry(SYSTEM, change)
        return done({**libraries.shown(library), "seats": [_seat(seat, []) for seat in seats]}, status=201)

    async def update_library(self, call: Call) -> Answer:
        """Another name or address, and `library:updated` to students and to the desk."""

        async def change(connection: SqlConnection) -> Told:
            library = libraries.changed(await self._own(connection, call, "updateLibrary"), call.parameters)
            await tables.write_library(connection, library)
            return library, [*events.library_updated(library, await tables.desk(connection, library.id))]

        return done(libraries.shown(await self._courier.carry(SYSTEM, change)))

    async def update_pricing(self, call: Call) -> Answer:
        """Other prices, and `pricing:updated` to students."""

        async def change(connection: SqlConnection) -> Told:
            library = libraries.priced(await self._own(connection, call, "updatePricing"), call.parameters)
            await tables.write_library(connection, library)
            return library, [*events.pricing_updated(library)]

        return done(libraries.shown(await self._courier.carry(SYSTEM, change)))

    async def delete_library(self, call: Call) -> Answer:
        """The library is gone with all that is in it, `library:deleted` goes to students, and nobody is in its room."""

        async def change(connection: SqlConnection) -> Told:
            library = await self._own(connection, call, "deleteLibrary")
            await ledger.remove_all(connection, library.id)
            await tables.remove_library(connection, library.id)
            return library, [*events.library_deleted(library.id)]

        library = await self._courier.carry(SYSTEM, change)
        room = of_library(library.id)
        for connection in self._connections.hearing(room):
            self._connections.leave(connection, room)
        return done({"id": library.id})

    async def list_staff(self, call: Call) -> Answer:
        """Who helps at the desk."""
        async with self._store.reading() as connection:
            library = await self._own(connection, call, "listStaff", hold=False)
            return done([{"id": staff_id} for staff_id in await tables.staff(connection, library.id)])

    async def add_staff(self, call: Call) -> Answer:
        """Somebody helps at the desk; whoever does already, does."""
        staff_id = call.parameters["staffId"]
        member = await self._accounts.find(staff_id)

        async def change(connection: SqlConnection) -> Told:
            library = await self._own(connection, call, "addStaff")
            if member is None or member.role != "staff":
                raise Refusal("staff_not_found")
            there = await tables.staff(connection, library.id)
            if staff_id not in there:
                if len(there) >= MOST_STAFF:
                    raise Refusal("desk_full")
                await tables.add_staff(connection, library.id, staff_id)
            return library, []

        library = await self._courier.carry(SYSTEM, change)
        return done({"libraryId": library.id, "staffId": staff_id}, status=201)

    async def remove_staff(self, call: Call) -> Answer:
        """Somebody helps there no more, and hears no more of it."""
        staff_id = call.parameters["staffId"]

        async def change(connection: SqlConnection) -> Told:
            library = await self._own(connection, call, "removeStaff")
            if not await tables.remove_staff(connection, library.id, staff_id):
                raise Refusal("staff_not_found")
            return library, []

        # By the courier, although it tells nobody: what was committed before is told before, and nothing of it after.
        library = await self._courier.carry(SYSTEM, change)
        return done({"libraryId": library.id, "staffId": staff_id})

    async def _own(self, connection: SqlConnection, call: Call, operation: str, *, hold: bool = True) -> Library:
        """The library, which is the caller's; with `hold`, as nobody else changes it meanwhile. Raises Refusal."""
        library = await _library(connection, call, hold=hold)
        if not self._conduct.concerns(operation, library.is_run_by(call.caller[1])):
            raise Refusal("not_your_library")
        return library


async def _library(connection: SqlConnection, call: Call, *, hold: bool = False) -> Library:
    library = await tables.find_library(connection, call.parameters["libraryId"], hold=hold)
    if library is None:
        raise Refusal("library_not_found")
    return library


def _seat(seat: Seat, taken: list[dict[str, str]]) -> dict[str, Any]:
    return {"id": seat.id, "label": seat.label, "taken": taken}


def _time(starts_at: datetime, ends_at: datetime) -> dict[str, str]:
    return {"startsAt": times.shown(starts_at), "endsAt": times.shown(ends_at)}
