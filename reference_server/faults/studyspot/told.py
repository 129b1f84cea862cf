# ruff: noqa: ARG002 - a question is answered with the arguments that it comes with
"""What studyspot tells otherwise: to whom, when, and what it says."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from ...delivery.conduct import Conduct
from ...delivery.connections import Connection, Connections, opened
from ...delivery.entry import Entry
from ...delivery.message import Message
from ...delivery.rooms import of_role
from ..fault import Fault
from ..shapes import Choice, told_to

_STUDENT, _OWNER, _STAFF = "student", "library_owner", "staff"


_EVENTS: Final = ("booking:", "library:", "pricing:", "seat:")


def _everyone(_: list[Connection], everyone: Connections) -> list[Connection]:
    return opened(everyone)


def _and_all(*roles: str) -> Choice:
    """Those who are to hear it, and all connections of these roles."""

    def choose(right: list[Connection], everyone: Connections) -> list[Connection]:
        rooms = {of_role(role) for role in roles}
        others = [connection for connection in opened(everyone) if rooms & connection.rooms.keys()]
        return list(dict.fromkeys([*right, *others]))

    return choose


def _without(*roles: str) -> Choice:
    """Those who are to hear it, without the connections of these roles."""

    def choose(right: list[Connection], _: Connections) -> list[Connection]:
        rooms = {of_role(role) for role in roles}
        return [connection for connection in right if not rooms & connection.rooms.keys()]

    return choose


class _Returning(Conduct):
    """Something else for a connection whose session had one before that has gone."""

    def __init__(self) -> None:
        self._left: set[str] = set()

    def forget(self, connections: Connections, connection: Connection) -> None:
        self._left.add(connection.session.token_id)
        super().forget(connections, connection)

    def has_returned(self, connection: Connection) -> bool:
        """Whether it is one of those."""
        return connection.session.token_id in self._left


class _DeafAfterReturn(_Returning):
    """Who comes back is told that they have joined a room again, and has not."""

    def obeys(self, connection: Connection, name: str, payload: Any) -> bool:
        return not (name == "join:role" and self.has_returned(connection))


class _TwiceAfterReturn(_Returning):
    """Who comes back hears every event twice."""

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        again = right if entry.name.startswith(_EVENTS) else []
        return [*right, *(connection for connection in again if self.has_returned(connection))]


class _Altered(Conduct):
    """The argument of an event, altered."""

    def __init__(self, name: str, alter: Callable[[dict[str, Any]], Mapping[str, Any]]) -> None:
        self._name, self._alter = name, alter

    def outgoing(self, message: Message) -> Iterable[Message]:
        if message.name != self._name:
            return (message,)
        return (replace(message, payload=self._alter(dict(message.payload))),)


class _FreedUntold(Conduct):
    """Nobody hears that a seat has been freed."""

    def outgoing(self, message: Message) -> Iterable[Message]:
        return () if message.name == "seat:availability" and message.payload["available"] else (message,)


class _OldPricing(Conduct):
    """A new price is told as the one that it replaces."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}

    def outgoing(self, message: Message) -> Iterable[Message]:
        if message.name == "library:created":
            self._known[message.payload["id"]] = message.payload["pricing"]
        if message.name != "pricing:updated":
            return (message,)
        library, pricing = message.payload["libraryId"], message.payload["pricing"]
        before, self._known[library] = self._known.get(library, pricing), pricing
        return (replace(message, payload={"libraryId": library, "pricing": before}),)


class _Slow(Conduct):
    """Events go out a quarter of a second late."""

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        if not entry.name.startswith(_EVENTS):
            return right
        for connection in right:
            asyncio.get_running_loop().call_later(0.25, connection.link.send, entry.emission())
        return []


class _FiveHundredHear(Conduct):
    """Only the first five hundred connections hear of a library."""

    def recipients(self, entry: Entry, right: list[Connection], everyone: Connections) -> list[Connection]:
        return right[:500] if entry.name.startswith(_EVENTS) else right


def _told(fault: str, breaks: str, summary: str, name: str, choose: Choice, *implies: str) -> Fault:
    return Fault(fault, breaks, summary, told_to(name, choose), implies)


