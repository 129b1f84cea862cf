"""The calls about bookings: students make them, and both they and the desk change them. Commit, then emit."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from ...accounts.account import Account
from ...delivery.message import Message
from ...refusals import Refusal
from ...services import Services
from ...store.sql import SqlConnection
from ...transport.rest import Answer, Call, Handler
from . import bookings, events, ledger, tables, times
from .answers import Clock, done, new_id
from .bookings import Booking
from .channel import SYSTEM

Told = tuple[Booking, list[Message]]
News = Callable[[Booking, events.Desk], Iterator[Message]]


class BookingCalls:
    """The handlers, by the contract's operationIds."""

    def __init__(self, services: Services, clock: Clock) -> None:
        self._store = services.store
        self._courier = services.courier
        self._conduct = services.conduct
        self._clock = clock

    def operations(self) -> Mapping[str, Handler]:
        """Those of the contract's operations that are about bookings."""
        return {
            "listBookings": self.list_bookings,
            "createBooking": self.create_booking,
            "getBooking": self.get_booking,
            "updateBooking": self.update_booking,
            "cancelBooking": self.cancel_booking,
            "checkIn": self.check_in,
            "checkOut": self.check_out,
        }

    async def list_bookings(self, call: Call) -> Answer:
        """The caller's own, or those of their desks."""
        async with self._store.reading() as connection:
            mine = await ledger.concerning(connection, call.caller[1].id)
        return done([bookings.shown(booking) for booking in mine])

    async def get_booking(self, call: Call) -> Answer:
        """One that concerns the caller."""
        async with self._store.reading() as connection:
            return done(bookings.shown(await self._mine(connection, call, hold=False)))

    async def create_booking(self, call: Call) -> Answer:
        """A booking, and `booking:created` to the desk; of two for one seat and one time, the database refuses one."""
        asked, student = call.parameters, call.caller[1]

        async def change(connection: SqlConnection) -> Told:
            if await tables.find_library(connection, asked["libraryId"], hold=True) is None:
                raise Refusal("library_not_found")
            booking = Booking(
                id=new_id("bkg"),
                library_id=asked["libraryId"],
                seat_id=asked["seatId"],
                student_id=student.id,
                student_name=bookings.name_of(student),
                starts_at=_time(asked, "startsAt"),
                ends_at=_time(asked, "endsAt"),
            )
            await self._check(connection, booking)
            await ledger.add(connection, booking)
            await self._hold(connection, booking)
            return booking, [*events.booking_created(booking, await tables.desk(connection, booking.library_id))]

        return done(bookings.shown(await self._courier.carry(SYSTEM, change)), status=201)

    async def update_booking(self, call: Call) -> Answer:
        """Another seat or another time, and `booking:updated` to the student and to the desk."""
        asked = call.parameters

        async def change(connection: SqlConnection) -> Told:
            before = await self._mine(connection, call)
            after = replace(
                bookings.moved(before, call.operation),
                seat_id=asked.get("seatId", before.seat_id),
                starts_at=_time(asked, "startsAt") if "startsAt" in asked else before.starts_at,
                ends_at=_time(asked, "endsAt") if "endsAt" in asked else before.ends_at,
            )
            await self._check(connection, after, before)
            await ledger.write(connection, after)
            await ledger.free(connection, before)
            await self._hold(connection, after)
            return after, [*events.booking_updated(before, after, await tables.desk(connection, after.library_id))]

        return done(bookings.shown(await self._courier.carry(SYSTEM, change)))

    async def cancel_booking(self, call: Call) -> Answer:
        """The booking is no more, its seat is free, and `booking:cancelled` goes to the student and to the desk."""
        return await self._become(call, events.booking_cancelled)

    async def check_in(self, call: Call) -> Answer:
        """The student is there, and `booking:checkin` goes to them."""
        return await self._become(call, lambda booking, _: events.checked_in(booking))

    async def check_out(self, call: Call) -> Answer:
        """The student has left, their seat is free, and `booking:checkout` goes to them."""
        return await self._become(call, lambda booking, _: events.checked_out(booking))

    async def _become(self, call: Call, news: News) -> Answer:
        async def change(connection: SqlConnection) -> Told:
            booking = bookings.moved(await self._mine(connection, call), call.operation)
            await ledger.write(connection, booking)
            if booking.is_over and self._conduct.frees(booking.seat_id):
                await ledger.free(connection, booking)
            return booking, [*news(booking, await tables.desk(connection, booking.library_id))]

        return done(bookings.shown(await self._courier.carry(SYSTEM, change)))

    async def _mine(self, connection: SqlConnection, call: Call, *, hold: bool = True) -> Booking:
        """The booking, which concerns the caller; with `hold`, as nobody else changes it meanwhile. Raises Refusal."""
        operation = call.operation
        booking = await ledger.find(connection, call.parameters["bookingId"], hold=hold)
        if booking is not None:
            concerned = await _concerned(connection, booking, call.caller[1])
            if self._conduct.concerns(operation, concerned):
                return self._conduct.acted_upon(operation, booking)
        raise Refusal("booking_not_found")

    async def _check(self, connection: SqlConnection, booking: Booking, before: Booking | None = None) -> None:
        """Whether there can be such a booking, where nobody has the seat. Raises Refusal."""
        begun = None if before is None else before.starts_at
        if code := times.refusal(booking.starts_at, booking.ends_at, self._clock(), begun):
            raise Refusal(code)
        if not await tables.has_seat(connection, booking.library_id, booking.seat_id):
            raise Refusal("seat_not_found")

    async def _hold(self, connection: SqlConnection, booking: Booking) -> None:
        if self._conduct.holds(booking.seat_id) and not await ledger.hold(connection, booking):
            raise Refusal("seat_taken")


async def _concerned(connection: SqlConnection, booking: Booking, account: Account) -> bool:
    return booking.student_id == account.id or account.id in await tables.desk(connection, booking.library_id)


def _time(asked: Mapping[str, str], name: str) -> datetime:
    at = times.read(asked[name])
    if at is None:
        raise Refusal("invalid_input", f"In {name}, there is no such day or time: correct it and send it again.")
    return at
