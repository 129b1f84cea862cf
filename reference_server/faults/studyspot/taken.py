# ruff: noqa: ARG002 - a question is answered with the arguments that it comes with
"""What studyspot takes or refuses otherwise: connections, rooms, bookings, and calls about others' things."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final

from ...delivery.conduct import Conduct
from ...delivery.connections import Connection
from ...reasons import Reason
from ...refusals import Refusal
from ...systems.studyspot.bookings import Booking, Status
from ..fault import Fault
from ..shapes import found_as

_PORTAL: Final = "/"


class _NoPolling(Conduct):
    """A connection by polling is refused."""

    async def opening(self, connection: Connection) -> None:
        if connection.channel == _PORTAL and connection.link.transport == "polling":
            raise Refusal("unavailable")


class _AnyOrigin(Conduct):
    """Pages of any origin may connect, and read the answers."""

    def origin(self, origin: str, allowed: bool) -> bool:
        return True


class _ListedOriginRefused(Conduct):
    """Pages of one of the listed origins are refused."""

    def origin(self, origin: str, allowed: bool) -> bool:
        return allowed and "student" not in origin


class _NoCredentials(Conduct):
    """Pages of a listed origin may read the answers to requests without credentials alone."""

    def shared(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        return {name: value for name, value in headers.items() if name != "Access-Control-Allow-Credentials"}


class _SharedWithAll(Conduct):
    """Every page may read the answers, whatever its origin: the header has a star."""

    def shared(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        return {**headers, "Access-Control-Allow-Origin": "*"}


class _Disobeys(Conduct):
    """An event of a client is acknowledged, and nothing is done."""

    def __init__(self, event: str) -> None:
        self._event = event

    def obeys(self, connection: Connection, name: str, payload: Any) -> bool:
        return name != self._event


class _Joins(Conduct):
    """Rooms whose names begin like this are joined by whoever asks."""

    def __init__(self, begins: str) -> None:
        self._begins = begins

    def joins(self, connection: Connection, room: str, code: str | None) -> str | None:
        return None if room.startswith(self._begins) else code


class _MalformedRoomCloses(Conduct):
    """A room that is refused ends the connection."""

    def complaint(
        self, connection: Connection, code: str, sentence: str, original: str | None
    ) -> tuple[str, str, str | None]:
        if connection.channel == _PORTAL:
            asyncio.get_running_loop().call_soon(connection.link.close, Reason.SERVER_DISCONNECT)
        return code, sentence, original


class _HoldsNothing(Conduct):
    """A booking does not take its seat: everybody has it."""

    def holds(self, seat: str) -> bool:
        return False


class _RaceUndecided(Conduct):
    """Of bookings of one seat that come at once, all are taken; one that comes later is refused."""

    def __init__(self) -> None:
        self._begun: dict[str, float] = {}

    def holds(self, seat: str) -> bool:
        now = time.monotonic()
        return now - self._begun.setdefault(seat, now) > 0.5 or self._begun[seat] == now


class _SeatStaysTaken(Conduct):
    """A booking that is no more keeps its seat."""

    def frees(self, seat: str) -> bool:
        return False


class _Concerns(Conduct):
    """Whoever makes one of these calls may."""

    def __init__(self, *operations: str) -> None:
        self._operations = operations

    def concerns(self, operation: str, concerned: bool) -> bool:
        return concerned or operation in self._operations


class _ConcernsAll(Conduct):
    """Whoever makes a call about a booking or a library may."""

    def concerns(self, operation: str, concerned: bool) -> bool:
        return True


FAULTS: Final = (
    Fault.of("no-polling", "STD-CONN-1", _NoPolling, ("STD-CONN-2",)),
    Fault.of("any-origin", "STD-CONN-2", _AnyOrigin),
    Fault.of("listed-origin-refused", "STD-CONN-2", _ListedOriginRefused),
    Fault.of("no-credentials", "STD-CONN-2", _NoCredentials),
    Fault.of("shared-with-all", "STD-CONN-2", _SharedWithAll),
    Fault(
        "cancelled-is-checked-in",
        "STD-BOOK-6",
        "A booking that was cancelled can be checked in.",
        found_as("checkIn", Booking, Status.CANCELLED, Status.BOOKED),
    ),
    Fault(
        "role-not-joined",
        "STD-ROOM-1",
        "Who joins the room of their role is told that they have, and has not.",
        lambda: _Disobeys("join:role"),
        (
            "STD-BOOK-1",
            "STD-BOOK-2",
            "STD-BOOK-3",
            "STD-BOOK-5",
            "STD-CONN-3",
            "STD-LIB-1",
            "STD-LIB-2",
            "STD-ROOM-3",
            "STD-SCALE-1",
        ),
    ),
    Fault(
        "library-not-joined",
        "STD-ROOM-1",
        "Who joins the room of a library is told that they have, and has not.",
        lambda: _Disobeys("join:library"),
        ("STD-ROOM-3", "STD-SEAT-1", "STD-CONN-3"),
    ),
    Fault(
        "any-role-joined",
        "STD-ROOM-2",
        "The room of any role is joined by anybody.",
        lambda: _Joins("role:"),
        ("STD-ROOM-3",),
    ),
    Fault("unknown-library-joined", "STD-ROOM-3", "A library that is not there is joined.", lambda: _Joins("library:")),
    Fault.of("refused-room-closes", "STD-ROOM-3", _MalformedRoomCloses),
    Fault(
        "leave-ignored",
        "STD-ROOM-4",
        "Who leaves the room of a library is told that they have, and has not.",
        lambda: _Disobeys("leave:library"),
        ("ALL-ROOM-1",),
    ),
    Fault.of("cancelled-seat-stays-taken", "STD-BOOK-3", _SeatStaysTaken),
    Fault.of("seat-booked-twice", "STD-BOOK-5", _HoldsNothing),
    Fault.of("race-undecided", "STD-BOOK-5", _RaceUndecided),
    Fault(
        "bookings-of-others-cancelled",
        "STD-AUTH-1",
        "A booking is cancelled by anybody.",
        lambda: _Concerns("cancelBooking"),
    ),
    Fault(
        "libraries-of-others-changed",
        "STD-AUTH-1",
        "A library is changed by every owner.",
        lambda: _Concerns("updateLibrary", "updatePricing"),
    ),
    Fault(
        "check-in-at-any-desk",
        "STD-AUTH-1",
        "A student is checked in at the desk of any library.",
        lambda: _Concerns("checkIn"),
    ),
    Fault.of("anybody-acts-on-everything", "STD-AUTH-1", _ConcernsAll, fails_each=True),
)