FAULTS: Final = (
    Fault.of(
        "deaf-after-return",
        "STD-CONN-3",
        _DeafAfterReturn,
        (
            "STD-BOOK-1",
            "STD-BOOK-2",
            "STD-BOOK-3",
            "STD-BOOK-5",
            "STD-LIB-1",
            "STD-LIB-2",
            "STD-ROOM-1",
            "STD-ROOM-2",
            "STD-ROOM-3",
            "STD-LAT-1",
            "STD-SCALE-1",
        ),
    ),
    Fault.of("twice-after-return", "STD-CONN-3", _TwiceAfterReturn, ("STD-BOOK-5", "STD-SEAT-1")),
    _told(
        "booking-told-to-every-desk",
        "STD-BOOK-1",
        "A new booking is told at the desks of all libraries.",
        "booking:created",
        _and_all(_OWNER, _STAFF),
        "ALL-ROOM-1",
    ),
    _told(
        "booking-told-to-students",
        "STD-BOOK-1",
        "A new booking is told to all students.",
        "booking:created",
        _and_all(_STUDENT),
        "ALL-ROOM-1",
        "STD-ROOM-2",
        "STD-SCALE-1",
    ),
    _told(
        "staff-untold",
        "STD-BOOK-1",
        "A new booking is told to the owner of its library, and not to its staff.",
        "booking:created",
        _without(_STAFF),
    ),
    _told(
        "update-told-to-everyone",
        "STD-BOOK-2",
        "A booking that has changed is told to everyone.",
        "booking:updated",
        _everyone,
        "ALL-ROOM-1",
        "STD-CONN-3",
        "STD-SCALE-1",
    ),
    _told(
        "update-untold-to-student",
        "STD-BOOK-2",
        "A booking that has changed is told at the desk alone.",
        "booking:updated",
        _without(_STUDENT),
        "STD-SCALE-1",
    ),
    _told(
        "cancellation-told-to-everyone",
        "STD-BOOK-3",
        "A booking that was cancelled is told to everyone.",
        "booking:cancelled",
        _everyone,
        "ALL-ROOM-1",
        "STD-CONN-3",
    ),
    _told(
        "checkin-told-at-the-desk",
        "STD-BOOK-4",
        "Who was checked in is told to the staff instead of the student.",
        "booking:checkin",
        lambda _, everyone: _and_all(_STAFF)([], everyone),
        "ALL-ROOM-1",
    ),
    _told(
        "checkout-told-to-students",
        "STD-BOOK-4",
        "Who was checked out is told to all students.",
        "booking:checkout",
        _and_all(_STUDENT),
        "ALL-ROOM-1",
    ),
    _told(
        "library-untold",
        "STD-LIB-1",
        "A new library is told to no student.",
        "library:created",
        _without(_STUDENT),
        "STD-ROOM-1",
        "STD-SCALE-1",
    ),
    _told(
        "desk-hears-of-no-change",
        "STD-LIB-1",
        "A library that has changed is told to students alone.",
        "library:updated",
        _without(_OWNER, _STAFF),
        "STD-SCALE-1",
    ),
    _told(
        "removal-told-to-owners",
        "STD-LIB-1",
        "A library that is gone is told to its kind of owner instead of students.",
        "library:deleted",
        lambda _, everyone: _and_all(_OWNER)([], everyone),
        "ALL-ROOM-1",
    ),
    Fault.of("old-pricing-told", "STD-LIB-2", _OldPricing),
    Fault(
        "pricing-of-nothing",
        "STD-LIB-2",
        "A new price does not say of which library it is.",
        lambda: _Altered("pricing:updated", lambda data: {"pricing": data["pricing"]}),
    ),
    Fault.of("freed-seat-untold", "STD-SEAT-1", _FreedUntold),
    _told(
        "seats-told-to-everyone",
        "STD-SEAT-1",
        "Whether a seat is free is told to all students.",
        "seat:availability",
        _and_all(_STUDENT),
        "ALL-ROOM-1",
        "STD-ROOM-4",
        "STD-SCALE-1",
    ),
    Fault.of("a-quarter-of-a-second-late", "STD-LAT-1", _Slow),
    Fault.of("five-hundred-hear-of-libraries", "STD-SCALE-1", _FiveHundredHear),
)
